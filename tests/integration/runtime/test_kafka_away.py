"""Kafka is killed in the middle of the work and comes back: nothing is lost, and nobody has to do anything."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from cli.platform.jars import class_path
from cli.platform.java import find_java
from cli.platform.kafka import KafkaServer
from cli.platform.ports import choose
from cli.platform.ready import await_kafka
from cli.platform.spec import start
from integration.runtime.harness import IN, MIGRATIONS, MORE, OUT, Bench, Ledger, make_topics, until
from platform_for_tests import FreshDatabase
from runtime import database

pytestmark = pytest.mark.skipif(os.environ.get("PLATFORM") == "containers", reason="has a broker of its own")


class Broker:
    def __init__(self, server: KafkaServer) -> None:
        self.server = server
        self.process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        self.process = start(self.server.spec())
        await await_kafka(self.server.address)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    port = choose(tmp_path, None, [])
    controller = choose(tmp_path, None, [port])
    server = KafkaServer(tmp_path / "kafka", port, controller, find_java(), class_path(), tmp_path / "kafka.log")
    server.prepare()
    broker = Broker(server)
    yield broker
    if broker.process is not None and broker.process.poll() is None:
        broker.kill()


async def test_kafka_is_killed_and_comes_back(broker: Broker, fresh_database: FreshDatabase) -> None:
    await broker.start()
    dsn = await fresh_database("ledger", MIGRATIONS)
    await make_topics(broker.server.address, "", 4, IN, MORE, OUT)
    producer = AIOKafkaProducer(bootstrap_servers=broker.server.address, enable_idempotence=True)
    await producer.start()
    pool = await database.connect(dsn, name="test", size=2)
    bench = Bench(broker.server.address, fresh_database.template, "", 4, producer, pool)
    async with bench.engine(Ledger()) as engine:
        ids = await bench.note(200)
        broker.kill()
        async with engine.transaction() as tx:
            await tx.connection.execute("INSERT INTO ticks VALUES (9)")
        await broker.start()
        ids += await bench.note(40)
        await bench.exact(ids)
        await until(lambda: engine.problems() == [], 10)
    await pool.close()
    await producer.stop()
