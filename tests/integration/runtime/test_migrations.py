"""Migrations: applied once whoever comes first, never changed afterwards, and the partition count is fixed."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from integration.runtime.harness import MIGRATIONS
from platform_for_tests import FreshDatabase
from runtime.migrations import MigrationError, apply


async def test_several_processes_migrate_a_database_that_is_not_there_yet(fresh_database: FreshDatabase) -> None:
    template = fresh_database.template.replace("{service}", "new_{service}")
    await asyncio.gather(*(apply(template, "ledger", MIGRATIONS, partitions=4) for _ in range(3)))
    connection = await asyncpg.connect(template.replace("{service}", "ledger"))
    try:
        rows = await connection.fetch("SELECT component, number FROM schema_migration ORDER BY component, number")
        assert [tuple(row) for row in rows] == [("ledger", 1), ("runtime", 1), ("runtime", 2), ("runtime", 3)]
        assert await connection.fetchval("SELECT partitions FROM platform") == 4
    finally:
        await connection.close()
    administrator = await asyncpg.connect(
        fresh_database.template.replace("{service}", "x").rsplit("/", 1)[0] + "/postgres"
    )
    await administrator.execute(f'DROP DATABASE "{template.replace("{service}", "ledger").rsplit("/", 1)[1]}"')
    await administrator.close()


async def test_another_partition_count_is_refused(fresh_database: FreshDatabase) -> None:
    dsn = await fresh_database.empty()
    await apply(dsn, "ledger", None, partitions=8)
    with pytest.raises(MigrationError, match="made with 8 partitions, SLIPWAY_PARTITIONS says 16: set it back to 8"):
        await apply(dsn, "ledger", None, partitions=16)


async def test_a_migration_that_was_changed_is_refused(fresh_database: FreshDatabase, tmp_path: Path) -> None:
    dsn = await fresh_database.empty()
    file = tmp_path / "0001_initial.sql"
    file.write_text("CREATE TABLE a (id int);")
    await apply(dsn, "ledger", tmp_path)
    file.write_text("CREATE TABLE a (id bigint);")
    with pytest.raises(MigrationError, match="write the change as a new migration"):
        await apply(dsn, "ledger", tmp_path)


async def test_a_migration_that_fails_leaves_nothing_behind(fresh_database: FreshDatabase, tmp_path: Path) -> None:
    dsn = await fresh_database.empty()
    (tmp_path / "0001_initial.sql").write_text("CREATE TABLE a (id int);")
    (tmp_path / "0002_more.sql").write_text("CREATE TABLE b (id int); SELECT 1/0;")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await apply(dsn, "ledger", tmp_path)
    (tmp_path / "0002_more.sql").write_text("CREATE TABLE b (id int);")
    await apply(dsn, "ledger", tmp_path)


async def test_a_migration_waits_for_a_lock_in_short_turns(
    fresh_database: FreshDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runtime.migrations.LOCK_TIMEOUT_MS", 100)
    dsn = await fresh_database.empty()
    (tmp_path / "0001_initial.sql").write_text("CREATE TABLE a (id int);")
    await apply(dsn, "ledger", tmp_path)
    (tmp_path / "0002_more.sql").write_text("ALTER TABLE a ADD COLUMN b int;")
    holder = await asyncpg.connect(dsn)
    try:
        async with holder.transaction():
            await holder.execute("SELECT * FROM a")
            migrating = asyncio.create_task(apply(dsn, "ledger", tmp_path))
            await asyncio.sleep(0.5)
            assert not migrating.done()
        await migrating
    finally:
        await holder.close()
