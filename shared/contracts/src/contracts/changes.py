"""`contacts.changes`: contacts as they now are. Key: contact id of the first change; all of one partition."""

from typing import Any, ClassVar, Final

from pydantic import Field

from contracts.event import Event, Value

HOLDING: Final = frozenset({"attributes", "consent"})
"""Fields of a Contact with named things inside. The others are one value each, or a list."""


class Contact(Value):
    """The whole contact, as in the import file. A consent without an entry is not given (`administrative` excepted)."""

    id: str
    email: str | None = None
    phone: str | None = None
    zone: str | None = None
    active: bool = True
    groups: list[str] = Field(default_factory=list)
    consent: dict[str, bool] = Field(default_factory=dict)
    attributes: dict[str, Any] = Field(default_factory=dict)


class ContactChange(Value):
    contact_id: str
    revision: int
    """Rises with every change of this contact, erasure included."""
    contact: Contact | None
    """None: deleted."""
    suppressed: bool
    cause: str
    """Id of what caused it: a command's, an import's, or an AttributesSet's update id."""
    hops: int = 0


class ContactsChanged(Event):
    """By contacts, at most 500 changes of contacts of one partition."""

    TYPE: ClassVar[str] = "com.slipway.contacts-changed.v1"
    project: str
    changes: list[ContactChange]
