"""A contact as it is stored, and what a change makes of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, assert_never

import orjson

from contacts.domain.plain import canonical, unstorable
from contracts import changes
from contracts.crm import ContactGiven

MAX_BYTES = 1024 * 1024
"""Of a whole contact as JSON: it has to fit into one record."""


@dataclass(frozen=True, slots=True)
class StoredContact:
    """One row. A deleted contact keeps its id and its revision, which rises through erasure; all else is gone."""

    project: str
    contact_id: str
    partition: int
    revision: int = 0
    deleted: bool = True
    email: str | None = None
    address_hash: bytes | None = None
    phone: str | None = None
    zone: str | None = None
    active: bool = True
    groups: tuple[str, ...] = ()
    """In byte order, each once."""
    consent: Mapping[str, bool] = field(default_factory=dict)
    attributes: Mapping[str, Any] = field(default_factory=dict)
    suppressed: bool = False

    @property
    def size(self) -> int:
        """Bytes as JSON, about."""
        return 0 if self.deleted else len(orjson.dumps(self._document()))

    def published(self) -> changes.Contact | None:
        """As other services see it; None: deleted."""
        return None if self.deleted else changes.Contact(**self._document())

    def _document(self) -> dict[str, Any]:
        return {
            "id": self.contact_id,
            "email": self.email,
            "phone": self.phone,
            "zone": self.zone,
            "active": self.active,
            "groups": self.groups,
            "consent": self.consent,
            "attributes": self.attributes,
        }


@dataclass(frozen=True, slots=True)
class Suppressed:
    """What of a project is suppressed, as far as the contacts at hand are concerned."""

    contacts: frozenset[tuple[str, str]] = frozenset()
    """(project, contact id)"""
    addresses: frozenset[tuple[str, bytes]] = frozenset()
    """(project, keyed hash of the address)"""

    def covers(self, contact: StoredContact) -> bool:
        by_address = contact.address_hash is not None and (contact.project, contact.address_hash) in self.addresses
        return by_address or (contact.project, contact.contact_id) in self.contacts


@dataclass(frozen=True, slots=True)
class Upsert:
    """A field left out stays, null removes; consent and attributes are merged entry by entry, groups replaced."""

    given: ContactGiven
    address_hash: bytes | None = None
    """Of `given.email`."""


@dataclass(frozen=True, slots=True)
class Erase:
    pass


@dataclass(frozen=True, slots=True)
class SetConsent:
    message_type: str
    given: bool


@dataclass(frozen=True, slots=True)
class Regroup:
    added: frozenset[str]
    removed: frozenset[str]
    """Wins over `added`."""


@dataclass(frozen=True, slots=True)
class SetAttributes:
    values: Mapping[str, Any]
    """None removes."""


@dataclass(frozen=True, slots=True)
class Resuppress:
    """The suppression list was changed: look whether this contact is on it."""


Change = Upsert | Erase | SetConsent | Regroup | SetAttributes | Resuppress


class Refused(StrEnum):
    """Why a change was not made."""

    UNKNOWN = "unknown"
    """There is no such contact."""
    TOO_LARGE = "too_large"
    """The contact would be larger than MAX_BYTES."""
    NOT_JSON = "not_json"
    """A value that JSON or PostgreSQL cannot hold."""


def apply(contact: StoredContact, change: Change, suppressed: Suppressed) -> StoredContact | Refused:
    """What the change makes of the contact: with the next revision if anything is different, else the same object."""
    after = _changed(contact, change, suppressed)
    if isinstance(after, Refused):
        return after
    if isinstance(change, Upsert | SetAttributes):
        if unstorable(after.attributes) is not None:
            return Refused.NOT_JSON
        if after.size > MAX_BYTES:
            return Refused.TOO_LARGE
    if after == contact and canonical(after.attributes) == canonical(contact.attributes):  # for Python, True == 1
        return contact
    return replace(after, revision=contact.revision + 1)


def _changed(contact: StoredContact, change: Change, suppressed: Suppressed) -> StoredContact | Refused:
    match change:
        case Upsert():
            merged = _merged(contact, change)
            covered = suppressed.covers(merged)
            return merged if covered == merged.suppressed else replace(merged, suppressed=covered)
        case Erase():
            return contact if contact.deleted else _erased(contact, suppressed)
        case _ if contact.deleted:
            return Refused.UNKNOWN
        case SetConsent(message_type, given):
            return replace(contact, consent={**contact.consent, message_type: given})
        case Regroup(added, removed):
            return replace(contact, groups=_sorted((set(contact.groups) | added) - removed))
        case SetAttributes(values):
            return replace(contact, attributes=_overlaid(contact.attributes, values))
        case Resuppress():
            return replace(contact, suppressed=suppressed.covers(contact))
        case _:
            assert_never(change)


def _merged(contact: StoredContact, change: Upsert) -> StoredContact:
    given, named = change.given, change.given.model_fields_set
    said: dict[str, Any] = {"deleted": False}
    said |= {name: getattr(given, name) for name in ("phone", "zone") if name in named}
    if "email" in named:
        said |= {"email": given.email, "address_hash": change.address_hash}
    if "active" in named:
        said["active"] = given.active is not False
    if "groups" in named:
        said["groups"] = _sorted(given.groups or ())
    if "consent" in named:
        said["consent"] = {} if given.consent is None else _overlaid(contact.consent, given.consent)
    if "attributes" in named:
        said["attributes"] = {} if given.attributes is None else _overlaid(contact.attributes, given.attributes)
    return replace(contact, **said)


def _erased(contact: StoredContact, suppressed: Suppressed) -> StoredContact:
    gone = StoredContact(contact.project, contact.contact_id, contact.partition, contact.revision)
    return replace(gone, suppressed=suppressed.covers(gone))


def _overlaid(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**below, **above}.items() if value is not None}


def _sorted(groups: Any) -> tuple[str, ...]:
    return tuple(sorted(set(groups)))
