"""What handlers and jobs need from the world. Each port has a real adapter; the mail ports also have a fake."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from contracts.changes import ContactChange
from contracts.launches import LaunchRequested
from contracts.sends import SendsRequested, SendsWithdrawn
from contracts.targets import Snapshot
from contracts.words import ControlState, DeliveryState
from messaging.domain.deliveries import Act
from messaging.domain.guard import Tally
from messaging.domain.handover import Answer
from messaging.domain.judgement import ContactState, Kept
from messaging.domain.launches import Launch, Plan
from messaging.domain.sends import Change, Mail, Move, SendKey, StoredSend
from runtime.transaction import Connection, Transaction


class Launches(Protocol):
    """What is known of launches, and their gates."""

    async def move_gates(self, connection: Connection, launch_ids: Iterable[str]) -> None:
        """Take the gates of these launches alone until the end of the transaction, before changing them."""
        ...

    async def pass_gates(self, connection: Connection, launch_ids: Iterable[str]) -> dict[str, Launch]:
        """Take the gates together with others who send, then read: no stop can commit before this transaction ends.

        Only launches that are known whole (immutable part and gate) are in the answer.
        """
        ...

    async def plans(self, connection: Connection, launch_ids: Iterable[str]) -> dict[str, Plan]:
        """The immutable parts, of those that are known."""
        ...

    async def store(self, connection: Connection, requested: LaunchRequested, trace: str | None) -> None:
        """Keep the immutable part, and its `traceparent`. Idempotent; says nothing about the gate."""
        ...

    async def control(
        self, connection: Connection, project: str, launch_id: str, revision: int, state: ControlState, lifted: int = 0
    ) -> None:
        """Set the gate, unless a higher or equal revision was there already. It stays closed (`paused`) while there
        are more holds of our own than `lifted`."""
        ...


class Contacts(Protocol):
    """The newest state of each contact."""

    async def keep(self, connection: Connection, project: str, changes: Sequence[ContactChange]) -> None:
        """Store what is newer than what is there; any order, any number of times."""
        ...

    async def newer(
        self, connection: Connection, project: str, contact_ids: Sequence[str], revisions: Sequence[int]
    ) -> dict[str, ContactState]:
        """Of these contacts, those known with a higher revision than the one given, and those that are blocked here."""
        ...


@dataclass(frozen=True, slots=True)
class NewSends:
    """Sends of one chunk that get the same state. Columns, one entry per contact."""

    launch_id: str
    step: str
    contact_ids: Sequence[str]
    occurrences: Sequence[int]


@dataclass(frozen=True, slots=True)
class Snapshots:
    """What of the contacts is stored with planned sends. Columns beside those of NewSends."""

    revisions: Sequence[int]
    permitted: Sequence[bool]
    suppressed: Sequence[bool]
    consented: Sequence[bool]
    emails: Sequence[str | None]
    facts: Sequence[str]
    """JSON: what the template reads."""


TURN = 16
"""How many launches take their turn at once."""


class Sends(Protocol):
    """The sends of all partitions; a lease touches only those of its own number."""

    async def add_settled(
        self, tx: Transaction, sends: NewSends, state: str, reason: str | None
    ) -> list[tuple[str, int]]:
        """Insert sends that are at their end. Returns (contact id, occurrence) of those that were not there."""
        ...

    async def add_planned(self, tx: Transaction, sends: NewSends, snapshots: Snapshots) -> list[tuple[str, int]]:
        """Insert sends that wait for their turn, likewise."""
        ...

    async def load(self, connection: Connection, keys: Collection[SendKey]) -> dict[SendKey, StoredSend]:
        """As they are now, with the newest standing of their contacts, without facts."""
        ...

    async def sending(self, connection: Connection, number: int) -> list[StoredSend]:
        """All of this partition that are at the `dot`, without facts."""
        ...

    async def move(self, tx: Transaction, moves: Sequence[Move], *, sure: bool) -> set[SendKey]:
        """Write the new states of those that are still in the state, attempt and epoch given; returns which.

        `sure`: they were read in this transaction, so all of them are; raises Missed if not. At an end, address and
        facts are forgotten.
        """
        ...

    async def restamp(self, tx: Transaction, keys: Collection[SendKey], epoch: int) -> None:
        """These at the `dot`, read in this transaction, belong to this epoch now. Raises Missed if one is not there."""
        ...

    async def cancel_launch(self, tx: Transaction, launch_id: str, kept: Kept, limit: int) -> list[Change]:
        """End at most `limit` planned sends of a launch in the lease's partition."""
        ...

    async def cancel_contacts(self, tx: Transaction, project: str, gone: Mapping[str, int], kept: Kept) -> list[Change]:
        """End all planned sends of these contacts (id: revision) that were asked for before that revision."""
        ...

    async def turn(self, connection: Connection, number: int, after: str) -> list[tuple[str, ControlState]]:
        """Launches with planned sends in this partition, and their gates: the first few behind launch id `after`.

        Fewer than `TURN` of them: there are none behind these.
        """
        ...

    async def due(
        self, connection: Connection, number: int, launch_ids: Sequence[str], busy: Collection[str], each: int
    ) -> tuple[datetime, list[StoredSend]]:
        """PostgreSQL's time, and of each launch the first planned sends that may be tried now, with facts.

        Contacts in `busy` are left out: of one contact one send at a time is under way.
        """
        ...


