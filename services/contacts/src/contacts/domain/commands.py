"""What a believed record of `crm.contacts` asks for."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError

from contacts.domain.contact import Change, Erase, Refused, Regroup, SetConsent, Upsert
from contacts.domain.envelope import Rejection, object_of
from contacts.domain.given import checked, explain, wrong_id
from contracts import crm
from contracts.event import Event
from runtime.documents import Unreadable
from runtime.envelopes import Envelope

E = TypeVar("E", bound=Event)
Hash = Callable[[str, str], bytes]
"""(project, address) -> the keyed hash by which the address is suppressed."""


@dataclass(frozen=True, slots=True)
class Asked:
    contact_id: str
    change: Change


def read_command(envelope: Envelope, data: Any | Unreadable, project: str, address_hash: Hash) -> Asked | Rejection:
    """`project`: of the key that signed it; the one in the data must agree."""
    if envelope.type not in _READERS:
        return _unknown_type(envelope.type)
    given = object_of(envelope, data)
    if isinstance(given, Rejection):
        return given
    named = given.get("project")
    if isinstance(named, str) and named != project:
        return Rejection("project_mismatch", "the key belongs to another project than the data names: use its own key")
    try:
        return _READERS[envelope.type](given, address_hash)
    except ValidationError as error:
        return Rejection("malformed", explain(error))


def refused(refusal: Refused) -> Rejection:
    """A change that could not be made, as the CRM hears it."""
    match refusal:
        case Refused.UNKNOWN:
            return Rejection("wrong_state", "there is no such contact: send contact.upserted first")
        case Refused.TOO_LARGE:
            return Rejection("too_large", "with this change the contact would have more than 1 MiB: give it less")
        case Refused.NOT_JSON:
            return Rejection("malformed", "an attribute cannot be stored")


def _unknown_type(name: str) -> Rejection:
    if name == crm.ContactEvent.TYPE:
        return Rejection("unsupported", "contact.event is not built yet: nothing would listen to it")
    known = ", ".join(_READERS)
    return Rejection("unsupported", f"{name[:128]} is not read on this topic. These types are: {known}")


def _upserted(data: dict[str, Any], address_hash: Hash) -> Asked | Rejection:
    event = crm.ContactUpserted.model_validate(data, strict=True)
    given = checked(event.contact)
    if isinstance(given, str):
        return Rejection("malformed", f"contact.{given}")
    address = None if given.email is None else address_hash(event.project, given.email)
    return Asked(given.id, Upsert(given, address))


def _deleted(data: dict[str, Any], _: Hash) -> Asked | Rejection:
    event = crm.ContactDeleted.model_validate(data, strict=True)
    return _asked(event.contact_id, Erase())


def _consent(data: dict[str, Any], _: Hash) -> Asked | Rejection:
    event = crm.ConsentChanged.model_validate(data, strict=True)
    return _asked(event.contact_id, SetConsent(event.message_type, event.given))


def _membership(data: dict[str, Any], _: Hash) -> Asked | Rejection:
    event = crm.GroupMembershipChanged.model_validate(data, strict=True)
    return _asked(event.contact_id, Regroup(frozenset(event.added), frozenset(event.removed)))


def _asked(contact_id: str, change: Change) -> Asked | Rejection:
    wrong = wrong_id(contact_id)
    return Rejection("malformed", f"contact_id {wrong}") if wrong else Asked(contact_id, change)


_READERS: dict[str, Callable[[dict[str, Any], Hash], Asked | Rejection]] = {
    crm.ContactUpserted.TYPE: _upserted,
    crm.ContactDeleted.TYPE: _deleted,
    crm.ConsentChanged.TYPE: _consent,
    crm.GroupMembershipChanged.TYPE: _membership,
}
