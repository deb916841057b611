"""Tells the others what became of sends: gathered for a moment, for a record with one contact costs its readers
about as much as one with hundreds."""

import asyncio
import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from contracts.words import DeliveryState
from messaging.domain.records import changed_states
from messaging.domain.sends import Change
from messaging.domain.told import summed
from messaging.ports.known import Launches
from messaging.ports.mailing import Meter
from messaging.ports.sends import Untold
from runtime.spans import following
from runtime.transaction import Lease, Transaction

GATHER_SECONDS = 1.0
ENOUGH = 500
"""So many changes are told sooner: a record holds no more."""
HURRIED = 0.5
"""With nothing else under way things are told after this part of the usual time."""
PASSING_PATIENCE = 2
"""A `sending` that still stands is told after so many times the usual."""
ROWS = 200
"""Transactions whose changes are told in one."""


@dataclass(slots=True)
class Waiting:
    """What lies untold in one number, as this process knows it. Times are the event loop's."""

    epoch: int | None = None
    """Of the lease for which an earlier owner's rest was looked for."""
    settled: int = 0
    """Changes that wait, beside those to `sending`."""
    hurried: bool = False
    """No others are under way."""
    since: float | None = None
    """When the first of it was kept; None: nothing waits."""
    told: float = -math.inf
    """When something was told last."""

    def due(self, now: float, gather: float) -> bool:
        if self.settled:
            return self.settled >= ENOUGH or now - self.told >= gather * (HURRIED if self.hurried else 1)
        return self.since is not None and now - self.since >= PASSING_PATIENCE * gather


class Telling:
    """`ports.sends.Teller`, and the job that does it: a quiet number tells at once, a busy one every `gather` seconds
    or when there is enough for a record."""

    def __init__(self, launches: Launches, untold: Untold, meter: Meter, gather: float = GATHER_SECONDS) -> None:
        self._launches = launches
        self._untold = untold
        self._meter = meter
        self._gather = gather
        self._waiting: dict[int, Waiting] = defaultdict(Waiting)

    async def keep(self, tx: Transaction, changes: Sequence[Change]) -> None:
        moved = [change for change in changes if change.state is not change.previous]
        if not moved:
            return
        assert tx.number is not None
        await self._untold.add(tx, moved)
        waiting = self._waiting[tx.number]
        if waiting.since is None:
            waiting.since = asyncio.get_running_loop().time()
        waiting.settled += sum(change.state is not DeliveryState.SENDING for change in moved)
        waiting.hurried = False
        self._meter.count(change.state for change in moved)

    def hurry(self, number: int) -> None:
        self._waiting[number].hurried = True

    async def run(self, lease: Lease) -> bool:
        waiting = self._waiting[lease.number]
        if waiting.epoch != lease.epoch:
            await self._tell(lease, waiting)
            waiting.epoch = lease.epoch
        return waiting.due(asyncio.get_running_loop().time(), self._gather) and await self._tell(lease, waiting)

    def look(self, numbers: Sequence[int]) -> list[int]:
        """Of these, the numbers that have something to tell now (`runtime.service.Job.look`)."""
        now = asyncio.get_running_loop().time()
        return [number for number in numbers if self._waiting[number].due(now, self._gather)]

    async def release(self, lease: Lease) -> None:
        """The next owner need not look for what is told already."""
        waiting = self._waiting[lease.number]
        while waiting.since is not None and await self._tell(lease, waiting):
            pass

    async def _tell(self, lease: Lease, waiting: Waiting) -> bool:
        """True if there may be more."""
        async with lease.transaction() as tx:
            taken, more = await self._untold.take(tx, ROWS)
            plans = await self._launches.plans(tx.connection, sorted(taken))
            for launch_id, changes in sorted(taken.items()):
                plan = plans[launch_id]
                with following(plan.trace, "messaging tell"):
                    tx.emit(*changed_states(summed(changes), plan.project, partition=lease.number, at=tx.now))
        now = asyncio.get_running_loop().time()
        waiting.told = now if taken else waiting.told
        waiting.since, waiting.settled = (now, ENOUGH) if more else (None, 0)
        return more
