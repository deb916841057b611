"""What is known of contacts, in columns: sliced, superseded by newer data, stored per instance and read back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any, Final, NotRequired, TypedDict, TypeVar

from contracts.changes import Contact
from contracts.targets import Snapshot

V = TypeVar("V")

ALWAYS_GIVEN: Final = "administrative"
"""Message type that needs no consent."""


@dataclass(frozen=True, slots=True)
class Newer:
    """A contact as it is now, known from `contacts.changes`. None: deleted."""

    revision: int
    contact: Contact | None
    suppressed: bool
    size: int = 0
    """Bytes of the contact as JSON."""


class Stored(TypedDict):
    """One contact's entry of a Snapshot, as it is kept with its instance."""

    email: str | None
    zone: str | None
    attributes: dict[str, Any]
    consents: dict[str, bool]
    suppressed: bool
    permitted: bool
    groups: list[str] | None
    phone: NotRequired[str | None]
    """There only where something reads it; so are consent's entries."""
    active: NotRequired[bool]
    """There only where somebody is not."""
    consent_entries: NotRequired[dict[str, bool | None]]


def pick(column: list[V], members: Sequence[int]) -> list[V]:
    """The entries of `members`; the column itself if that is all of them."""
    return column if len(members) == len(column) else [column[member] for member in members]


def slice_of(snapshot: Snapshot, members: Sequence[int]) -> Snapshot:
    if len(members) == len(snapshot.contact_ids):
        return snapshot
    return Snapshot(
        contact_ids=pick(snapshot.contact_ids, members),
        revisions=pick(snapshot.revisions, members),
        emails=pick(snapshot.emails, members),
        zones=pick(snapshot.zones, members),
        attributes={name: pick(column, members) for name, column in snapshot.attributes.items()},
        consents={name: pick(column, members) for name, column in snapshot.consents.items()},
        suppressed=pick(snapshot.suppressed, members),
        permitted=pick(snapshot.permitted, members),
        groups=None if snapshot.groups is None else pick(snapshot.groups, members),
        phones=None if snapshot.phones is None else pick(snapshot.phones, members),
        active=None if snapshot.active is None else pick(snapshot.active, members),
        consent_entries=None
        if snapshot.consent_entries is None
        else {name: pick(column, members) for name, column in snapshot.consent_entries.items()},
    )


def superseded(snapshot: Snapshot, newer: Mapping[int, Newer]) -> Snapshot:
    """With newer data of some members in place. `permitted` belongs to the launch and stays."""
    current = {member: known for member, known in newer.items() if known.contact is not None}
    if not current:
        return snapshot

    def changed(column: list[V], values: Mapping[int, V]) -> list[V]:
        return [values.get(member, value) for member, value in enumerate(column)]

    contacts = {member: known.contact for member, known in current.items() if known.contact is not None}
    active = changed(
        snapshot.active or [True] * len(snapshot.contact_ids),
        {member: contact.active for member, contact in contacts.items()},
    )
    return Snapshot(
        contact_ids=snapshot.contact_ids,
        revisions=changed(snapshot.revisions, {member: known.revision for member, known in current.items()}),
        emails=changed(snapshot.emails, {member: contact.email for member, contact in contacts.items()}),
        zones=changed(snapshot.zones, {member: contact.zone for member, contact in contacts.items()}),
        attributes={
            name: changed(column, {member: contact.attributes.get(name) for member, contact in contacts.items()})
            for name, column in snapshot.attributes.items()
        },
        consents={
            name: changed(
                column,
                {m: name == ALWAYS_GIVEN or contact.consent.get(name, False) for m, contact in contacts.items()},
            )
            for name, column in snapshot.consents.items()
        },
        suppressed=changed(snapshot.suppressed, {member: known.suppressed for member, known in current.items()}),
        permitted=snapshot.permitted,
        groups=None
        if snapshot.groups is None
        else changed(snapshot.groups, {member: contact.groups for member, contact in contacts.items()}),
        phones=None
        if snapshot.phones is None
        else changed(snapshot.phones, {member: contact.phone for member, contact in contacts.items()}),
        active=None if all(active) else active,
        consent_entries=None
        if snapshot.consent_entries is None
        else {
            name: changed(column, {member: contact.consent.get(name) for member, contact in contacts.items()})
            for name, column in snapshot.consent_entries.items()
        },
    )


def laid_over(snapshot: Snapshot, overlays: Mapping[int, Mapping[str, Any]]) -> Snapshot:
    """With these attributes of some members in place, as far as the snapshot carries them."""

    def changed(name: str, column: list[Any]) -> list[Any]:
        return [overlays[m].get(name, value) if m in overlays else value for m, value in enumerate(column)]

    attributes = {name: changed(name, column) for name, column in snapshot.attributes.items()}
    return snapshot.model_copy(update={"attributes": attributes})


def entries(snapshot: Snapshot, members: Sequence[int]) -> list[Stored]:
    """One per member, to keep with its instance."""
    part = slice_of(snapshot, members)
    columns = zip(
        part.emails,
        part.zones,
        _by_contact(part.attributes, len(members)),
        _by_contact(part.consents, len(members)),
        part.suppressed,
        part.permitted,
        part.groups if part.groups is not None else repeat(None, len(members)),
        strict=True,
    )
    kept: list[Stored] = [
        {
            "email": email,
            "zone": zone,
            "attributes": attributes,
            "consents": consents,
            "suppressed": suppressed,
            "permitted": permitted,
            "groups": groups,
        }
        for email, zone, attributes, consents, suppressed, permitted, groups in columns
    ]
    if part.phones is not None:
        for entry, phone in zip(kept, part.phones, strict=True):
            entry["phone"] = phone
    if part.active is not None:
        for entry, active in zip(kept, part.active, strict=True):
            entry["active"] = active
    if part.consent_entries is not None:
        for entry, given in zip(kept, _by_contact(part.consent_entries, len(members)), strict=True):
            entry["consent_entries"] = given
    return kept


def _by_contact(columns: Mapping[str, list[V]], count: int) -> list[dict[str, V]]:
    if not columns:
        return [{}] * count
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def from_entries(contact_ids: list[str], revisions: list[int], rows: Sequence[Stored]) -> Snapshot:
    """The columns again; all rows are of one launch."""
    attributes = dict.fromkeys(name for row in rows for name in row["attributes"])
    consents = dict.fromkeys(name for row in rows for name in row["consents"])
    entered = dict.fromkeys(name for row in rows for name in row.get("consent_entries", ()))
    grouped = any(row["groups"] is not None for row in rows)
    return Snapshot(
        contact_ids=contact_ids,
        revisions=revisions,
        emails=[row["email"] for row in rows],
        zones=[row["zone"] for row in rows],
        attributes={name: [row["attributes"].get(name) for row in rows] for name in attributes},
        consents={name: [row["consents"].get(name, False) for row in rows] for name in consents},
        suppressed=[row["suppressed"] for row in rows],
        permitted=[row["permitted"] for row in rows],
        groups=[row["groups"] or [] for row in rows] if grouped else None,
        phones=[row.get("phone") for row in rows] if any("phone" in row for row in rows) else None,
        active=[row.get("active", True) for row in rows] if any("active" in row for row in rows) else None,
        consent_entries={name: [row.get("consent_entries", {}).get(name) for row in rows] for name in entered}
        if any("consent_entries" in row for row in rows)
        else None,
    )
