"""The log service over a database of its own: records in, transactions committed, nothing published."""

from collections.abc import AsyncIterator, Sequence
from random import Random
from typing import Any

import pytest

from fakes.launch_story import Story, Told
from fakes.transaction import FakeLease, FakeTransaction, received
from log.adapters.chunks import PostgresChunks
from log.adapters.launches import PostgresLaunches
from log.adapters.outcomes import PostgresOutcomes
from log.handlers import Handlers
from log.jobs import Jobs
from platform_for_tests import FreshDatabase
from runtime import database
from runtime.records import Outgoing


class Log:
    def __init__(self, pool: database.Pool, walled: database.Pool) -> None:
        """`walled`: what routes work with."""
        self.pool = pool
        self.walled_pool = walled
        self.launches, self.outcomes = PostgresLaunches(), PostgresOutcomes()
        self.handlers = Handlers(self.launches, self.outcomes, PostgresChunks())
        self.jobs = Jobs(self.launches, self.outcomes)
        self.emitted: list[Outgoing] = []

    async def take(self, topic: str, number: int, records: Sequence[Told]) -> None:
        """One transaction."""
        async with self.pool.acquire() as connection, connection.transaction():
            tx = FakeTransaction(number=number, partitions=4, connection=connection)
            await self.handle(tx, topic, records)
        self.emitted += tx.emitted

    async def handle(self, tx: FakeTransaction, topic: str, records: Sequence[Told]) -> None:
        handler: Any = {
            "launcher.launches": self.handlers.on_launches,
            "contacts.targets": self.handlers.on_targets,
            "executor.outcomes": self.handlers.on_outcomes,
            "messaging.deliveries": self.handlers.on_deliveries,
            "log.launches": self.handlers.on_snapshots,
        }[topic]
        await handler(tx, [received(told.event, id=told.id, number=told.number) for told in records])

    async def take_all(self, records: Sequence[Told], random: Random) -> None:
        """In portions of up to eight of one topic and partition, in the order in which they first appear."""
        left = list(records)
        while left:
            topic, number, most = left[0].topic, left[0].number, random.randint(1, 8)
            portion = [told for told in left if (told.topic, told.number) == (topic, number)][:most]
            left = [told for told in left if not any(told is taken for taken in portion)]
            await self.take(topic, number, portion)

    async def publish(self, story: Story) -> list[Any]:
        """What the launch's home would publish now."""
        lease = FakeLease(number=story.home, partitions=4, pool=self.pool)
        await self.jobs.publish(lease)
        self.emitted += lease.emitted
        return [sent.event for sent in lease.emitted]


@pytest.fixture
async def log(fresh_database: FreshDatabase) -> AsyncIterator[Log]:
    url = await fresh_database("log")
    pool = await database.connect(url, name="test")
    walled = await database.connect(url, name="test", walled=True)
    yield Log(pool, walled)
    await walled.close()
    await pool.close()
