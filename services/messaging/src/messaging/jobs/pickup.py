"""The job that takes up chunks which came before their launch, or under a paused gate."""

import asyncio
from collections.abc import Awaitable, Callable

from messaging.domain.guard import Taken, Tally
from messaging.domain.launches import Launch
from messaging.ports.guard import Guard
from messaging.ports.known import Launches, WaitingChunk, WaitingChunks
from runtime.spans import following
from runtime.transaction import Lease, Transaction

Take = Callable[[Transaction, Launch, Tally, WaitingChunk], Awaitable[Taken]]
PORTION = 8
EVERY = 0.2


class PickUp:
    """`take` is what the handler would have done with the chunk."""

    def __init__(self, launches: Launches, chunks: WaitingChunks, guard: Guard, take: Take) -> None:
        self._launches = launches
        self._chunks = chunks
        self._guard = guard
        self._take = take
        self._looked: dict[int, float] = {}

    async def run(self, lease: Lease) -> bool:
        """Looks at most every `EVERY` seconds, however often the number is woken for other reasons."""
        now = asyncio.get_running_loop().time()
        if now - self._looked.get(lease.number, -EVERY) < EVERY:
            return False
        self._looked[lease.number] = now
        async with lease.pool.acquire() as connection:
            ripe = await self._chunks.ripe(connection, lease.number, PORTION)
        if not ripe:
            return False
        async with lease.transaction() as tx:
            ids = {waiting.chunk.launch_id for waiting in ripe}
            known = await self._launches.pass_gates(tx.connection, ids)
            tally = await self._guard.tally(tx, ids)
            for waiting in ripe:
                if (launch := known.get(waiting.chunk.launch_id)) is not None:
                    with following(waiting.trace, "messaging pick up"):
                        await self._take_up(tx, launch, tally, waiting)
            await self._guard.save(tx, tally)
        del self._looked[lease.number]
        return len(ripe) == PORTION

    async def _take_up(self, tx: Transaction, launch: Launch, tally: Tally, waiting: WaitingChunk) -> None:
        taken = await self._take(tx, launch, tally, waiting)
        if taken is Taken.SUSPECT:
            await self._guard.suspect(tx, waiting.cause, waiting.position, waiting.chunk, waiting.trace)
        if taken is not Taken.WAIT:
            await self._chunks.forget(tx, waiting.chunk.launch_id, waiting.cause)
