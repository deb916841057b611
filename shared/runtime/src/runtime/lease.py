"""Ownership of one partition number, and the transactions under it."""

import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from runtime import cursor, failpoints
from runtime.abreast import Abreast
from runtime.cloudevents import RECORD_LIMIT, Row, encode
from runtime.cursor import CLOCK, Position, TopicAt
from runtime.errors import Transient
from runtime.outbox import Outbox
from runtime.poison import Body, is_open, judge
from runtime.producer import Publisher
from runtime.records import Outgoing
from runtime.transaction import Connection


class Emitting:
    """A transaction, as handlers and jobs see it (`runtime.transaction.Transaction`)."""

    def __init__(
        self,
        connection: Connection,
        now: datetime,
        *,
        number: int | None,
        ground: "Ground",
    ) -> None:
        self.connection = connection
        self.now = now
        self.number = number
        self.partitions = ground.partitions
        self._ground = ground
        self.rows: list[Row] = []

    def emit(self, *events: Outgoing) -> None:
        for event in events:
            if event.topic not in self._ground.emits or not 0 <= event.partition < self.partitions:
                raise ValueError(f"{event.topic}, partition {event.partition}: not what this service writes")
            if event.expand is not None and event.expand not in self._ground.publisher.expanders:
                raise ValueError(f"{event.expand}: no such expander")
            limit = self._ground.limits.get(event.topic, RECORD_LIMIT)
            self.rows.append(encode(event, source=self._ground.source, now=self.now, limit=limit))


@dataclass(frozen=True, slots=True)
class Ground:
    """What every lease of a process stands on."""

    consumer: str
    partitions: int
    owner: str
    pool: "asyncpg.Pool[asyncpg.Record]"
    publisher: Publisher
    emits: frozenset[str]
    """Topics it writes."""
    limits: dict[str, int]
    """Most bytes of a record, by topic."""

    @property
    def source(self) -> str:
        """The `ce_source` of everything this service emits."""
        return f"/slipway/{self.consumer}"


class OwnedNumber:
    """`runtime.transaction.Lease`. One task works with it; only `wake` may be called from elsewhere."""

    def __init__(self, ground: Ground, number: int, position: Position, wake: Callable[..., None]) -> None:
        self._ground = ground
        self._wake = wake
        self.number = number
        self.partitions = ground.partitions
        self.epoch = position.epoch
        self.pool = ground.pool
        self.next: dict[str, int] = dict(position.offsets)
        """Next offset by topic, `clock` included, as committed."""
        self.outbox = Outbox(ground.publisher, ground.consumer, number, position.epoch)
        self.abreast = Abreast()
        self.moved = time.monotonic()
        """When the last transaction was committed."""

    @classmethod
    async def acquire(
        cls, ground: Ground, number: int, topics: Mapping[str, TopicAt], wake: Callable[..., None]
    ) -> "OwnedNumber":
        """Raises Stopped (see `cursor.acquire`)."""
        async with ground.pool.acquire() as connection:
            position = await cursor.acquire(connection, ground.consumer, number, topics, ground.owner)
        failpoints.hit("lease.acquired")
        return cls(ground, number, position, wake)

    async def reload(self, topics: Mapping[str, TopicAt]) -> None:
        """After a failure of the world. Raises Fenced, Stopped."""
        async with self.pool.acquire() as connection:
            position = await cursor.reload(connection, self._ground.consumer, self.number, self.epoch, topics)
        self.next = dict(position.offsets)

    def wake(self, *jobs: str) -> None:
        self._wake(*jobs)

    def lag(self, topic: str) -> float | None:
        return self.abreast.lag(topic, self.next[topic])

    def transaction(self) -> AbstractAsyncContextManager[Emitting]:
        """Of an idle job: compare-and-set on the clock row."""
        return self.advance(CLOCK, self.next[CLOCK] + 1)

    @asynccontextmanager
    async def advance(self, topic: str, to: int) -> AsyncIterator[Emitting]:
        """Move a cursor, run the body, store what it emitted, commit, then publish without waiting for Kafka.

        Errors of the body come out judged (`runtime.poison`): Poison, or the world's as they are. After the commit
        there is Transient alone: the number starts again, and publishes what is stored first.
        """
        connection_open, body = True, Body()
        try:
            async with self.pool.acquire() as connection:
                try:
                    async with connection.transaction(), body:
                        gone = self.outbox.acknowledged()
                        now = await cursor.advance(
                            connection,
                            self._ground.consumer,
                            self.number,
                            topic,
                            old=self.next[topic],
                            new=to,
                            epoch=self.epoch,
                            delete=gone,
                        )
                        tx = Emitting(connection, now, number=self.number, ground=self._ground)
                        yield tx
                        failpoints.hit("stream.mid_transaction", connection)
                        rows = self.outbox.draw(tx.rows)
                        await self.outbox.store(connection, rows)
                        failpoints.hit("stream.before_commit", connection)
                    failpoints.hit("stream.committed", connection)
                except Exception:
                    connection_open = is_open(connection)
                    raise
        except Exception as error:
            raised = body.error or error
            verdict = judge(raised, connection_open=connection_open)
            if verdict is raised:
                raise raised  # noqa: B904 - the first there was; what followed says less
            raise verdict from raised
        self.next[topic] = to
        self.moved = time.monotonic()
        self.outbox.forget(gone)
        try:
            failpoints.hit("stream.before_publish")
            await self.outbox.publish(rows)
            failpoints.hit("stream.published")
        except Transient:
            raise
        except Exception as error:  # nothing that is stored may be taken for a record's or a job's own fault
            raise Transient(f"committed and not published yet: {type(error).__name__}: {error}") from error

    async def leftovers(self) -> None:
        """Publish what is stored and was not published (by an earlier owner, or before a failure)."""
        async with self.pool.acquire() as connection:
            await self.outbox.leftovers(connection)

    async def settle(self) -> None:
        """Delete published rows when no transaction comes to do it. Raises Fenced."""
        if self.outbox.acknowledged():
            async with self.pool.acquire() as connection:
                await self.outbox.settle(connection)
