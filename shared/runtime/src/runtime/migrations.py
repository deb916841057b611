"""Forward-only numbered SQL: `0001_initial.sql`, `0002_….sql`, each in its own transaction, applied once.

The runtime's own folder comes first, then the service's. Whoever starts applies them: an advisory lock lets one
process work while the others wait. Migrations only expand, so code one version older runs on the newer schema; one that
does not says in its first line that the service has to be stopped for it.
"""

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import structlog

from runtime import walls
from runtime.database import UNREACHABLE, pause

OWN = Path(__file__).parent / "migrations"
LOCK = 0x51_1F_AA
LOCK_TIMEOUT_MS = 3_000
TRIES = 20
NAME = re.compile(r"^(\d{4})_[a-z0-9_]+\.sql$")
log = structlog.get_logger()


class MigrationError(Exception):
    """The schema and this code do not fit; the message says what to do. Waiting does not help."""


@dataclass(frozen=True, slots=True)
class Migration:
    component: str
    number: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


def read(component: str, folder: Path) -> list[Migration]:
    """In order. Raises MigrationError on a name that is not `NNNN_words.sql`, a gap or a repeated number."""
    found = []
    for path in sorted(folder.glob("*.sql")):
        match = NAME.match(path.name)
        if match is None:
            raise MigrationError(f"{path.name}: a migration is named like 0001_initial.sql")
        found.append(Migration(component, int(match[1]), path.stem, path.read_text()))
    if [migration.number for migration in found] != list(range(1, len(found) + 1)):
        raise MigrationError(f"{component}: migrations must be numbered 0001, 0002, … without gaps: {folder}")
    return found


async def apply(dsn: str, service: str, folder: Path | None, *, partitions: int | None = None) -> None:
    """Bring the service's database to this code's schema; makes the database if there is none.

    `dsn` may contain `{service}`. With `partitions`, also fixes the platform's count in the database or raises
    MigrationError if it is another one. Waits for a server that is not reachable.
    """
    dsn = dsn.replace("{service}", service)
    migrations = read("runtime", OWN) + (read(service, folder) if folder is not None else [])
    connection = await _connect(dsn)
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", LOCK)
        await connection.execute(
            "CREATE TABLE IF NOT EXISTS schema_migration (component text, number int, name text NOT NULL, "
            "checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (component, number))"
        )
        applied = {
            (row["component"], row["number"]): row["checksum"]
            for row in await connection.fetch("SELECT component, number, checksum FROM schema_migration")
        }
        for migration in migrations:
            checksum = applied.get((migration.component, migration.number))
            if checksum is None:
                await _apply_one(connection, migration)
            elif checksum != migration.checksum:
                raise MigrationError(
                    f"{migration.component} {migration.name} was changed after it had been applied here: "
                    "put its old text back and write the change as a new migration"
                )
        if partitions is not None:
            await _fix_partitions(connection, partitions)
        await _raise_walls(connection)
    finally:
        await connection.close(timeout=5)


async def _apply_one(connection: "asyncpg.Connection[asyncpg.Record]", migration: Migration) -> None:
    """In one transaction. A column that a wall's condition reads cannot be altered or dropped: then the walls are taken
    down in it and raised again, so nobody else ever finds them missing."""

    async def work() -> None:
        await connection.execute(migration.sql)
        await connection.execute(
            "INSERT INTO schema_migration (component, number, name, checksum) VALUES ($1, $2, $3, $4)",
            migration.component,
            migration.number,
            migration.name,
            migration.checksum,
        )

    async def without_walls() -> None:
        await walls.down(connection)
        await work()
        for _, sql in await walls.pending(connection):
            await connection.execute(sql)

    try:
        await _patiently(connection, migration.name, work)
    except (asyncpg.FeatureNotSupportedError, asyncpg.DependentObjectsStillExistError):
        await _patiently(connection, migration.name, without_walls)
    log.info("migration applied", component=migration.component, migration=migration.name)


async def _raise_walls(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Whatever tables the migrations have made: routes see only their caller's project in them."""
    try:
        if not await connection.fetchval("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", walls.ROLE):
            await _patiently(connection, f"role {walls.ROLE}", partial(connection.execute, walls.MAKE_ROLE))
        await _patiently(connection, f"role {walls.ROLE}", partial(connection.execute, walls.JOIN_ROLE))
    except asyncpg.InsufficientPrivilegeError as error:
        raise MigrationError(
            f"this login may not become role {walls.ROLE}, nor see to it: have somebody who may run "
            f"`CREATE ROLE {walls.ROLE} NOLOGIN` if it is missing, and `GRANT {walls.ROLE} TO <this login>` ({error})"
        ) from error
    for table, sql in await walls.pending(connection):
        await _patiently(connection, f"walls of {table}", partial(connection.execute, sql))


async def _patiently(
    connection: "asyncpg.Connection[asyncpg.Record]", what: str, work: Callable[[], Awaitable[object]]
) -> None:
    """In a transaction. A lock that a running one holds is waited for in short turns: nobody queues behind us.

    Roles are the whole server's, so services that start at once may meet there.
    """
    for attempt in range(TRIES):
        try:
            async with connection.transaction():
                await connection.execute(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}")
                await work()
        except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError):
            log.warning("migration waits for a lock: trying again", migration=what, attempt=attempt)
            await pause(attempt)
        except asyncpg.InternalServerError as error:  # tuple concurrently updated
            log.warning("migration met another one: trying again", migration=what, error=str(error))
            await pause(attempt)
        else:
            return
    raise MigrationError(f"{what}: a lock was not free in {TRIES} tries; see pg_locks for who holds it")


async def _fix_partitions(connection: "asyncpg.Connection[asyncpg.Record]", partitions: int) -> None:
    stored = await connection.fetchval(
        "WITH made AS (INSERT INTO platform (partitions) VALUES ($1) ON CONFLICT DO NOTHING RETURNING partitions) "
        "SELECT partitions FROM made UNION ALL SELECT partitions FROM platform LIMIT 1",
        partitions,
    )
    if stored != partitions:
        raise MigrationError(
            f"this platform was made with {stored} partitions, SLIPWAY_PARTITIONS says {partitions}: set it back to "
            f"{stored} (the count is fixed at the first start; every contact's place depends on it)"
        )


async def _connect(dsn: str) -> "asyncpg.Connection[asyncpg.Record]":
    attempt = 0
    while True:
        try:
            return await asyncpg.connect(dsn, timeout=5)
        except asyncpg.InvalidCatalogNameError:
            await _create_database(dsn)
        except UNREACHABLE as error:
            log.warning("postgres is not reachable: trying again", error=str(error) or type(error).__name__)
            await pause(attempt)
            attempt += 1


async def _create_database(dsn: str) -> None:
    address = urlsplit(dsn)
    name = address.path.lstrip("/")
    connection = await asyncpg.connect(urlunsplit(address._replace(path="/postgres")), timeout=5)
    try:
        quoted = name.replace('"', '""')
        await connection.execute(f'CREATE DATABASE "{quoted}"')
        log.info("database made", database=name)
    except (asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
        await asyncio.sleep(0.1)  # somebody else made it just now
    finally:
        await connection.close(timeout=5)
