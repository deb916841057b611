"""A transaction for handlers' tests: time is set, what is emitted is collected, the connection is yours or none.

```python
tx = FakeTransaction(number=3)                                # no database: the handler's ports are fakes
tx = FakeTransaction(number=3, connection=connection)         # real database
await handlers.on_targets(tx, [received(event, number=3)])
assert [sent.event for sent in tx.emitted] == [...]
```
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, cast

from pydantic import BaseModel

from runtime.records import Outgoing, Received, Record
from runtime.transaction import Connection

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
E = TypeVar("E", bound=BaseModel)


class NoConnection:
    """Stands where a handler that has only fakes for ports must not touch the database."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"this test has no database, but something called connection.{name}")


class FakeTransaction:
    """`runtime.transaction.Transaction` without the protocol around it: nothing commits, nothing is published."""

    def __init__(
        self,
        *,
        number: int | None = 0,
        partitions: int = 8,
        now: datetime = NOON,
        connection: Connection | None = None,
    ) -> None:
        self.number = number
        self.partitions = partitions
        self.now = now
        self.connection: Connection = connection if connection is not None else cast(Connection, NoConnection())
        self.emitted: list[Outgoing] = []

    def emit(self, *events: Outgoing) -> None:
        self.emitted.extend(events)

    def emitted_on(self, topic: str) -> list[Outgoing]:
        return [event for event in self.emitted if event.topic == topic]

    def later(self, **delta: float) -> None:
        """Let time pass: `tx.later(hours=2)`."""
        self.now += timedelta(**delta)


class FakeLease:
    """`runtime.transaction.Lease`: every transaction is a FakeTransaction, kept in `transactions`."""

    def __init__(
        self,
        *,
        number: int = 0,
        partitions: int = 8,
        epoch: int = 1,
        pool: Any = None,
        now: datetime = NOON,
        connect: Callable[[], Any] | None = None,
    ) -> None:
        """`connect`: gives an async context manager of a connection (`pool.acquire`) for each transaction."""
        self.number = number
        self.partitions = partitions
        self.epoch = epoch
        self.pool = pool
        self.now = now
        self.connect = connect if connect is not None else (None if pool is None else pool.acquire)
        self.transactions: list[FakeTransaction] = []
        self.woken = 0
        self.lags: dict[str, float | None] = {}
        """What `lag` answers, by topic; 0 where nothing is said."""

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[FakeTransaction]:
        if self.connect is None:
            tx = FakeTransaction(number=self.number, partitions=self.partitions, now=self.now)
            yield tx
        else:
            async with self.connect() as connection, connection.transaction():
                tx = FakeTransaction(
                    number=self.number, partitions=self.partitions, now=self.now, connection=connection
                )
                yield tx
        self.transactions.append(tx)

    @property
    def emitted(self) -> list[Outgoing]:
        """Of all transactions that went through."""
        return [event for tx in self.transactions for event in tx.emitted]

    def wake(self, *jobs: str) -> None:
        self.woken += 1

    def lag(self, topic: str) -> float | None:
        return self.lags.get(topic, 0.0)


def received(
    event: E,
    *,
    id: str = "cause-1",
    source: str = "/slipway/test",
    topic: str = "test.topic",
    number: int = 0,
    offset: int = 0,
    key: str | None = None,
    timestamp: datetime = NOON,
) -> Received[E]:
    """An event as a handler gets it."""
    return Received(
        event=event,
        id=id,
        source=source,
        record=Record(
            topic=topic,
            partition=number,
            offset=offset,
            timestamp=int(timestamp.timestamp() * 1000),
            key=None if key is None else key.encode(),
            value=event.model_dump_json().encode(),
            headers={"ce_id": id.encode(), "ce_source": source.encode()},
        ),
    )


def record(
    value: bytes | None,
    headers: dict[str, str] | None = None,
    *,
    topic: str = "test.topic",
    number: int = 0,
    offset: int = 0,
    key: str | None = None,
    timestamp: datetime = NOON,
) -> Record:
    """A record as a handler of a RawSubscription gets it."""
    return Record(
        topic=topic,
        partition=number,
        offset=offset,
        timestamp=int(timestamp.timestamp() * 1000),
        key=None if key is None else key.encode(),
        value=value,
        headers={name: text.encode() for name, text in (headers or {}).items()},
    )
