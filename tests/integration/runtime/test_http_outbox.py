"""Events of HTTP requests: committed with the request's state, on Kafka right after, by any process."""

import asyncio

import pytest

from integration.runtime.harness import OUT, Answered, Bench, Ledger, until
from runtime import outbox
from runtime.ids import derive
from runtime.records import Outgoing
from runtime.transaction import Transaction


def answer(name: str) -> Outgoing:
    return Outgoing(topic=OUT, partition=1, key=name, event=Answered(name=name), id=derive(name), tag="t", project="p")


async def write(tx: Transaction, name: str) -> None:
    await tx.connection.execute("INSERT INTO noted VALUES ($1, $1, 0)", name)
    tx.emit(answer(name))


async def test_a_request_commits_its_state_and_its_event_and_the_event_is_published(bench: Bench) -> None:
    async with bench.engine(Ledger()) as engine:
        async with engine.transaction() as tx:
            await write(tx, "x")
            assert (tx.number, tx.partitions) == (None, 4)
        await until(lambda: published(bench, 1), 5)
        [record] = await bench.answers()
        headers = {name: value.decode() for name, value in record.headers}
        assert headers["ce_source"] == "/slipway/ledger"
        assert headers["ce_slipwayproject"] == "p"
        assert headers["ce_type"] == Answered.TYPE
        assert record.timestamp == int(tx.now.timestamp() * 1000)
        assert await bench.noted() == 1


async def test_a_request_that_fails_publishes_nothing(bench: Bench) -> None:
    async with bench.engine(Ledger()) as engine:
        with pytest.raises(ZeroDivisionError):
            async with engine.transaction() as tx:
                await write(tx, "x")
                raise ZeroDivisionError
        async with engine.transaction() as tx:
            await write(tx, "y")
        await until(lambda: published(bench, 1), 5)
        assert [record.key for record in await bench.answers()] == [b"y"]


async def test_two_relays_publish_each_row_once(bench: Bench) -> None:
    async with bench.engine(Ledger(), "a") as first, bench.engine(Ledger(), "b") as second:

        async def request(number: int) -> None:
            async with (first if number % 2 else second).transaction() as tx:
                await write(tx, f"r{number}")

        await asyncio.gather(*map(request, range(300)))
        await until(lambda: published(bench, 300), 20)
        assert len({record.key for record in await bench.answers()}) == 300


async def test_a_tag_tells_whether_something_is_still_unpublished(bench: Bench) -> None:
    async with bench.engine(Ledger(), start=False) as engine:
        async with engine.transaction() as tx:
            await write(tx, "x")
        async with engine.pool.acquire() as connection:
            assert await outbox.unpublished(connection, "ledger", "t")
            assert not await outbox.unpublished(connection, "ledger", "other")
        await engine.start()
        await until(lambda: published(bench, 1), 5)
        async with engine.pool.acquire() as connection:
            assert not await outbox.unpublished(connection, "ledger", "t")


async def published(bench: Bench, count: int) -> bool:
    waiting: int = await bench.pool.fetchval("SELECT count(*) FROM http_outbox")
    return waiting == 0 and await bench.noted() == count
