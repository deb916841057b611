"""A small service to try the delivery protocol on: it notes every event once and answers each with one event.

`Noted` events go in on `ledger.in` and `ledger.more`; for each the handler inserts a row keyed by the event's id and
emits `Answered` on `ledger.out`. Exactness is then: rows = events, answers = events, repeated answers byte-identical.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from prometheus_client import CollectorRegistry
from pydantic import BaseModel

from runtime.cloudevents import CHUNK, FOLLOWED
from runtime.engine import Engine
from runtime.errors import Permanent
from runtime.ids import derive
from runtime.records import Outgoing, Received
from runtime.service import Job, Service, Subscription
from runtime.settings import Settings
from runtime.transaction import Lease, Transaction

IN, MORE, OUT = "ledger.in", "ledger.more", "ledger.out"
MIGRATIONS = Path(__file__).parent / "migrations"
SESSION_MS = 6_000


class Noted(BaseModel):
    TYPE: ClassVar[str] = "com.ledger.noted.v1"
    name: str
    padding: str = ""
    fails: str = ""


class Answered(BaseModel):
    TYPE: ClassVar[str] = "com.ledger.answered.v1"
    name: str
    padding: str = ""


@dataclass
class Ledger:
    """The handlers. `before` runs first in each batch: a test's place to wait, fail or look."""

    before: Callable[[Transaction, Sequence[Received[Noted]]], Awaitable[None]] | None = None
    mended: bool = False
    batches: list[int] = field(default_factory=list)
    names: list[str] = field(default_factory=list)

    async def on_noted(self, tx: Transaction, events: Sequence[Received[Noted]]) -> None:
        assert tx.number is not None
        self.batches.append(len(events))
        self.names += [received.event.name for received in events]
        if self.before is not None:
            await self.before(tx, events)
        for received in events:
            event = received.event
            if event.fails and not self.mended:
                await self._fail(tx, event)
            await tx.connection.execute(
                "INSERT INTO noted (id, name, number) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
                received.id,
                event.name,
                tx.number,
            )
            tx.emit(
                Outgoing(
                    topic=OUT,
                    partition=tx.number,
                    key=event.name,
                    event=Answered(name=event.name, padding=event.padding),
                    id=derive(received.id, "answered"),
                    tag="answers",
                )
            )

    async def _fail(self, tx: Transaction, event: Noted) -> None:
        if event.fails == "permanent":
            raise Permanent("never")
        if event.fails == "bug":
            raise KeyError(event.name)
        if event.fails == "data":
            await tx.connection.execute("SELECT 1 / 0")
        if event.fails == "schema":
            await tx.connection.execute("SELECT * FROM not_there")


def ledger_service(ledger: Ledger, **changes: Any) -> Service:
    events = {Noted.TYPE: Noted}
    given: dict[str, Any] = {
        "name": "ledger",
        "migrations": MIGRATIONS,
        "subscriptions": [Subscription(IN, events, ledger.on_noted), Subscription(MORE, events, ledger.on_noted)],
        "emits": [OUT],
    }
    return Service(**(given | changes))


def counting_job(every: float = 0.2) -> Job:
    async def run(lease: Lease) -> bool:
        async with lease.transaction() as tx:
            await tx.connection.execute(
                "INSERT INTO ticks (number) VALUES ($1)",
                lease.number,
            )
        return False

    return Job("count", run, every)


