"""What a lease has decided: stored with the state, published after the commit, deleted when Kafka has it.

`seq = epoch << 32 | n` orders the rows of a partition number over all its owners.
"""

import asyncio
from collections.abc import Sequence
from functools import partial

import asyncpg

from runtime.cloudevents import Row
from runtime.errors import Fenced
from runtime.packing import Packed
from runtime.producer import Publisher
from runtime.transaction import Connection

OPEN_ROWS = 64
OPEN_BYTES = 4 * 1024 * 1024
"""So much may be sent and not acknowledged; then publishing waits, and with it the number's task."""

_INSERT = """
INSERT INTO outbox (consumer, lease_partition, seq, topic, partition, key, headers, packed, tag, expand, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""


async def unpublished(connection: Connection, consumer: str, tag: str) -> bool:
    """Whether any lease of this service, or an HTTP request, has a row with this tag that Kafka may not have yet.

    Inside a transaction it does not see what that transaction itself has emitted: those rows are stored at its end.
    """
    found: bool = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM outbox WHERE consumer = $1 AND tag = $2)"
        " OR EXISTS (SELECT FROM http_outbox WHERE tag = $2)",
        consumer,
        tag,
    )
    return found


class Outbox:
    """The rows of one lease (one partition number in one epoch, and what its earlier owners left)."""

    def __init__(self, publisher: Publisher, consumer: str, number: int, epoch: int) -> None:
        self._publisher = publisher
        self._consumer = consumer
        self._number = number
        self._epoch = epoch
        self._drawn = 0
        self._open: dict[int, int] = {}
        """seq of what is sent and not acknowledged, and its bytes."""
        self._acknowledged: set[int] = set()
        self._progress = asyncio.Event()
        self.waiting = False
        """For Kafka to acknowledge: nothing goes on before it does."""

    def draw(self, rows: Sequence[Row]) -> list[tuple[int, Row]]:
        """Give the rows their order. A number drawn for a transaction that failed is never used again."""
        numbered = []
        for row in rows:
            self._drawn += 1
            numbered.append((self._epoch << 32 | self._drawn, row))
        return numbered

    async def store(self, connection: Connection, rows: Sequence[tuple[int, Row]]) -> None:
        """In the running transaction."""
        if rows:
            await connection.executemany(
                _INSERT, [(self._consumer, self._number, seq, *columns(row)) for seq, row in rows]
            )

    def acknowledged(self) -> list[int]:
        """What the next transaction deletes; `forget` it when that is committed."""
        return sorted(self._acknowledged)

    def forget(self, gone: Sequence[int]) -> None:
        self._acknowledged.difference_update(gone)

    async def publish(self, rows: Sequence[tuple[int, Row]]) -> None:
        """After the commit, in order; waits only while too much is open. Raises Transient (see `leftovers`)."""
        for seq, row in rows:
            await self._wait_for_room(row.size)
            self._open[seq] = row.size
            try:
                future = await self._publisher.send(row)
            except BaseException:
                del self._open[seq]
                raise
            future.add_done_callback(partial(self._done, seq))

    async def leftovers(self, connection: Connection) -> None:
        """Publish what is stored and not already on its way: of earlier owners, or after a failure of our own."""
        stored = await connection.fetch(
            "SELECT seq FROM outbox WHERE consumer = $1 AND lease_partition = $2 ORDER BY seq",
            self._consumer,
            self._number,
        )
        for found in stored:
            seq: int = found["seq"]
            if seq in self._open or seq in self._acknowledged:
                continue
            row = await connection.fetchrow(
                "SELECT topic, partition, key, headers, packed, tag, expand, at FROM outbox"
                " WHERE consumer = $1 AND lease_partition = $2 AND seq = $3",
                self._consumer,
                self._number,
                seq,
            )
            if row is not None:
                await self.publish([(seq, row_of(row))])

    async def settle(self, connection: Connection) -> None:
        """When idle: delete what was acknowledged, if this number is still ours (else Fenced)."""
        gone = self.acknowledged()
        if not gone:
            return
        owned = await connection.fetchval(
            "WITH owned AS (SELECT FROM stream_cursor WHERE consumer = $1 AND partition = $2 AND topic = 'clock'"
            " AND epoch = $3), gone AS (DELETE FROM outbox WHERE consumer = $1 AND lease_partition = $2"
            " AND seq = ANY($4::bigint[]) AND EXISTS (SELECT FROM owned)) SELECT EXISTS (SELECT FROM owned)",
            self._consumer,
            self._number,
            self._epoch,
            gone,
        )
        if not owned:
            raise Fenced(f"partition {self._number}")
        self.forget(gone)

    @property
    def open(self) -> int:
        """Rows sent and not acknowledged."""
        return len(self._open)

    async def drained(self) -> None:
        """Until everything sent is acknowledged."""
        while self._open:
            self._progress.clear()
            await self._progress.wait()

    async def _wait_for_room(self, size: int) -> None:
        while self._open and (len(self._open) >= OPEN_ROWS or sum(self._open.values()) + size > OPEN_BYTES):
            self._progress.clear()
            self.waiting = True
            try:
                await self._progress.wait()
            finally:
                self.waiting = False

    def _done(self, seq: int, future: "asyncio.Future[None]") -> None:
        if self._open.pop(seq, None) is not None and not future.cancelled() and future.exception() is None:
            self._acknowledged.add(seq)
        self._progress.set()


def columns(row: Row) -> tuple[object, ...]:
    return row.topic, row.partition, row.key, row.headers, row.packed, row.tag, row.expand, row.at


def row_of(stored: asyncpg.Record) -> Row:
    return Row(
        topic=stored["topic"],
        partition=stored["partition"],
        key=stored["key"],
        headers=tuple(stored["headers"]),
        packed=Packed.again(stored["packed"]),
        tag=stored["tag"],
        expand=stored["expand"],
        at=stored["at"],
    )
