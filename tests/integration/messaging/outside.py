"""messaging seen from outside: a process of its own between real Kafka, real PostgreSQL and a mail server's ledger."""

import asyncio
import json
import os
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from cli.platform.sink import Session
from cli.platform.sink_behaviour import Behaviours
from cli.platform.sink_ledger import Ledger
from cli.platform.sink_wire import Wire
from contracts.deliveries import DeliveriesRecorded
from contracts.event import Event
from contracts.words import DeliveryState
from fakes.transaction import NOON
from messaging.domain.sends import SendKey
from runtime.cloudevents import encode
from runtime.ids import derive
from runtime.records import Outgoing
from unit.messaging.builders import PROJECT

SECONDS = 60.0
CONNECTIONS, LOAD = 4, 3
"""Sessions of each process, and mails that one carries at once."""
TOPICS = (
    "executor.sends",
    "contacts.targets",
    "contacts.changes",
    "launcher.launches",
    "launcher.projects",
    "messaging.deliveries",
    "messaging.channels",
)


@dataclass
class Outside:
    """What is sent in, and what comes out."""

    kafka: str
    postgres: str
    prefix: str
    partitions: int
    folder: Path
    told: dict[SendKey, DeliveryState] = field(default_factory=dict)
    ids: dict[str, bytes] = field(default_factory=dict)
    """Of all records, with their bytes: a repeated one is byte-identical."""
    smtp_port: int = 0
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def __aenter__(self) -> Self:
        self.producer = AIOKafkaProducer(bootstrap_servers=self.kafka, enable_idempotence=True)
        await self.producer.start()
        self._stack.push_async_callback(self.producer.stop)
        self.consumer = AIOKafkaConsumer(bootstrap_servers=self.kafka, auto_offset_reset="earliest")
        await self.consumer.start()
        self._stack.push_async_callback(self.consumer.stop)
        numbers = range(self.partitions)
        self.consumer.assign([TopicPartition(self.prefix + "messaging.deliveries", number) for number in numbers])
        await self._sink()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def _sink(self) -> None:
        book, behaviours = Ledger(self.mails), Behaviours(self.mails.with_suffix(".behaviour.json"))
        tasks: set[asyncio.Task[Any]] = set()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            tasks.add(task)
            await Session(Wire(reader, writer), book, behaviours).run()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        self.smtp_port = server.sockets[0].getsockname()[1]

        async def stop() -> None:
            server.close()
            await asyncio.wait(tasks or {asyncio.create_task(asyncio.sleep(0))}, timeout=5)
            book.close()

        self._stack.push_async_callback(stop)

    @property
    def mails(self) -> Path:
        return self.folder / "mails.jsonl"

    def taken(self) -> Counter[str]:
        """Send ids that the mail server has, and how often."""
        lines = self.mails.read_text().splitlines() if self.mails.exists() else []
        return Counter(json.loads(line)["message_id"].strip("<>").partition("@")[0] for line in lines)

    async def send(self, topic: str, number: int, event: Event, cause: str) -> None:
        outgoing = Outgoing(topic=topic, partition=number, key="key", event=event, id=derive(cause), project=PROJECT)
        row = encode(outgoing, source="/slipway/test", now=NOON)
        await self.producer.send_and_wait(
            self.prefix + topic, row.value, key=row.key, partition=number, headers=row.pairs
        )

    async def read(self) -> None:
        """What was told since the last time."""
        for records in (await self.consumer.getmany(timeout_ms=200)).values():
            for record in records:
                id = dict(record.headers)["ce_id"].decode()
                assert self.ids.setdefault(id, record.value or b"") == record.value
                chunk = DeliveriesRecorded.model_validate_json(record.value)
                for place, contact_id in enumerate(chunk.contact_ids):
                    key = SendKey(chunk.launch_id, contact_id, chunk.step, chunk.occurrences[place])
                    if self.told.get(key) == chunk.previous[place]:
                        self.told[key] = chunk.states[place]

    async def until(self, count: int, states: Iterable[str]) -> None:
        """Until so many sends are in one of these states."""
        wanted = set(states)
        async with asyncio.timeout(SECONDS):
            while sum(state in wanted for state in self.told.values()) < count:
                await self.read()

    async def until_taken(self, count: int) -> None:
        """Until the mail server has so many mails."""
        async with asyncio.timeout(SECONDS):
            while self.taken().total() < count:
                await asyncio.sleep(0.002)

    @asynccontextmanager
    async def process(self, failpoint: str = "", **settings: str) -> AsyncIterator[asyncio.subprocess.Process]:
        environment = {
            "SLIPWAY_KAFKA": self.kafka,
            "SLIPWAY_POSTGRES": self.postgres,
            "SLIPWAY_TOPIC_PREFIX": self.prefix,
            "SLIPWAY_PARTITIONS": str(self.partitions),
            "SLIPWAY_SLOT": "messaging-0",
            "SLIPWAY_MODE": "local",
            "SLIPWAY_TOKEN_KEY": "k" * 32,
            "SLIPWAY_LINK_KEY": "l" * 32,
            "SLIPWAY_PUBLIC_URL": "https://slipway.example",
            "SLIPWAY_SMTP_URL": f"smtp://127.0.0.1:{self.smtp_port}",
            "SLIPWAY_SMTP_CONNECTIONS": str(CONNECTIONS),
            "SLIPWAY_SMTP_LOAD": str(LOAD),
            "SLIPWAY_SMTP_RETRY_FIRST_SECONDS": "0.05",
            "SLIPWAY_FAILPOINT": failpoint,
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "messaging",
            env={**os.environ, **environment, **settings},
            stdout=asyncio.subprocess.DEVNULL if "SLIPWAY_TEST_LOGS" not in os.environ else None,
            stderr=asyncio.subprocess.DEVNULL if "SLIPWAY_TEST_LOGS" not in os.environ else None,
        )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()
