"""What handlers and jobs need from outside.

Stores work in the transaction whose connection they were made with; nothing of theirs is seen before it commits.
All of them filter by project wherever they are given one. Handlers are tried with the stores of `contacts.adapters`
on a real PostgreSQL; what is no database (`TargetsAhead`) has a fake.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from contacts.domain.audience import Chunk, Page
from contacts.domain.checks import Kind, KnownGroups, Member, Unknown
from contacts.domain.contact import StoredContact, Suppressed
from contacts.domain.plan import Reads
from contacts.domain.segments import SegmentFacts
from contracts.launches import LaunchDrafted, LaunchRequested
from contracts.projects import KeySet, ProjectSet, UserSet
from contracts.words import ControlState, LaunchMode
from runtime.transaction import Connection

Key = tuple[str, str]
"""(project, contact id)"""


class ContactStore(Protocol):
    async def guard(self, projects: Collection[str], *, exclusive: bool = False) -> None:
        """Until the end of the transaction: what is suppressed does not change (`exclusive`: I change it).

        Taken before contacts are locked."""
        ...

    async def lock(self, keys: Collection[Key], *, creating: Mapping[Key, int]) -> dict[Key, StoredContact]:
        """The rows, locked in byte order of their keys. `creating`: partitions of those to be made where missing;
        the others are missing in the answer."""
        ...

    async def suppressed(self, keys: Collection[Key], hashes: Collection[tuple[str, bytes]]) -> Suppressed:
        """Which of these contacts and address hashes are suppressed."""
        ...

    async def save(
        self,
        changed: Sequence[tuple[StoredContact, StoredContact]],
        sizes: Mapping[Key, int],
        groups: Collection[tuple[str, str]],
    ) -> None:
        """(before, after) of locked contacts, each once: rows and memberships; `groups` (project, group) are made where
        missing. The suppression list forgets the addresses of those that were erased, but for their hashes."""
        ...

    async def discard(self, keys: Collection[Key]) -> None:
        """Remove those of these locked rows that never became a contact."""
        ...


class SuppressionStore(Protocol):
    """Used under the exclusive guard of the ContactStore."""

    async def add(
        self, project: str, contacts: Collection[str], addresses: Mapping[bytes, str | None], reason: str, now: datetime
    ) -> None:
        """Addresses by their hash; None where they are not to be kept as they are. What is on the list already stays
        as it is."""
        ...

    async def had(self, project: str, hashes: Collection[bytes]) -> set[bytes]:
        """Of these addresses, those that a contact has now."""
        ...

    async def lift(self, project: str, contacts: Collection[str], hashes: Collection[bytes]) -> int:
        """How many entries there were."""
        ...

    async def affected(self, project: str, contacts: Collection[str], hashes: Collection[bytes]) -> list[str]:
        """Ids of these contacts and of those that have one of these addresses."""
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """What an id was used for."""

    data_hash: bytes
    refusal: Mapping[str, Any] | None
    """The `command.rejected` that was written; None: it was carried out."""


class AnswerStore(Protocol):
    async def claim(
        self, ids: Mapping[tuple[str, str, str], bytes], now: datetime
    ) -> dict[tuple[str, str, str], Answer]:
        """Take these ids (project, source, command id) for data of that hash. In the answer are those that were
        taken before; the others are ours. Waits for another transaction that is just taking one."""
        ...

    async def refuse(self, refusals: Mapping[tuple[str, str, str], Mapping[str, Any]]) -> None:
        """Note what was answered to ids of ours."""
        ...

    async def first_applied(self, project: str, update_ids: Sequence[str], now: datetime) -> set[str]:
        """Note that these updates are applied now; in the answer are those that were not before."""
        ...

    async def forget(self, before: datetime, limit: int) -> int:
        """Remove at most about `limit` answers and updates older than that; how many were removed."""
        ...


@dataclass(frozen=True, slots=True)
class SigningKey:
    project: str
    grants: frozenset[str]
    revoked: bool
    sealed_secret: str


class Directory(Protocol):
    """Replica of `launcher.projects`."""

    async def set_projects(self, events: Sequence[ProjectSet]) -> None:
        """The highest revision wins, here and below."""
        ...

    async def set_keys(self, events: Sequence[KeySet]) -> None: ...

    async def set_users(self, events: Sequence[UserSet]) -> None: ...

    async def keys(self, key_ids: Collection[str]) -> dict[str, SigningKey]:
        """Those that are known, revoked ones too."""
        ...

    async def member(self, project: str, name: str) -> Member | None:
        """A user of the project, or one of its keys; None: not known (yet)."""
        ...


@dataclass(frozen=True, slots=True)
class Draft:
    """A launch that waits to be checked, all its participants listed."""

    launch_id: str
    project: str
    kind: Kind
    groups: tuple[str, ...]
    creator: str
    drafted_at: datetime
    check: int
    """The round of LaunchDrafted that it is of."""
    mode: LaunchMode
    where: str | None
    """Of kind segment, here and below: CEL over `contact`."""
    trace: str | None
    """The trace to go on with, here and below."""


@dataclass(frozen=True, slots=True)
class Turn:
    launch_id: str
    trace: str | None


@dataclass(frozen=True, slots=True)
class Walk:
    """A launch whose audience is being paged."""

    launch_id: str
    project: str
    kind: Kind
    groups: tuple[str, ...]
    where: str | None
    launched_by: str
    version: str
    """ScenarioVersion as JSON."""
    options: Mapping[str, Any]
    context: Mapping[str, Any]
    retry_of: str | None
    requested_at: datetime
    cursor: str
    page: int
    opened: tuple[int, ...]
    """Partitions that have LaunchOpened."""
    targeted: int
    overridden: tuple[int, ...]
    """Admitted so far without consent: contacts, then contacts per message type; empty: not counted."""
    gate: ControlState


class LaunchStore(Protocol):
    async def draft(self, event: LaunchDrafted, home: int, now: datetime, trace: str | None) -> None:
        """Once per round: a repetition changes nothing, a later round is to be checked again."""
        ...

    async def request(self, event: LaunchRequested, home: int, trace: str | None) -> None:
        """Likewise; what LaunchDrafted said of it is replaced."""
        ...

    async def list_participants(
        self, project: str, launch_id: str, index: int, contact_ids: Sequence[str], partitions: Sequence[int]
    ) -> None:
        """One list of selected contacts, each in its partition; once per index (-1: those in the launch itself)."""
        ...

    async def control(self, project: str, launch_id: str, revision: int, state: ControlState) -> None:
        """The gate; the highest revision wins."""
        ...

    async def line_up(self, launch_ids: Collection[str]) -> None:
        """Give a turn to those that are requested and completely listed, and have none yet."""
        ...

    async def known_groups(self, project: str, groups: Collection[str]) -> KnownGroups: ...

    async def next_turn(self, home: int, resting: Collection[str] = ()) -> Turn | None:
        """Whose turn it is, but for those that rest; None: nothing to walk."""
        ...

    async def walk(self, launch_id: str) -> Walk: ...

    async def advance(
        self,
        walk: Walk,
        last: str,
        chunks: Sequence[tuple[str, Chunk]],
        opened: Sequence[int],
        overridden: Sequence[int] = (),
    ) -> None:
        """Move the cursor to `last`, note the page's chunks (event id first), and go to the end of the queue.

        `overridden`: as in Walk, with this page."""
        ...

    async def postpone(self, launch_id: str) -> None:
        """To the end of the queue."""
        ...

    async def finish(self, walk: Walk, now: datetime) -> None:
        """No more turns; forget the selected contacts."""
        ...


class DraftStore(Protocol):
    """Launches as they were drafted: which are to be checked, and whom they would target."""

    async def unchecked(self, home: int) -> list[Draft]:
        """Drafts of this home whose participants are all listed, oldest first."""
        ...

    async def count(self, draft: Draft, limit: int) -> int | None:
        """How many existing contacts it targets, each once; None: more than `limit`."""
        ...

    async def count_selected(self, draft: Draft) -> int:
        """How many contacts were selected one by one, each once, existing or not."""
        ...

    async def unknown(self, draft: Draft) -> Unknown:
        """Of those selected one by one: whom there never was."""
        ...

    async def checked(self, launch_id: str) -> None: ...

    async def forget(self, before: datetime, undecided_before: datetime, limit: int) -> int:
        """Remove launches drafted before that and never requested, with what they selected, unless they may be decided
        later than `undecided_before`; how many there were."""
        ...


Examine = Callable[[Connection, str, str], Awaitable[SegmentFacts]]
"""(connection, project, condition): what is known of a segment before anybody is selected by it."""


class AudienceStore(Protocol):
    async def page(self, walk: Walk, reads: Reads, *, limit: int, whole: bool) -> Page:
        """The next at most `limit` contacts of the audience, fewer if they are large. `whole`: with documents.

        Of a segment it may be nobody, and yet not the last page. Raises ConditionError."""
        ...


class TargetsAhead(Protocol):
    async def contacts(self) -> int:
        """How many targeted contacts executor has before it, about. Raises Transient."""
        ...
