"""The whole service on real Kafka and PostgreSQL: records in, outcomes and snapshots out."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.structs import ConsumerRecord
from prometheus_client import CollectorRegistry

from contracts.crm import LaunchCompleted, LaunchFigures, LaunchProgressed, OutcomeRecorded
from fakes.launch_story import PROJECT, Story, Told
from fakes.transaction import NOON
from log.app import build
from platform_for_tests import FreshDatabase, FreshTopics, Platform
from runtime.cloudevents import encode
from runtime.engine import Engine
from runtime.ids import derive
from runtime.records import Outgoing
from runtime.settings import Settings

PARTITIONS = 4
Seen = ConsumerRecord[bytes, bytes]
TOPICS = ["launcher.launches", "contacts.targets", "executor.outcomes", "messaging.deliveries"]


@dataclass
class World:
    settings: Settings
    producer: AIOKafkaProducer

    @asynccontextmanager
    async def log(self, slot: str) -> AsyncIterator[None]:
        """One process of it."""

        def fatal(reason: str) -> None:
            raise AssertionError(reason)

        settings = self.settings.model_copy(update={"slot": slot})
        engine = Engine(build(settings), settings, registry=CollectorRegistry(), fatal=fatal)
        await engine.prepare()
        await engine.start()
        try:
            yield
        finally:
            await engine.stop(leave=True)

    async def write(self, records: Sequence[Told]) -> None:
        for told in records:
            sent = Outgoing(told.topic, told.number, "launch-1", told.event, told.id, PROJECT)
            row = encode(sent, source="/slipway/test", now=NOON)
            topic = self.settings.topic(told.topic)
            await self.producer.send(topic, row.value, key=row.key, partition=told.number, headers=row.pairs)
        await self.producer.flush()


@pytest.fixture
async def world(platform: Platform, fresh_database: FreshDatabase, fresh_topics: FreshTopics) -> AsyncIterator[World]:
    await fresh_database("log")
    prefix = await fresh_topics(*TOPICS, "log.outcomes", "log.launches", partitions=PARTITIONS)
    settings = Settings(
        kafka=platform.kafka, postgres=fresh_database.template, partitions=PARTITIONS, topic_prefix=prefix, mode="local"
    )
    producer = AIOKafkaProducer(bootstrap_servers=platform.kafka, linger_ms=1)
    await producer.start()
    yield World(settings, producer)
    await producer.stop()


@asynccontextmanager
async def reading(settings: Settings, topic: str) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.kafka, auto_offset_reset="earliest", group_id=None)
    await consumer.start()
    consumer.assign([TopicPartition(settings.topic(topic), number) for number in range(PARTITIONS)])
    try:
        yield consumer
    finally:
        await consumer.stop()


async def snapshots(consumer: AIOKafkaConsumer) -> AsyncIterator[tuple[Seen, LaunchFigures]]:
    kinds = {kind.TYPE: kind for kind in (LaunchProgressed, LaunchCompleted)}
    async for record in consumer:
        assert record.value is not None
        yield record, kinds[dict(record.headers)["ce_type"].decode()].model_validate_json(record.value)


async def all_now(consumer: AIOKafkaConsumer) -> list[Seen]:
    """Everything on the topic."""
    ends = await consumer.end_offsets(list(consumer.assignment()))
    found: list[Seen] = []
    for partition, end in ends.items():
        while await consumer.position(partition) < end:
            for records in (await consumer.getmany(partition, timeout_ms=1000)).values():
                found += records
    return found


async def test_a_launch_is_counted_published_and_ended_exactly(world: World) -> None:
    """Records come up to three times, out of order, and another process takes over in the middle."""
    random = Random(1)
    story = Story.of(300, seed=1, partitions=PARTITIONS)
    records = [told for told in story.records() for _ in range(random.randint(1, 3))]
    random.shuffle(records)
    records.sort(key=lambda told: told.topic != "launcher.launches")
    half = len(records) // 2
    async with reading(world.settings, "log.launches") as launches, reading(world.settings, "log.outcomes") as outcomes:
        seen = snapshots(launches)
        async with world.log("log-0"):
            await world.write(records[:half])
            async with asyncio.timeout(60):
                await anext(seen)
        async with world.log("log-1"), asyncio.timeout(60):
            await world.write(records[half:])
            async for record, last in seen:
                assert (record.key, record.partition) == (story.launch_id.encode(), story.home)
                if isinstance(last, LaunchCompleted) and last.deliveries == story.expected()["deliveries"]:
                    break
        assert {name: getattr(last, name) for name in story.expected()} == story.expected()
        published = await all_now(outcomes)
    ended_at = record.timestamp
    by_contact: dict[str, bytes] = {}
    for each in published:
        assert each.value is not None and each.key is not None
        outcome = OutcomeRecorded.model_validate_json(each.value)
        headers = {name: value.decode() for name, value in each.headers}
        assert each.key.decode() == outcome.contact_id
        assert headers["ce_id"] == derive("outcome", story.launch_id, outcome.contact_id)
        assert (headers["ce_type"], headers["ce_slipwayproject"]) == (OutcomeRecorded.TYPE, PROJECT)
        assert by_contact.setdefault(outcome.contact_id, each.value) == each.value
        assert each.timestamp <= ended_at
    targets = {target.contact_id: target for target in story.targets}
    assert by_contact.keys() == targets.keys()
    assert {each.key.decode(): each.partition for each in published if each.key} == {
        target.contact_id: target.number for target in story.targets
    }


async def test_the_first_progress_is_there_within_a_second(world: World) -> None:
    story = Story.of(3, seed=2, partitions=PARTITIONS)
    async with reading(world.settings, "log.launches") as launches, world.log("log-0"), asyncio.timeout(30):
        warm = Story.of(1, seed=3, launch_id="warm", partitions=PARTITIONS)
        await world.write(warm.records())
        seen = snapshots(launches)
        async for _, figures in seen:
            if isinstance(figures, LaunchCompleted):
                break
        loop = asyncio.get_running_loop()
        began = loop.time()
        await world.write(story.records()[:1])
        async for _, figures in seen:
            if figures.launch_id == story.launch_id:
                break
        assert isinstance(figures, LaunchProgressed)
        assert loop.time() - began < 1.0
