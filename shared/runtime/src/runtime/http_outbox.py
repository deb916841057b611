"""Events of HTTP requests: written with the request's state, relayed to Kafka by whichever process comes first.

The relay claims rows with FOR UPDATE SKIP LOCKED (never `id > last`: ids become visible out of order), publishes,
waits for the acknowledgement and deletes, all in one transaction: killed anywhere, the row is claimed again.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import structlog

from runtime import failpoints
from runtime.database import pause
from runtime.lease import Emitting, Ground
from runtime.outbox import columns, row_of
from runtime.transaction import Connection

CLAIM = 100
IDLE_SECONDS = 1.0
ACKNOWLEDGE_SECONDS = 8.0
"""Shorter than a session may sit idle inside a transaction (`database.IDLE_IN_TRANSACTION_MS`)."""
log = structlog.get_logger()


class HttpOutbox:
    """One per process that takes HTTP writes."""

    def __init__(self, ground: Ground, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        """`pool`: what requests write with; the relay works for all projects."""
        self._ground = ground
        self._pool = pool
        self._written = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Emitting]:
        """Of an HTTP request: state and events commit together; the relay publishes at once."""
        async with self._pool.acquire() as connection:
            async with connection.transaction():
                now = await connection.fetchval("SELECT date_trunc('milliseconds', clock_timestamp())")
                tx = Emitting(connection, now, number=None, ground=self._ground)
                yield tx
                if tx.rows:
                    await connection.executemany(
                        "INSERT INTO http_outbox (topic, partition, key, headers, packed, tag, expand, at)"
                        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                        [columns(row) for row in tx.rows],
                    )
            failpoints.hit("http.committed", connection)
        if tx.rows:
            self._written.set()

    def start(self) -> None:
        self._task = asyncio.create_task(self._relay(), name="http outbox")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def _relay(self) -> None:
        attempt = 0
        while True:
            self._written.clear()
            try:
                while await self._portion() == CLAIM:
                    pass
            except Exception as error:
                log.warning("relay failed: trying again", error=str(error) or type(error).__name__)
                await pause(attempt)
                attempt += 1
                continue
            attempt = 0
            try:
                await asyncio.wait_for(self._written.wait(), IDLE_SECONDS)
            except TimeoutError:
                continue

    async def _portion(self) -> int:
        """Publish what nobody else is publishing; returns how many rows."""
        async with self._ground.pool.acquire() as connection:
            if not await connection.fetchval("SELECT EXISTS (SELECT FROM http_outbox)"):
                return 0  # mostly: without a transaction
            return await self._publish(connection)

    async def _publish(self, connection: Connection) -> int:
        async with connection.transaction():
            rows = await _claim(connection)
            if rows:
                sent = [await self._ground.publisher.send(row_of(row)) for row in rows]
                async with asyncio.timeout(ACKNOWLEDGE_SECONDS):
                    await asyncio.gather(*map(asyncio.shield, sent))
                failpoints.hit("http.relayed", connection)
                await connection.execute(
                    "DELETE FROM http_outbox WHERE id = ANY($1::bigint[])", [row["id"] for row in rows]
                )
        return len(rows)


async def _claim(connection: Connection) -> list[asyncpg.Record]:
    return await connection.fetch(
        "SELECT id, topic, partition, key, headers, packed, tag, expand, at FROM http_outbox"
        " ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED",
        CLAIM,
    )
