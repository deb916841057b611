"""What the handlers need of the world. Every method works inside the given transaction and repeats harmlessly."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from contracts.changes import ContactChange
from contracts.launches import ContactOrdered
from contracts.outcomes import OrderResult
from contracts.targets import LaunchOpened
from contracts.words import ControlState
from executor.domain.cohort import Cohort, Roll, Status
from executor.domain.contact_data import Newer
from executor.domain.incidents import Decision
from executor.domain.launch import Control, Launch, Order, OrderKind, Share
from executor.domain.orders import ContactOrder
from runtime.transaction import Lease, Transaction


@dataclass(frozen=True, slots=True)
class AtHand:
    """A launch as this transaction sees it: its gate cannot change before the transaction ends."""

    launch: Launch
    gate: ControlState
    share: Share
    removals: bool = False
    """There are contacts of this partition who are to be removed and have not become targets so far."""


@dataclass(frozen=True, slots=True)
class Uncounted:
    """Counts of a launch that nobody was told yet."""

    launch_id: str
    project: str
    share: Share
    trace: str | None


@dataclass(frozen=True, slots=True)
class Standing:
    """Instances of one launch as they are stored."""

    roll: Roll
    cohorts: list[Cohort]


@dataclass(frozen=True, slots=True)
class Known:
    """What is known about the targets of a chunk, by their places in it."""

    decided: frozenset[int]
    """Have an instance or were refused already: the chunk is a repetition."""
    newer: Mapping[int, Newer]


@dataclass(frozen=True, slots=True)
class Decided:
    """What a person decided about an open incident."""

    launch_id: str
    contact_id: str
    decision: Decision


class Launches(Protocol):
    async def open(self, tx: Transaction, opened: Sequence[tuple[LaunchOpened, str | None]]) -> None:
        """Store the immutable parts, each with its `traceparent`. Never touches a gate."""

    async def at_hand(self, tx: Transaction, launch_ids: Collection[str]) -> dict[str, AtHand]:
        """Those that are known, each behind its gate: waits while a stop is being written, and holds a later one off
        until the commit. Once per transaction, before anything starts a step."""

    async def count(self, tx: Transaction, shares: Mapping[str, tuple[Launch, Share]]) -> None:
        """Replace what this partition has counted."""

    async def uncounted(self, lease: Lease) -> bool:
        """Whether counts of this partition changed since they were last published, a while ago (`TOLD_EVERY`)."""

    async def take_uncounted(self, tx: Transaction, limit: int) -> list[Uncounted]:
        """They are marked as published."""


class Gates(Protocol):
    async def shut(self, tx: Transaction, launch_ids: Collection[str]) -> dict[str, tuple[ControlState, int]]:
        """Wait until nobody starts steps of these launches and keep it so until the commit; then state and revision
        of the gates there are."""

    async def turn(self, tx: Transaction, control: Control, kind: OrderKind | None) -> None:
        """Store the newer state, and the order of that kind for every partition in the place of older ones."""

    async def renew(self, tx: Transaction, control: Control) -> None:
        """Store a newer revision of the same state: orders that are not carried out yet stay."""

    async def ordered(self, lease: Lease) -> Order | None:
        """The oldest order of this partition."""

    async def carried_out(self, tx: Transaction, order: Order) -> None:
        """A newer order that came meanwhile is left alone."""


class Instances(Protocol):
    async def known(self, tx: Transaction, launch: Launch, ids: list[str], revisions: list[int]) -> Known: ...

    async def insert(self, tx: Transaction, launch: Launch, roll: Roll, cohort: Cohort) -> None:
        """New instances. Raises on one that is there already: the chunk was not looked up."""

    async def decided(self, tx: Transaction, launch: Launch, contact_id: str) -> bool:
        """Whether the contact has an instance or was refused."""

    async def refuse(self, tx: Transaction, launch: Launch, ids: list[str], reasons: list[str]) -> None:
        """Remember targets that never start."""

    async def standing(
        self, tx: Transaction, launch: Launch, ids: Collection[str], statuses: Collection[Status]
    ) -> Standing:
        """Instances of these contacts in one of the statuses."""

    async def open(self, tx: Transaction, launch: Launch, limit: int) -> Standing:
        """Whole cohorts of open instances of this partition, until there are `limit` instances."""

    async def any_due(self, lease: Lease) -> bool: ...

    async def due(self, tx: Transaction, limit: int) -> dict[str, Standing]:
        """Whole cohorts of this partition whose time has come, the longest due first, until there are `limit`
        instances; by launch."""

    async def move(self, tx: Transaction, launch: Launch, roll: Roll, cohorts: Sequence[Cohort]) -> None:
        """Stored instances now stand as these cohorts do. Raises Missed if they are not stored as they were read."""

    async def resume(self, tx: Transaction, launch_id: str, limit: int) -> bool:
        """Make so many paused cohorts due now; whether there may be more."""

    async def open_of_deleted(self, tx: Transaction, deleted: Mapping[tuple[str, str], int]) -> dict[str, list[str]]:
        """Open instances that were older than the deletion: `{(project, contact): revision}` to contacts by launch."""


class Recurrences(Protocol):
    async def take(self, tx: Transaction, launch: Launch, ids: list[str], keep: bool) -> set[str]:
        """Take these contacts' places in the scenario; whose place was free."""

    async def take_over(self, tx: Transaction, launch: Launch, ids: list[str]) -> set[str]:
        """Take the places whose instance has ended."""

    async def taken(self, tx: Transaction, launch: Launch, ids: list[str], over_ended: bool) -> set[str]:
        """Whose place in the scenario others hold; with `over_ended` only those whose instance still runs."""

    async def release(self, tx: Transaction, launch: Launch, ids: list[str]) -> None:
        """Give back the places of this launch that are not to be kept."""


