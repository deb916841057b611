"""The job that holds marketing messages of a partition which does not know what contacts said of late."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import structlog

from messaging.domain.abreast import TOPIC, Abreast, abreast
from messaging.domain.guard import CONTACTS_BEHIND
from messaging.ports.guard import Guard
from messaging.ports.known import Launches
from messaging.ports.sends import TURN, Sends, Teller
from runtime.transaction import Lease

PORTION = 500
log = structlog.get_logger()


class Watch:
    """How far behind each number is on `contacts.changes`, as this process knows it."""

    def __init__(self, patience: float = 60.0) -> None:
        self._patience = patience
        self._owned: dict[int, tuple[int, float]] = {}
        self._lags: dict[int, float] = {}

    def standing(self, lease: Lease) -> Abreast:
        epoch, since = self._owned.setdefault(lease.number, (lease.epoch, time.monotonic()))
        if epoch != lease.epoch:
            since = time.monotonic()
            self._owned[lease.number] = (lease.epoch, since)
        lag, owned = lease.lag(TOPIC), time.monotonic() - since
        self._lags[lease.number] = owned if lag is None else lag
        return abreast(lag, owned, self._patience)

    async def lags(self, _: Any, numbers: Sequence[int]) -> Mapping[int, float]:
        """Seconds, of these numbers."""
        return {number: self._lags.get(number, 0.0) for number in numbers}


class Behind:
    def __init__(self, watch: Watch, launches: Launches, sends: Sends, guard: Guard, teller: Teller) -> None:
        self._watch = watch
        self._launches = launches
        self._sends = sends
        self._guard = guard
        self._teller = teller
        self._was: dict[int, Abreast] = {}

    async def run(self, lease: Lease) -> bool:
        """Hold what is planned, a portion of each launch; `jobs/guarding.py` releases it."""
        standing = self._watch.standing(lease)
        if standing is Abreast.BEHIND and self._was.get(lease.number) is not Abreast.BEHIND:
            log.warning("contacts.changes is not read in time: marketing messages are held", number=lease.number)
        self._was[lease.number] = standing
        if standing is not Abreast.BEHIND:
            return False
        after, more = "", False
        while True:
            async with lease.pool.acquire() as connection:
                turn = await self._sends.turn(connection, lease.number, after)
            for launch_id, _ in turn:
                more |= await self._hold(lease, launch_id)
            if len(turn) < TURN:
                return more
            after = turn[-1][0]

    async def _hold(self, lease: Lease, launch_id: str) -> bool:
        async with lease.transaction() as tx:
            plan = (await self._launches.plans(tx.connection, [launch_id]))[launch_id]
            steps = [step for step in plan.messages if plan.is_marketing(step)]
            held = await self._guard.hold_planned(tx, launch_id, steps, CONTACTS_BEHIND, PORTION)
            await self._teller.keep(tx, held)
        return len(held) == PORTION
