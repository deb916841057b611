"""What is known of launches and contacts, and what others said that is still to be taken in."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from contracts.changes import ContactChange
from contracts.launches import LaunchRequested
from contracts.sends import SendsRequested
from contracts.words import ControlState
from messaging.domain.deliveries import Act
from messaging.domain.judgement import ContactState
from messaging.domain.launches import Launch, Plan
from messaging.domain.sends import SendKey
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