class Withdrawals(Protocol):
    """Contacts who were taken out of a launch after they had been asked to be sent to."""

    async def keep(self, tx: Transaction, withdrawn: SendsWithdrawn) -> None:
        """Idempotent."""
        ...

    async def cancel(self, tx: Transaction, launch_id: str, contact_ids: Collection[str]) -> list[Change]:
        """End the planned and held sends of those of these contacts who were taken out."""
        ...

    async def of(self, connection: Connection, launch_id: str, contact_ids: Sequence[str]) -> dict[str, Kept]:
        """Those of these contacts who were taken out, and what that makes of their sends."""
        ...


class Teller(Protocol):
    """Tells the others what became of sends."""

    async def keep(self, tx: Transaction, changes: Sequence[Change]) -> None:
        """In the transaction that makes these changes: they are told soon after it is committed."""
        ...

    def hurry(self, number: int) -> None:
        """For now no other changes of this number are under way that would be worth waiting for."""
        ...


class Untold(Protocol):
    """Changes of state that are committed and not told yet."""

    async def add(self, tx: Transaction, changes: Sequence[Change]) -> None: ...

    async def take(self, tx: Transaction, limit: int) -> tuple[dict[str, list[Change]], bool]:
        """Remove the oldest of the lease's number, by launch and in order: those of `limit` rows, of one transaction
        each at most. And whether more may lie there."""
        ...


@dataclass(frozen=True, slots=True)
class WaitingChunk:
    cause: str
    """Id of the event that brought it."""
    chunk: SendsRequested
    trace: str | None
    position: int = 0
    """Offset on executor.sends."""


class WaitingChunks(Protocol):
    """Chunks whose launch is not known yet or is paused, kept whole."""

    async def keep(self, tx: Transaction, cause: str, position: int, chunk: SendsRequested, trace: str | None) -> None:
        """Idempotent by (launch, cause)."""
        ...

    async def ripe(self, connection: Connection, number: int, limit: int) -> list[WaitingChunk]:
        """Of launches that are known and not paused, in the order they came."""
        ...

    async def forget(self, tx: Transaction, launch_id: str, cause: str) -> None:
        """Raises Missed if it is not kept."""


@dataclass(frozen=True, slots=True)
class Holding:
    """Sends of one launch that a partition holds for one reason."""

    launch_id: str
    reason: str
    gate: ControlState


