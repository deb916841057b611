"""The connection pool of a service's own database.

Decisions that every query can lean on: `jsonb` parameters take Python values and columns give them back (orjson; SQL
NULL is None); a session sits idle inside a transaction for at most 10 s, so that a frozen process cannot hold the rows
of the one that took over; nothing hangs longer than `COMMAND_SECONDS`; plans use indexes even while tables are still
empty, because a prepared statement keeps its plan while they fill (measured: 300 µs instead of 3 per contact). A
statement of a partition number is planned once in a session: all of them look up by key, whatever the values are, and
PostgreSQL would plan the first five executions one by one. Routes, with conditions and lists, are planned for these.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import asyncpg
import orjson
import structlog

from runtime import walls
from runtime.transaction import Connection

COMMAND_SECONDS = 60.0
CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 3.0
IDLE_IN_TRANSACTION_MS = 10_000
RETRY_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0)
UNREACHABLE = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
"""Not there, not yet there, no longer there: try again."""

if TYPE_CHECKING:
    Pool = asyncpg.Pool[asyncpg.Record]
else:  # generic for type checkers only
    Pool = asyncpg.Pool
log = structlog.get_logger()


async def connect(
    dsn: str,
    *,
    name: str,
    size: int = 6,
    walled: bool = False,
    patience: Callable[[int], Awaitable[None]] | None = None,
) -> Pool:
    """A pool, when the server answers; until then tries again for ever (`patience(attempt)` waits between).

    `name` is the sessions' application_name. `walled`: for routes, see `runtime.walls`; its connections are made when
    they are needed. Raises what does not get better by waiting (password, missing database).
    """
    attempt = 0
    while True:
        try:
            return await _create(dsn, name, size, walled)
        except UNREACHABLE as error:
            log.warning("postgres is not reachable: trying again", error=str(error) or type(error).__name__)
            await (patience or pause)(attempt)
            attempt += 1


async def answers(dsn: str, seconds: float = ANSWER_SECONDS) -> bool:
    """Whether the server takes a new session and answers in it."""
    try:
        async with asyncio.timeout(seconds):
            connection = await asyncpg.connect(dsn, timeout=seconds)
            try:
                await connection.execute("SELECT 1")
            finally:
                connection.terminate()
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError):
        return False
    return True


async def pause(attempt: int) -> None:
    await asyncio.sleep(RETRY_SECONDS[min(attempt, len(RETRY_SECONDS) - 1)])


async def _create(dsn: str, name: str, size: int, walled: bool) -> Pool:
    return await asyncpg.create_pool(
        dsn,
        min_size=0 if walled else 1,
        max_size=size,
        timeout=CONNECT_SECONDS,
        command_timeout=COMMAND_SECONDS,
        max_inactive_connection_lifetime=300,
        init=_prepare_walled if walled else prepare,
        setup=walls.look_through if walled else None,
        reset=_reset,
        server_settings={
            **({} if walled else {walls.SETTING: walls.EVERYWHERE, "plan_cache_mode": "force_generic_plan"}),
            "application_name": name[:63],
            "timezone": "UTC",
            "jit": "off",
            "enable_seqscan": "off",
            "idle_in_transaction_session_timeout": str(IDLE_IN_TRANSACTION_MS),
        },
    )


async def prepare(connection: Connection) -> None:
    """Make a connection speak as this module says. The pool does it; a connection made otherwise needs it too."""
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        format="binary",
        encoder=lambda value: b"\x01" + orjson.dumps(value),
        decoder=lambda raw: orjson.loads(raw[1:]),
    )


async def _prepare_walled(connection: Connection) -> None:
    await prepare(connection)
    await walls.stand_behind(connection)


async def _reset(connection: Connection) -> None:
    """Back to the pool. Nothing here changes a session's state but what the next one to take it sets anew, so the
    default's extra round trip is not needed."""
    if connection.is_in_transaction():
        await connection.execute("ROLLBACK")
