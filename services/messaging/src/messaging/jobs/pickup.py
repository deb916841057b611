"""The job that takes up chunks which came before their launch, or under a paused gate."""

import asyncio
from collections.abc import Awaitable, Callable

from contracts.sends import SendsRequested
from messaging.domain.launches import Launch
from messaging.ports import Launches, WaitingChunk, WaitingChunks
from runtime.spans import following
from runtime.transaction import Lease, Transaction

Take = Callable[[Transaction, Launch, SendsRequested, str], Awaitable[bool]]
PORTION = 8
EVERY = 0.2


class PickUp:
    """`take` is what the handler would have done with the chunk."""

    def __init__(self, launches: Launches, chunks: WaitingChunks, take: Take) -> None:
        self._launches = launches
        self._chunks = chunks
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
            known = await self._launches.pass_gates(tx.connection, {waiting.chunk.launch_id for waiting in ripe})
            for waiting in ripe:
                if (launch := known.get(waiting.chunk.launch_id)) is not None:
                    with following(waiting.trace, "messaging pick up"):
                        await self._take_up(tx, launch, waiting)
        del self._looked[lease.number]
        return len(ripe) == PORTION

    async def _take_up(self, tx: Transaction, launch: Launch, waiting: WaitingChunk) -> None:
        if await self._take(tx, launch, waiting.chunk, waiting.cause):
            await self._chunks.forget(tx, waiting.chunk.launch_id, waiting.cause)