@dataclass
class Bench:
    """One database and one set of topics, and what a test does with them."""

    kafka: str
    postgres: str
    prefix: str
    partitions: int
    producer: Any
    pool: "asyncpg.Pool[asyncpg.Record]"
    sent: int = 0

    def settings(self, slot: str = "", **changes: Any) -> Settings:
        given: dict[str, Any] = {
            "kafka": self.kafka,
            "postgres": self.postgres,
            "topic_prefix": self.prefix,
            "partitions": self.partitions,
            "slot": slot,
            "mode": "local",
        }
        return Settings(**(given | changes))

    def environment(self, slot: str, **changes: str) -> dict[str, str]:
        given = {
            "SLIPWAY_KAFKA": self.kafka,
            "SLIPWAY_POSTGRES": self.postgres,
            "SLIPWAY_TOPIC_PREFIX": self.prefix,
            "SLIPWAY_PARTITIONS": str(self.partitions),
            "SLIPWAY_SLOT": slot,
            "SLIPWAY_MODE": "local",
        }
        return given | changes

    @asynccontextmanager
    async def engine(
        self,
        ledger: Ledger,
        slot: str = "a",
        *,
        start: bool = True,
        settings: Mapping[str, Any] | None = None,
        **changes: Any,
    ) -> AsyncIterator[Engine]:
        """`settings` and `changes` (of the service) replace the usual ones."""
        failures: list[str] = []
        engine = Engine(
            ledger_service(ledger, **changes),
            self.settings(slot, **(settings or {})),
            registry=CollectorRegistry(),
            session_ms=SESSION_MS,
            fatal=failures.append,
        )
        await engine.prepare()
        try:
            if start:
                await engine.start()
            yield engine
        finally:
            await engine.stop(leave=True)
        assert not failures

    async def note(
        self, count: int, topic: str = IN, *, fails: str = "", partition: int | None = None, followed: bool = False
    ) -> list[str]:
        """Publish events in turn over the partitions (or on one); returns their ids."""
        further = [(FOLLOWED, CHUNK.encode())] if followed else []
        ids, futures = [], []
        for _ in range(count):
            self.sent += 1
            name = f"n{self.sent}"
            ids.append(derive("note", name))
            futures.append(
                await self.producer.send(
                    self.prefix + topic,
                    Noted(name=name, fails=fails).model_dump_json().encode(),
                    key=name.encode(),
                    partition=self.sent % self.partitions if partition is None else partition,
                    headers=[*headers(Noted.TYPE, ids[-1]), *further],
                )
            )
        for future in futures:
            await future
        return ids

    async def send(
        self, value: bytes | None, headers: list[tuple[str, bytes]], topic: str = IN, partition: int = 0
    ) -> None:
        await self.producer.send_and_wait(self.prefix + topic, value, key=b"k", partition=partition, headers=headers)

    async def noted(self) -> int:
        count: int = await self.pool.fetchval("SELECT count(*) FROM noted")
        return count

    async def until_noted(self, count: int, seconds: float = 30) -> None:
        await until(lambda: self._noted_is(count), seconds, lambda: f"{count} events noted")

    async def _noted_is(self, count: int) -> bool:
        return await self.noted() == count

    async def answers(self) -> list[Any]:
        """Every record on `ledger.out`, by partition and offset."""
        consumer = AIOKafkaConsumer(bootstrap_servers=self.kafka, auto_offset_reset="earliest")
        await consumer.start()
        try:
            partitions = [TopicPartition(self.prefix + OUT, number) for number in range(self.partitions)]
            consumer.assign(partitions)
            ends = await consumer.end_offsets(partitions)
            found: list[Any] = []
            while len(found) < sum(ends.values()):
                for records in (await consumer.getmany(timeout_ms=1000)).values():
                    found += records
            return sorted(found, key=lambda record: (record.partition, record.offset))
        finally:
            await consumer.stop()

    async def exact(self, ids: Sequence[str], others: Sequence[str] = ()) -> None:
        """Every event noted once, every answer there, repetitions byte-identical, nothing left behind."""
        await self.until_noted(len(ids))
        assert set(ids) == {row["id"] for row in await self.pool.fetch("SELECT id FROM noted")}
        await until(self.outbox_empty, 20, lambda: "an empty outbox")
        by_id: dict[str, set[tuple[Any, ...]]] = {}
        for record in await self.answers():
            id_ = dict(record.headers)["ce_id"].decode()
            by_id.setdefault(id_, set()).add((record.partition, record.key, record.value, tuple(record.headers)))
        assert set(by_id) == {derive(id_, "answered") for id_ in ids} | set(others)
        assert all(len(copies) == 1 for copies in by_id.values())

    async def outbox_empty(self) -> bool:
        return not await self.pool.fetchval("SELECT (SELECT count(*) FROM outbox) + (SELECT count(*) FROM http_outbox)")


def headers(type_: str, id_: str) -> list[tuple[str, bytes]]:
    texts = {"ce_specversion": "1.0", "ce_id": id_, "ce_source": "/test", "ce_type": type_}
    return [(name, text.encode()) for name, text in texts.items()]


async def until(
    check: Callable[[], Awaitable[bool]] | Callable[[], bool],
    seconds: float,
    what: Callable[[], str] = lambda: "the condition",
) -> None:
    """Wait for something outside this process."""
    try:
        async with asyncio.timeout(seconds):
            while True:
                answer = check()
                if await answer if isinstance(answer, Awaitable) else answer:
                    return
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"not within {seconds} s: {what()}") from None


async def make_topics(kafka: str, prefix: str, partitions: int, *names: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        config = {"max.message.bytes": str(4 * 1024 * 1024)}
        await admin.create_topics([NewTopic(prefix + name, partitions, 1, topic_configs=config) for name in names])
    finally:
        await admin.close()


async def drop_topics(kafka: str, *names: str) -> None:
    """Returns when they are gone."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()

    async def gone() -> bool:
        return not set(names) & set(await admin.list_topics())

    try:
        await admin.delete_topics(list(names))
        await until(gone, 20)
    finally:
        await admin.close()
