"""The world is in the way: connections die, PostgreSQL is away, a COMMIT gets no answer. Then it goes on, exactly."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from urllib.parse import urlsplit

import asyncpg
import pytest
from structlog.testing import capture_logs

from fakes.tcp_proxy import TcpProxy, tcp_proxy
from integration.runtime.harness import Bench, Ledger, Noted, until
from runtime.poison import is_open
from runtime.records import Received
from runtime.transaction import Transaction


@pytest.mark.parametrize("boundary", ["stream.before_commit", "stream.committed"])
async def test_a_connection_cut_around_the_commit_leaves_it_exact(bench: Bench, boundary: str) -> None:
    """Before: rolled back. After: applied, but nobody told us; the cursor does."""
    async with bench.engine(Ledger(), settings={"failpoint": f"{boundary}:cut:3"}) as engine:
        await bench.exact(await bench.note(60))
        assert engine.problems() == []


async def test_rows_that_were_committed_and_not_published_are_published_by_the_next_owner(bench: Bench) -> None:
    async with bench.engine(Ledger(), settings={"failpoint": "stream.before_publish:raise:1"}):
        await bench.exact(await bench.note(8, partition=0))


async def test_postgres_comes_late_and_is_away_for_a_while(bench: Bench) -> None:
    server = urlsplit(bench.postgres)
    async with tcp_proxy(str(server.hostname), int(server.port or 5432)) as proxy:
        address = bench.postgres.replace(server.netloc.rpartition("@")[2], f"127.0.0.1:{proxy.port}")
        proxy.cut()
        mending = asyncio.create_task(later(0.5, proxy))
        async with bench.engine(Ledger(), settings={"postgres": address}) as engine:
            await mending
            ids = await bench.note(20)
            await bench.until_noted(20)
            proxy.cut()
            ids += await bench.note(20)
            await until(lambda: len(engine.problems()) == bench.partitions, 10, lambda: str(engine.problems()))
            await proxy.mend()
            await bench.exact(ids)
            await until(lambda: engine.problems() == [], 5)


async def test_killed_backends_cost_nothing_but_time(bench: Bench) -> None:
    async with bench.engine(Ledger()):
        ids: list[str] = []
        for _ in range(5):
            ids += await bench.note(40)
            await bench.pool.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND application_name LIKE 'ledger/%'"
            )
        await bench.exact(ids)


async def test_what_a_handler_met_is_said_although_its_connection_was_lost(bench: Bench) -> None:
    """Nothing can be rolled back then, and the pool has the connection back: that is not the reason to name."""
    lost: list[int] = []

    async def lose(tx: Transaction, _: Sequence[Received[Noted]]) -> None:
        if lost:
            return
        lost.append(tx.connection.get_server_pid())
        await bench.pool.execute("SELECT pg_terminate_backend($1)", lost[0])
        with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError):
            await tx.connection.execute("SELECT pg_sleep(20)")
        await until(lambda: not is_open(tx.connection), 10)
        raise KeyError("what it met")

    with capture_logs() as logs:
        async with bench.engine(Ledger(before=lose)) as engine:
            await bench.exact(await bench.note(10, partition=1))
            assert await engine.parked() == []
    [waits] = [log for log in logs if log["event"].startswith("partition waits")]
    assert waits["error"] == "KeyError: 'what it met'"


async def later(seconds: float, proxy: TcpProxy) -> None:
    await asyncio.sleep(seconds)
    await proxy.mend()
