"""What the handlers and jobs need of a store. Real: `adapters/`; fake: `tests/fakes/log_stores.py`.

Every method works inside the transaction that it is given, and may be repeated after a roll-back.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from contracts.outcomes import StepsCounted
from log.domain.chunks import Chunk
from log.domain.controls import Control
from log.domain.endings import Endings
from log.domain.launch import Launch
from runtime.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Identity:
    """`number` stands for the launch in every other table. Scenario and version are None until described."""

    number: int
    scenario: str | None
    version: int | None
    public: bool = True
    """False: a trial, whose outcomes go on no topic."""


class LaunchStore(Protocol):
    async def identify(
        self, tx: Transaction, projects: Mapping[str, str], traces: Mapping[str, str | None] | None = None
    ) -> Mapping[str, Identity]:
        """By launch id; makes the row of a launch not heard of before, in id order, with project and `traceparent`."""
        ...

    async def count(self, tx: Transaction, counted: Sequence[tuple[Identity, Mapping[str, int]]]) -> None:
        """Adds to what this transaction's partition has counted (`log.domain.tally`), each launch once; one that is
        not live is looked after again."""
        ...

    async def locked(self, tx: Transaction, launch_ids: Collection[str]) -> Sequence[Launch]:
        """The rows, locked in id order until the transaction ends: the last thing it does. With them the sums of what
        is counted, as they are then."""
        ...

    async def save(self, tx: Transaction, launch: Launch) -> None:
        """A row that `locked` gave, without the sums. Raises Missed if it is not there."""
        ...

    async def due(self, pool: Any, number: int) -> Sequence[str]:
        """Launches at home on this partition number, in id order, at most 50, that have something to publish now, whose
        last target has ended and whose end is not set, or which may rest.

        Progress at most once a second; an end as soon as the launch is drained.
        """
        ...

    async def drained(self, tx: Transaction, launch: Launch) -> bool:
        """Whether every outcome of the launch that is committed is also on the topic."""
        ...

    async def rouse(self, tx: Transaction) -> Sequence[str]:
        """Launches at home here, ended within the hour, that rest though something was counted later; live from now on.

        Only a transaction that found its launch live, and counted after it had come to rest, leaves one.
        """
        ...


class OutcomeStore(Protocol):
    async def add(self, tx: Transaction, endings: Sequence[tuple[int, Endings]]) -> Sequence[Endings]:
        """Keeps the first outcome of every (launch number, contact); answers with what was new, one for one."""
        ...

    async def keep_undescribed(self, tx: Transaction, number: int, endings: Endings) -> None:
        """Outcomes that cannot be published before their launch is described."""
        ...

    async def take_undescribed(self, tx: Transaction, number: int, launch_id: str) -> Sequence[Endings]:
        """Those of this launch on this transaction's partition, in order of event id; they are gone from the store."""
        ...

    async def overdue(self, pool: Any, partition: int) -> Mapping[str, Identity]:
        """Launches that are described, but have undescribed outcomes on this partition: there should be none."""
        ...


class ChunkStore(Protocol):
    async def add(self, tx: Transaction, chunks: Sequence[tuple[int, Chunk]]) -> Sequence[bool]:
        """Keeps each (launch number, chunk) once by event id; answers whether it was new, one for one."""
        ...

    async def open_incidents(self, tx: Transaction, number: int, chunk: Chunk) -> None: ...

    async def close_incidents(self, tx: Transaction, number: int, chunk: Chunk) -> None: ...

    async def count_steps(self, tx: Transaction, number: int, steps: StepsCounted) -> None:
        """The highest revision of a partition is kept."""
        ...

    async def note(self, tx: Transaction, number: int, project: str, controls: Sequence[Control]) -> None:
        """Each once."""
        ...

    async def forget_ways(self, tx: Transaction, project: str, contact_ids: Sequence[str]) -> None:
        """Whatever the chunks of this transaction's partition say of the ways of these contacts, in all launches."""
        ...