class Guard(Protocol):
    """The books of the blast guard (`domain.guard`): of each launch, each partition's share."""

    async def admit(self, tx: Transaction, chunks: Sequence[tuple[str, str, int]]) -> None:
        """Targets of this partition: (launch id, event id, contacts). An event counts once."""
        ...

    async def tally(self, tx: Transaction, launch_ids: Collection[str]) -> Tally:
        """The partition's shares of these launches, as far as there are any."""
        ...

    async def save(self, tx: Transaction, tally: Tally) -> None:
        """What changed of them since."""
        ...

    async def new(self, tx: Transaction, chunk: SendsRequested) -> list[int]:
        """The occurrences of those sends of the chunk that are not stored yet."""
        ...

    async def suspect(
        self, tx: Transaction, cause: str, position: int, chunk: SendsRequested, trace: str | None
    ) -> None:
        """Keep a chunk that seems more than planned. Idempotent by (launch, cause)."""
        ...

    async def suspects(self, connection: Connection, number: int, limit: int) -> list[WaitingChunk]:
        """In the order they came."""
        ...

    async def acquit(self, tx: Transaction, launch_id: str, cause: str) -> None:
        """Suspected no more, whatever became of it. Raises Missed if it was not."""
        ...

    async def hold_launch(self, tx: Transaction, launch_id: str, reason: str) -> int | None:
        """Close the gate, which this transaction has to itself. The hold's number; None: it is held already."""
        ...

    async def add_held(
        self, tx: Transaction, sends: NewSends, snapshots: Snapshots, kept: Kept
    ) -> list[tuple[str, int]]:
        """Insert sends that are held. Returns (contact id, occurrence) of those that were not there."""
        ...

    async def hold_planned(
        self, tx: Transaction, launch_id: str, steps: Collection[str], kept: Kept, limit: int
    ) -> list[Change]:
        """Hold at most `limit` planned sends of these steps in the lease's partition."""
        ...

    async def holdings(self, connection: Connection, number: int) -> list[Holding]:
        """What the partition holds, or held a moment ago."""
        ...

    async def held(self, tx: Transaction, holding: Holding, limit: int) -> list[SendKey]:
        """Some of its sends."""
        ...

    async def held_of(self, tx: Transaction, project: str, gone: Mapping[str, int]) -> list[SendKey]:
        """Held sends of these contacts (id: revision) that were asked for before that revision."""
        ...

    async def emptied(self, tx: Transaction, holding: Holding) -> None:
        """Nothing of it is left."""
        ...


@dataclass(frozen=True, slots=True)
class Report:
    """What a provider said became of one message."""

    key: SendKey
    act: Act
    """DELIVER, BOUNCE or COMPLAIN."""
    recipient: str | None
    reason: str | None


class Reports(Protocol):
    """Reports that are not taken in yet."""

    async def of(self, connection: Connection, number: int, limit: int) -> list[Report]:
        """Some of those about this partition's sends."""
        ...

    async def forget(self, tx: Transaction, reports: Sequence[Report]) -> None:
        """Raises Missed if one of them is not kept."""


class Composer(Protocol):
    """Makes the mails of one send step."""

    def facts(self, targets: Snapshot) -> list[str]:
        """Per contact, as JSON, what the templates read of it and nothing else: stored until it is sent."""
        ...

    def compose(self, key: SendKey, address: str, facts: Mapping[str, Any], now: datetime) -> Mail:
        """`address` as it is stored, `facts` as `facts` made them. Raises `domain.mime.Unsendable`, nothing else."""
        ...


class Composers(Protocol):
    def of(self, plan: Plan, step: str) -> Composer:
        """Templates are compiled once per scenario version and step; one that does not compile fails each mail."""
        ...


class Unavailable(Exception):
    """The provider cannot be talked to right now; nothing of any message has left."""


class Session(Protocol):
    """A connection to the provider that carries one mail after the other. Not shared between tasks."""

    async def offer(self, mail: Mail) -> Answer | None:
        """Everything before the message itself (safe to repeat): None if the provider waits for it now.

        Else Act.REFUSE (5xx) or Act.DEFER (4xx). Raises Unavailable when the connection is of no use any more.
        """
        ...

    async def deliver(self, mail: Mail, following: Mail | None = None) -> Answer:
        """Hand over the offered mail. `following` will be offered next, and its offer may travel along.

        Act.ACCEPT, REFUSE, DEFER; LOSE if no answer came; GIVE_BACK if surely not one byte of it left. Never raises.
        """
        ...

    async def close(self) -> None:
        """Say goodbye if that is possible and nothing is offered; an offered mail is not delivered. Never raises."""
        ...

    @property
    def usable(self) -> bool:
        """Whether another mail may be offered."""
        ...


class Mailer(Protocol):
    """A provider."""

    async def open(self) -> Session:
        """Connect and introduce ourselves. Raises Unavailable."""
        ...


class Meter(Protocol):
    """What the world is told in numbers."""

    def count(self, states: Iterable[DeliveryState]) -> None:
        """Sends that came into these states."""
        ...

    def provider(self, available: bool) -> None:
        """The last try to reach the provider worked, or did not."""
        ...

    def bug(self) -> None:
        """Something happened to a send that cannot happen."""
        ...
