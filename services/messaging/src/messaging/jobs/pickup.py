"""The job that takes up chunks which came before their launch, or under a paused gate."""

import asyncio
from collections.abc import Awaitable, Callable

from contracts.sends import SendsRequested
from messaging.domain.launches import Launch
from messaging.ports import Launches, WaitingChunks
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
            known = await self._launches.pass_gates(tx.connection, {chunk.launch_id for _, chunk in ripe})
            for cause, chunk in ripe:
                launch = known.get(chunk.launch_id)
                if launch is not None and await self._take(tx, launch, chunk, cause):
                    await self._chunks.forget(tx, chunk.launch_id, cause)
        del self._looked[lease.number]
        return len(ripe) == PORTION
