"""One page of an audience, and the chunks that it becomes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import compress, pairwise
from typing import Any, TypeVar

import orjson

from contacts.domain.judgement import Standing
from contacts.domain.plan import ALWAYS_CONSENTED
from contracts.targets import Snapshot
from contracts.words import Left

MAX_CONTACTS = 3000
MAX_BYTES = 384 * 1024
FIRST_PER_PARTITION, MOST_PER_PARTITION = 460, 2760
"""Contacts of a page, on average: chunks are nearly full then, and few need a second one."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Part:
    """Contacts of one partition and page, column by column, in order of their ids."""

    partition: int
    contact_ids: list[str]
    revisions: list[int]
    active: list[bool]
    suppressed: list[bool]
    emails: list[str | None]
    zones: list[str | None]
    groups: list[list[str]] | None = None
    phones: list[str | None] | None = None
    attributes: Mapping[str, list[Any]] = field(default_factory=dict)
    consents: Mapping[str, list[bool]] = field(default_factory=dict)
    consent_entries: Mapping[str, list[bool | None]] | None = None
    """As they stand there, None where there is none; only where something reads them."""
    documents: list[dict[str, Any]] | None = None
    """Each contact whole, as conditions see it; only where the creator's reach is restricted."""
    bytes: int = 0
    """Of all these contacts as JSON, whole."""

    def standing(self, permitted: list[bool]) -> Standing:
        return Standing(
            active=self.active,
            permitted=permitted,
            suppressed=self.suppressed,
            addressed=[email is not None for email in self.emails],
            consents=dict(self.consents),
        )


@dataclass(frozen=True, slots=True)
class Page:
    parts: Sequence[Part]
    gone: Mapping[int, list[str]]
    """By partition: contacts that were selected and do not exist."""
    last: str
    """The greatest contact id on it; empty for an empty page."""
    is_last: bool


@dataclass(frozen=True, slots=True)
class Admitted:
    partition: int
    snapshot: Snapshot

    @property
    def contact_ids(self) -> list[str]:
        return self.snapshot.contact_ids


@dataclass(frozen=True, slots=True)
class Excluded:
    partition: int
    contact_ids: list[str]
    reasons: list[str]


Chunk = Admitted | Excluded


def page_size(targeted: int, partitions: int) -> int:
    """Of the next page, after so many. A launch begins with a short one, so that its first message need not wait, and
    goes on with full ones, for what a chunk costs beside its contacts is much."""
    return (MOST_PER_PARTITION if targeted else FIRST_PER_PARTITION) * partitions


def chunks(part: Part, permitted: list[bool], reasons: Sequence[str | None]) -> Iterator[Chunk]:
    """The part's contacts, those that start first. `reasons`: why one does not start."""
    starting = [index for index, reason in enumerate(reasons) if reason is None]
    yield from (Admitted(part.partition, snapshot) for snapshot in _snapshots(part, permitted, starting))
    kept = [(contact, reason) for contact, reason in zip(part.contact_ids, reasons, strict=True) if reason is not None]
    yield from excluded(part.partition, [contact for contact, _ in kept], [reason for _, reason in kept])


def only(part: Part, kept: Sequence[bool]) -> Part:
    """The part's contacts that are kept."""

    def taken(column: Sequence[T]) -> list[T]:
        return list(compress(column, kept))

    return replace(
        part,
        contact_ids=taken(part.contact_ids),
        revisions=taken(part.revisions),
        active=taken(part.active),
        suppressed=taken(part.suppressed),
        emails=taken(part.emails),
        zones=taken(part.zones),
        groups=None if part.groups is None else taken(part.groups),
        phones=None if part.phones is None else taken(part.phones),
        attributes={name: taken(values) for name, values in part.attributes.items()},
        consents={name: taken(given) for name, given in part.consents.items()},
        consent_entries=None
        if part.consent_entries is None
        else {name: taken(given) for name, given in part.consent_entries.items()},
        documents=None if part.documents is None else taken(part.documents),
    )


def excluded(partition: int, contact_ids: list[str], reasons: list[str]) -> Iterator[Excluded]:
    for start in range(0, len(contact_ids), MAX_CONTACTS):
        end = start + MAX_CONTACTS
        yield Excluded(partition, contact_ids[start:end], reasons[start:end])


def gone(page: Page) -> Iterator[Excluded]:
    for partition, contact_ids in sorted(page.gone.items()):
        yield from excluded(partition, contact_ids, [Left.DELETED] * len(contact_ids))


def stopped(page: Page) -> Iterator[Excluded]:
    """The launch was stopped: nobody is judged any more."""
    for partition in sorted({part.partition for part in page.parts} | set(page.gone)):
        ids = [contact for part in page.parts if part.partition == partition for contact in part.contact_ids]
        ids += page.gone.get(partition, [])
        yield from excluded(partition, ids, [Left.STOPPED] * len(ids))


def _snapshots(part: Part, permitted: list[bool], indexes: list[int]) -> Iterator[Snapshot]:
    """As few as the limits allow, of about the same length."""
    if not indexes:
        return
    pieces = -(-len(indexes) // MAX_CONTACTS)
    bounds = [len(indexes) * piece // pieces for piece in range(pieces + 1)]
    fits = part.bytes + len(part.contact_ids) * _overhead(part) <= MAX_BYTES
    for start, end in pairwise(bounds):
        snapshot = _snapshot(part, permitted, indexes[start:end])
        if fits or end - start == 1 or len(orjson.dumps(snapshot.model_dump())) <= MAX_BYTES:
            yield snapshot
        else:
            middle = (start + end) // 2
            yield from _snapshots(part, permitted, indexes[start:middle])
            yield from _snapshots(part, permitted, indexes[middle:end])


def _overhead(part: Part) -> int:
    """Most bytes that a snapshot has per contact beyond what the contact itself has as JSON."""
    return 72 + 8 * (len(part.attributes) + len(part.consents) + len(part.consent_entries or ()))


def _snapshot(part: Part, permitted: list[bool], indexes: list[int]) -> Snapshot:
    whole = len(indexes) == len(part.contact_ids)

    def taken(column: list[T]) -> list[T]:
        return column if whole else [column[index] for index in indexes]

    active = taken(part.active)
    return Snapshot(
        contact_ids=taken(part.contact_ids),
        revisions=taken(part.revisions),
        emails=taken(part.emails),
        zones=taken(part.zones),
        attributes={name: taken(values) for name, values in part.attributes.items()},
        consents={
            name: [True] * len(indexes) if name == ALWAYS_CONSENTED else taken(given)
            for name, given in part.consents.items()
        },
        suppressed=taken(part.suppressed),
        permitted=taken(permitted),
        groups=None if part.groups is None else taken(part.groups),
        phones=None if part.phones is None else taken(part.phones),
        active=None if all(active) else active,
        consent_entries=None
        if part.consent_entries is None
        else {name: taken(given) for name, given in part.consent_entries.items()},
    )
