"""kill -9 at every boundary of the protocol, in two members that go on in their slots: nothing lost, nothing twice."""

import asyncio

from integration.runtime.harness import MORE, Bench
from integration.runtime.processes import KILLED, ledger_process

BOUNDARIES = {
    "a": ["lease.acquired", "stream.mid_transaction", "stream.committed", "stream.published"],
    "b": ["lease.before_seek", "stream.fetched", "stream.before_commit", "stream.before_publish"],
}


async def test_killed_at_every_boundary_it_stays_exact(bench: Bench) -> None:
    ids: list[str] = []

    async def member(slot: str) -> None:
        for nth, boundary in enumerate(BOUNDARIES[slot]):
            ids.extend(await bench.note(20) + await bench.note(10, MORE))
            async with ledger_process(bench, slot, f"{boundary}:kill:{1 + nth % 2}") as process:
                assert await process.ended() == KILLED, boundary

    await asyncio.gather(*map(member, BOUNDARIES))
    async with ledger_process(bench, "a") as first, ledger_process(bench, "b") as second:
        await asyncio.gather(first.ready(), second.ready())
        await bench.exact(ids)
