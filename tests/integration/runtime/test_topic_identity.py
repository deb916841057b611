"""Where going on would guess, the service stops, says what to do, and touches nothing."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, RecordsToDelete
from aiokafka.structs import TopicPartition

from integration.runtime.harness import IN, OUT, Bench, Ledger, drop_topics, make_topics, until
from runtime import topics
from runtime.engine import Engine


@pytest.fixture(autouse=True)
def looks_often(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(topics, "CHECK_SECONDS", 0.3)
    monkeypatch.setattr(topics, "FRESH_SECONDS", 0.1)
    yield


@pytest.mark.parametrize("topic", [IN, OUT])
async def test_a_topic_made_again_stops_the_service_until_a_person_accepts_it(bench: Bench, topic: str) -> None:
    async with bench.engine(Ledger()) as engine:
        await bench.exact(await bench.note(8))
        await drop_topics(bench.kafka, bench.prefix + topic)
        await make_topics(bench.kafka, bench.prefix, bench.partitions, topic)
        await until(lambda: any("made again" in problem for problem in engine.problems()), 10)
    await bench.note(8)
    async with starting(bench) as engine:
        await until(lambda: len(advice(engine)) == (bench.partitions if topic == IN else 1), 10)
        changes = advice(engine)
        assert await bench.noted() == 8
    for change in changes:
        await bench.pool.execute(change)
    async with bench.engine(Ledger()):
        await bench.until_noted(16)


async def test_records_removed_before_they_were_read_stop_their_partition(bench: Bench) -> None:
    async with bench.engine(Ledger()):
        await bench.exact(await bench.note(8))
    await bench.note(12)
    tp = TopicPartition(bench.prefix + IN, 1)
    async with admin(bench) as client:
        await client.delete_records({tp: RecordsToDelete(4)})
    async with bench.engine(Ledger()) as engine:
        await bench.until_noted(8 + 9)
        [problem] = engine.problems()
        assert "partition 1 stopped: records 2 to 3 of ledger.in were removed" in problem


async def test_another_partition_count_stops_the_service(bench: Bench) -> None:
    async with bench.engine(Ledger()) as engine:
        async with admin(bench) as client:
            await client.create_partitions({bench.prefix + IN: NewPartitions(6)})
        await until(lambda: any("has 6 partitions" in problem for problem in engine.problems()), 10)


async def test_it_waits_for_topics_that_are_not_made_yet(bench: Bench) -> None:
    await drop_topics(bench.kafka, bench.prefix + OUT)
    async with starting(bench) as engine:
        await until(lambda: any("slipway topics apply" in problem for problem in engine.problems()), 10)
        await make_topics(bench.kafka, bench.prefix, bench.partitions, OUT)
        await bench.exact(await bench.note(8))


def advice(engine: Engine) -> list[str]:
    """What the problems say to run."""
    return re.findall(r"UPDATE .*?(?=;)", " ".join(engine.problems()))


@asynccontextmanager
async def starting(bench: Bench) -> AsyncIterator[Engine]:
    """An engine whose start does not come to its end by itself."""
    async with bench.engine(Ledger(), start=False) as engine:
        start = asyncio.create_task(engine.start())
        try:
            yield engine
        finally:
            start.cancel()
            await asyncio.wait([start])


@asynccontextmanager
async def admin(bench: Bench) -> AsyncIterator[AIOKafkaAdminClient]:
    client = AIOKafkaAdminClient(bootstrap_servers=bench.kafka)
    await client.start()
    try:
        yield client
    finally:
        await client.close()
