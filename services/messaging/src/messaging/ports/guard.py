"""The books of the blast guard, and what it holds."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from contracts.sends import SendsRequested
from contracts.words import ControlState
from messaging.domain.guard import Tally
from messaging.domain.judgement import Kept
from messaging.domain.sends import Change, SendKey
from messaging.ports.known import WaitingChunk
from messaging.ports.sends import NewSends, Snapshots
from runtime.transaction import Connection, Transaction


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
