"""Kafka is killed in the middle of the work and comes back: nothing is lost, and nobody has to do anything."""

import asyncio
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
from integration.runtime.harness import IN, MIGRATIONS, MORE, OUT, Answered, Bench, Ledger, make_topics, until
from platform_for_tests import FreshDatabase
from runtime import database
from runtime.records import Outgoing

pytestmark = pytest.mark.skipif(os.environ.get("PLATFORM") == "containers", reason="has a broker of its own")


class Broker:
    def __init__(self, server: KafkaServer) -> None:
        self.server = server
        self.process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        self.process = start(self.server.spec())
        await await_kafka({"bootstrap_servers": self.server.address})

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


async def test_kafka_comes_late_is_killed_and_comes_back(broker: Broker, fresh_database: FreshDatabase) -> None:
    pool = await database.connect(await fresh_database("ledger", MIGRATIONS), name="test", size=2)
    bench = Bench(broker.server.address, fresh_database.template, "", 4, None, pool)
    async with bench.engine(Ledger(), start=False) as engine:
        starting = asyncio.create_task(engine.start())
        await until(lambda: engine.problems() == ["kafka is not reached yet"], 5)
        await broker.start()
        await make_topics(broker.server.address, "", 4, IN, MORE, OUT)
        await starting
        bench.producer = AIOKafkaProducer(bootstrap_servers=broker.server.address, enable_idempotence=True)
        await bench.producer.start()
        ids = await bench.note(200)
        broker.kill()
        async with engine.transaction() as tx:
            tx.emit(Outgoing(topic=OUT, partition=0, key="k", event=Answered(name="http"), id="http"))
        await broker.start()
        ids += await bench.note(40)
        await until(lambda: engine.problems() == [], 20)
        await bench.exact(ids, others=["http"])
        await bench.producer.stop()
    await pool.close()
