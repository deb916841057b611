"""One bench per test: topics and a database of its own on the run's servers."""

from collections.abc import AsyncIterator

import pytest
import structlog
from aiokafka import AIOKafkaProducer

from integration.runtime.harness import IN, MIGRATIONS, MORE, OUT, Bench, drop_topics, make_topics
from platform_for_tests import FreshDatabase, FreshTopics, Platform
from runtime import database


@pytest.fixture(autouse=True, scope="session")
def plain_tracebacks() -> None:
    """The usual ones, with every local variable, stop the event loop for seconds."""
    renderer = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[structlog.processors.TimeStamper(fmt="%H:%M:%S.%f"), renderer])


@pytest.fixture
async def bench(platform: Platform, fresh_database: FreshDatabase, fresh_topics: FreshTopics) -> AsyncIterator[Bench]:
    prefix, partitions = fresh_topics.prefix, 4
    dsn = await fresh_database("ledger", MIGRATIONS)
    await make_topics(platform.kafka, prefix, partitions, IN, MORE, OUT)
    producer = AIOKafkaProducer(bootstrap_servers=platform.kafka, linger_ms=1)
    await producer.start()
    pool = await database.connect(dsn, name="test", size=2)
    yield Bench(platform.kafka, fresh_database.template, prefix, partitions, producer, pool)
    await pool.close()
    await producer.stop()
    await drop_topics(platform.kafka, *(prefix + name for name in (IN, MORE, OUT)))
