"""Migrations: applied once whoever comes first, never changed afterwards, and the partition count is fixed."""

import asyncio
import os
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from integration.runtime.harness import MIGRATIONS
from platform_for_tests import FreshDatabase
from runtime import database, walls
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


async def test_a_login_that_may_not_become_the_role_of_routes_says_what_to_run(fresh_database: FreshDatabase) -> None:
    dsn = await fresh_database.empty("weak")
    await apply(await fresh_database.empty("other"), "ledger", MIGRATIONS)  # the role is there
    login = f"weak_{os.getpid()}"
    administrator = await asyncpg.connect(dsn)
    await administrator.execute(f"CREATE ROLE {login} LOGIN PASSWORD 'weak'")
    await administrator.execute(f'ALTER DATABASE "{dsn.rsplit("/", 1)[1]}" OWNER TO {login}')
    address = urlsplit(dsn)
    weak = urlunsplit(address._replace(netloc=f"{login}:weak@{address.netloc.rpartition('@')[2]}"))
    with pytest.raises(MigrationError, match=f"GRANT {walls.ROLE} TO"):
        await apply(weak, "ledger", MIGRATIONS)
    await administrator.execute(f"GRANT {walls.ROLE} TO {login}")
    await apply(weak, "ledger", MIGRATIONS)
    walled = await database.connect(weak, name="test", walled=True)
    assert await walled.fetchval("SELECT current_user") == walls.ROLE
    await walled.close()
    await administrator.close()


NUMBERED = """
CREATE TABLE launch (number int PRIMARY KEY, project text NOT NULL, word text);
CREATE TABLE tally (launch int NOT NULL, amount int NOT NULL);
INSERT INTO launch VALUES (1, 'a', ''), (2, 'b', '');
INSERT INTO tally VALUES (1, 10), (2, 20);
"""
WIDER = """
ALTER TABLE launch ALTER COLUMN number TYPE bigint;
ALTER TABLE tally ALTER COLUMN launch TYPE bigint;
SELECT pg_sleep(0.2);
"""


async def amounts(pool: database.Pool) -> list[int]:
    return [row["amount"] for row in await pool.fetch("SELECT amount FROM tally")]


async def test_a_migration_alters_what_walls_read_and_nobody_finds_them_missing(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    dsn = await fresh_database.empty()
    (tmp_path / "0001_initial.sql").write_text(NUMBERED)
    await apply(dsn, "ledger", tmp_path)
    walls.narrow("a")
    walled = await database.connect(dsn, name="test", walled=True)
    assert await amounts(walled) == [10]
    (tmp_path / "0002_wider.sql").write_text(WIDER)
    (tmp_path / "0003_more.sql").write_text("ALTER TABLE launch DROP COLUMN project, ADD COLUMN project text;")
    migrating = asyncio.create_task(apply(dsn, "ledger", tmp_path))
    seen = []
    while not migrating.done():
        seen += await amounts(walled)
        await asyncio.sleep(0.01)
    await migrating
    assert set(seen) == {10}
    assert await amounts(walled) == [], "its project's launches have lost their project"
    owner = await asyncpg.connect(dsn)
    types = "SELECT DISTINCT format_type(atttypid, NULL) FROM pg_attribute WHERE attname IN ('number', 'launch')"
    assert await owner.fetchval(f"{types} AND attrelid IN ('launch'::regclass, 'tally'::regclass)") == "bigint"
    await owner.close()
    await walled.close()


async def test_a_migration_that_fails_leaves_the_walls_standing(fresh_database: FreshDatabase, tmp_path: Path) -> None:
    dsn = await fresh_database.empty()
    (tmp_path / "0001_initial.sql").write_text(NUMBERED)
    await apply(dsn, "ledger", tmp_path)
    (tmp_path / "0002_wider.sql").write_text(f"{WIDER}; SELECT 1/0;")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await apply(dsn, "ledger", tmp_path)
    walls.narrow("b")
    walled = await database.connect(dsn, name="test", walled=True)
    assert await amounts(walled) == [20]
    await walled.close()


@pytest.mark.parametrize(
    "before",
    [
        "ALTER POLICY walls ON tally USING (true); COMMENT ON POLICY walls ON tally IS 'another condition'",
        "ALTER TABLE tally DISABLE ROW LEVEL SECURITY",
        "DROP POLICY walls ON tally",
    ],
)
async def test_a_wall_that_is_not_as_it_should_be_is_raised_anew(
    fresh_database: FreshDatabase, tmp_path: Path, before: str
) -> None:
    dsn = await fresh_database.empty()
    (tmp_path / "0001_initial.sql").write_text(NUMBERED)
    await apply(dsn, "ledger", tmp_path)
    owner = await asyncpg.connect(dsn)
    await owner.execute(before)
    walls.narrow("b")
    walled = await database.connect(dsn, name="test", walled=True)
    assert await amounts(walled) != [20]
    await apply(dsn, "ledger", tmp_path)
    assert await amounts(walled) == [20]
    await walled.close()
    await owner.close()