class Contacts(Protocol):
    async def keep(self, tx: Transaction, project: str, changes: Sequence[ContactChange]) -> None:
        """Store each contact unless a newer state is stored; at most one change per contact."""

    async def read_up_to(self, tx: Transaction, written_at: datetime) -> None:
        """This partition's changes have been read up to what contacts wrote then. Never goes back."""


class Updates(Protocol):
    async def request(self, tx: Transaction, launch: Launch, ids: list[str], update_ids: list[str]) -> None: ...

    async def answered(self, tx: Transaction, causes: Collection[str]) -> dict[str, list[str]]:
        """Contacts by launch whose pending update is among the causes of changes."""

    async def overdue(self, tx: Transaction, update_ids: list[str], timeout: timedelta) -> set[str]:
        """Those that were requested at least `timeout` before the newest change this partition has read."""

    async def forget(self, tx: Transaction, launch: Launch, update_ids: list[str]) -> None:
        """Raises Missed if one of them is not under way."""


class Incidents(Protocol):
    async def open(
        self, tx: Transaction, launch: Launch, ids: list[str], step: str, detail: str, retriable: bool
    ) -> None:
        """`retriable`: nothing of the step has been done, so it may be tried again. Raises Missed if one of them has
        one open already."""

    async def close(self, tx: Transaction, launch: Launch, ids: list[str]) -> None:
        """Raises Missed if one of them has none open."""

    async def any_decided(self, lease: Lease) -> bool:
        """Whether a person's decision about this partition is not carried out yet."""

    async def take_decided(self, tx: Transaction, limit: int) -> list[Decided]:
        """The oldest of them, marked as carried out; without those whose incident is closed already."""


class ContactOrders(Protocol):
    async def keep(self, tx: Transaction, ordered: Sequence[tuple[ContactOrdered, str | None]]) -> None:
        """Each once, with its `traceparent`, for the owner of the contact's partition."""

    async def any_open(self, lease: Lease) -> bool: ...

    async def open(self, tx: Transaction, limit: int) -> list[ContactOrder]:
        """Of this partition, not carried out: those not tried yet, then those that were tried longest ago. They are
        marked as tried, and nobody else changes them until the commit."""

    async def removals(self, tx: Transaction, launch: Launch, ids: list[str]) -> list[ContactOrder]:
        """Of these contacts, who become targets only now."""

    async def carried_out(self, tx: Transaction, results: Mapping[str, OrderResult]) -> None:
        """By order id; the audit says so, too. Raises Missed if one of them is not kept."""

    async def targeted(self, tx: Transaction, finished: Mapping[str, str]) -> None:
        """All targets of these launches (to their projects) on this partition have been read."""

    async def all_targeted(self, tx: Transaction, launch_id: str, patience: timedelta) -> bool:
        """Whether all targets of this partition have been read. If it has none, nobody says so: then, that another
        partition has been read to its end for so long."""


@dataclass(frozen=True, slots=True)
class Stores:
    launches: Launches
    gates: Gates
    instances: Instances
    recurrences: Recurrences
    contacts: Contacts
    updates: Updates
    incidents: Incidents
    orders: ContactOrders
