"""Outcomes that were stored whole are found the same after the migration that stores what they share once."""

import shutil
from pathlib import Path

import asyncpg
import pytest

import log
from log.adapters.queries import Queries, Wanted
from platform_for_tests import FreshDatabase
from runtime.migrations import apply
from runtime.poison import judge

MIGRATIONS = Path(log.__file__).parent / "migrations"

OLD = """
INSERT INTO launch (launch_id, project, home) VALUES ('l-0', 'acme', 0), ('l-1', 'acme', 1);
INSERT INTO outcome (launch, contact_id, outcome, reason, started_at, ended_at, partition, project)
SELECT number, contact_id, outcome::outcome_kind, reason, '2026-01-01T00:00Z'::timestamptz + n * interval '1 hour',
       '2026-01-02T00:00Z', 3, 'acme'
FROM launch, (VALUES ('a', 'success', 'end:won', 0), ('b', 'failure', 'error:send', 0), ('c', 'success', 'end:won', 0),
                     ('d', 'success', 'end:won', 1), ('e', 'other', 'not_started:stopped', NULL))
             AS each (contact_id, outcome, reason, n);
"""


async def test_every_outcome_is_found_as_it_was(fresh_database: FreshDatabase, tmp_path: Path) -> None:
    dsn = await fresh_database.empty("wide")
    for file in sorted(MIGRATIONS.glob("*.sql"))[:3]:
        shutil.copy(file, tmp_path)
    await apply(dsn, "log", tmp_path)
    connection = await asyncpg.connect(dsn)
    await connection.execute(OLD)
    rows = "SELECT contact_id, outcome::text, reason, started_at, ended_at FROM outcome"
    before = [tuple(row) for row in await connection.fetch(f"{rows} WHERE launch = 2 ORDER BY contact_id")]
    await apply(dsn, "log", MIGRATIONS)
    assert await connection.fetchval("SELECT count(*) FROM ending") == 8
    await connection.close()
    pool = await asyncpg.create_pool(dsn, min_size=1, max_size=2)
    found = await Queries(pool, 8).outcomes(2, "", Wanted(), 100)
    assert [(row.contact_id, row.outcome, row.reason, row.started_at, row.ended_at) for row in found] == before
    assert [row.contact_id for row in await Queries(pool, 8).outcomes(1, "a", Wanted("success", "end:won"), 1)] == ["c"]
    await pool.close()


async def test_code_of_the_version_before_counts_nothing_and_parks_nothing(fresh_database: FreshDatabase) -> None:
    dsn = await fresh_database.empty("wide")
    await apply(dsn, "log", MIGRATIONS)
    connection = await asyncpg.connect(dsn)
    with pytest.raises(asyncpg.UndefinedColumnError) as raised:
        await connection.execute("INSERT INTO outcome (launch, ending, contact_id) SELECT 1, 1, 'z'")
    assert judge(raised.value, connection_open=True) is raised.value, "the world's fault: tried again until replaced"
    await connection.close()
