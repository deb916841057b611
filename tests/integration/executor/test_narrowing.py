"""What stood in wide rows, a launch's id in each, stands the same in cohorts after the migration."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

import executor
from executor.handlers.between import Between
from integration.executor.desk import LONG_AGO, Desk
from platform_for_tests import FreshDatabase
from runtime.migrations import apply
from runtime.poison import judge
from unit.executor.builders import opened

MIGRATIONS = Path(executor.__file__).parent / "migrations"

WAIT = """
hello: {send: {channel: discard, message_type: promotional, text: hi}, next: pause}
pause: {wait: {for: 1h}, next: won}
won:   {end: success}
"""

OLD = """
INSERT INTO launch (launch_id, project, scenario, version, definition, context, requested_at)
SELECT id, 'acme', 'spring', 3, $1::text::json, '{}', now() FROM unnest(ARRAY['l-1', 'l-0']) AS id
"""
ROWS = """
INSERT INTO process_instance (launch_id, contact_id, partition, project, version, status, step, revision, due_at, facts,
                              started_at, ended_at, outcome, reason, occurrences, messages)
VALUES ('l-1', 'a', 5, 'acme', 3, 'waiting_delivery', 'hello', 7, NULL, NULL, $1, NULL, NULL, NULL, NULL, NULL),
       ('l-1', 'b', 5, 'acme', 3, 'waiting_delivery', 'hello', 8, NULL, NULL, $1, NULL, NULL, NULL, NULL, NULL),
       ('l-1', 'c', 5, 'acme', 3, 'waiting_timer', 'pause', 7, $1, NULL, $1, NULL, NULL, NULL, NULL, 'sent'),
       ('l-1', 'd', 2, 'acme', 3, 'ended', 'won', 7, NULL, NULL, $1, $1, 'success', 'end:won', NULL, NULL),
       ('l-0', 'a', 5, 'acme', 3, 'ended', 'won', 7, NULL, NULL, $1, $1, 'success', 'end:won', NULL, NULL);
"""


@pytest.fixture
async def wide(fresh_database: FreshDatabase, tmp_path: Path) -> AsyncIterator[str]:
    """A database as it was before, with open instances."""
    dsn = await fresh_database.empty("wide")
    for file in sorted(MIGRATIONS.glob("*.sql"))[:3]:
        shutil.copy(file, tmp_path)
    await apply(dsn, "executor", tmp_path)
    connection = await asyncpg.connect(dsn)
    await connection.execute(OLD.replace("$1", f"'{opened(WAIT).version.model_dump_json()}'"))
    await connection.execute(ROWS.replace("$1", f"'{LONG_AGO.isoformat()}'::timestamptz"))
    await connection.execute(
        "INSERT INTO launch_share (partition, launch_id, project, open, entered, revision)"
        " VALUES (5, 'l-1', 'acme', 3, '{}', 1)"
    )
    await connection.execute("INSERT INTO refused_target VALUES ('l-1', 'r', 5, 'acme', 'deleted', now())")
    await connection.execute("INSERT INTO recurrence VALUES ('acme', 'spring', 'a', 'l-1', true)")
    await connection.close()
    yield dsn


async def test_open_instances_go_on_where_they_stood(wide: str) -> None:
    await apply(wide, "executor", MIGRATIONS)
    pool = await asyncpg.create_pool(wide, min_size=1, max_size=2)
    desk = Desk(pool)
    assert await desk.standing() == {
        "a": "waiting_delivery at hello",
        "b": "waiting_delivery at hello",
        "c": "waiting_timer at pause",
        "d": "ended at won",
    }
    assert await desk.rows("SELECT revision FROM instance WHERE launch_id = 'l-1' ORDER BY contact_id") == [
        (7,), (8,), (7,), (7,)
    ]  # fmt: skip
    assert await desk.rows(
        "SELECT launch_id, contact_id, reason FROM refused_target JOIN launch ON number = launch"
    ) == [("l-1", "r", "deleted")]
    assert await desk.rows("SELECT launch_id, keep FROM recurrence JOIN launch ON number = launch") == [("l-1", True)]
    desk.later(hours=1)
    assert await Between(desk.stores).timers(desk.lease()) is False
    await desk.accept(["a", "b"])
    assert (await desk.standing())["c"] == "ended at won"
    desk.later(hours=1, seconds=1)
    await desk.timers()
    assert set((await desk.standing()).values()) == {"ended at won"}
    await desk.launch(["e"], launch_id="l-2")
    assert await desk.standing("l-2") == {"e": "waiting_delivery at hello"}
    await pool.close()


async def test_code_of_versions_before_writes_nothing_and_parks_nothing(wide: str) -> None:
    await apply(wide, "executor", MIGRATIONS)
    connection = await asyncpg.connect(wide)
    for statement in (
        "INSERT INTO process_instance (launch_id, contact_id) VALUES ('l-1', 'z')",
        "UPDATE process_instance SET status = 'ended' WHERE launch_id = 'l-1'",
        "INSERT INTO refused_target (launch_id, contact_id) VALUES ('l-1', 'z')",
        "SELECT value FROM outbox",
        "INSERT INTO process_instance (launch, cohort, revision, contact_id) SELECT 1, 1, 7, 'z'",
        "INSERT INTO contact_state (project, contact_id, partition, revision, suppressed)"
        " VALUES ('acme', 'z', 1, 1, false) ON CONFLICT (project, contact_id) DO NOTHING",
    ):
        with pytest.raises((asyncpg.UndefinedColumnError, asyncpg.InvalidColumnReferenceError)) as raised:
            await connection.execute(statement)
        assert judge(raised.value, connection_open=True) is raised.value, (
            "the world's fault: tried again until replaced"
        )
    await connection.close()


async def test_rows_of_an_unknown_launch_stop_the_migration(wide: str) -> None:
    connection = await asyncpg.connect(wide)
    await connection.execute("DELETE FROM launch WHERE launch_id = 'l-0'")
    with pytest.raises(asyncpg.RaiseError, match="not in table launch"):
        await apply(wide, "executor", MIGRATIONS)
    assert await connection.fetchval("SELECT count(*) FROM process_instance WHERE launch_id = 'l-0'") == 1
    await connection.close()
