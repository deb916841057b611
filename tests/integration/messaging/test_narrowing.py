"""What earlier versions have stored is the same after the migrations, and what was to be done with it is done."""

import shutil
from pathlib import Path

import asyncpg
import pytest

import messaging
from contracts.words import DeliveryState
from fakes.transaction import FakeTransaction
from messaging.adapters.queries import EVERY, Place, Queries
from messaging.adapters.sends import PostgresSends
from messaging.adapters.untold import PostgresUntold
from messaging.domain.sends import Change, SendKey
from platform_for_tests import FreshDatabase
from runtime.migrations import apply

MIGRATIONS = Path(messaging.__file__).parent / "migrations"

OLD = """
INSERT INTO launch (launch_id, project, version, context, consent_override, requested_at)
SELECT id, 'acme', '{}', '{}', false, now() FROM unnest(ARRAY['l-1', 'l-0']) AS id;
INSERT INTO gate (launch_id, project, revision, state) VALUES ('l-1', 'acme', 1, 'running');
INSERT INTO send (project, launch_id, contact_id, step, occurrence, partition, state, reason, changed_at, next_at,
                  revision, permitted, suppressed, consented, email, facts)
VALUES ('acme', 'l-1', 'a', 'hello', 1, 5, 'accepted', NULL, now(), NULL, NULL, NULL, NULL, NULL, NULL, NULL),
       ('acme', 'l-1', 'b', 'hello', 1, 5, 'skipped', 'no_consent', now(), NULL, NULL, NULL, NULL, NULL, NULL, NULL),
       ('acme', 'l-1', 'c', 'hello', 2, 5, 'planned', NULL, now(), now(), 7, true, false, true, 'c@x.example', '{}'),
       ('acme', 'l-0', 'a', 'hello', 1, 5, 'failed', 'smtp:550', now(), NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO untold (partition, launch_id, contact_ids, steps, occurrences, previous, states, reasons, attempts)
VALUES (5, 'l-1', '{a,c}', '{hello,hello}', '{1,2}', '{sending,sending}', '{accepted,planned}', '{NULL,smtp:421}',
        '{1,1}'),
       (5, 'l-0', '{a}', '{hello}', '{1}', '{sending}', '{failed}', '{smtp:550}', '{3}');
"""


async def wide(fresh_database: FreshDatabase, folder: Path) -> str:
    dsn = await fresh_database.empty("wide")
    for file in sorted(MIGRATIONS.glob("*.sql"))[:5]:
        shutil.copy(file, folder)
    await apply(dsn, "messaging", folder)
    connection = await asyncpg.connect(dsn)
    await connection.execute(OLD)
    await connection.close()
    return dsn


async def test_every_send_is_found_as_it_was(fresh_database: FreshDatabase, tmp_path: Path) -> None:
    dsn = await wide(fresh_database, tmp_path)
    await apply(dsn, "messaging", MIGRATIONS)
    pool = await asyncpg.create_pool(dsn, min_size=1, max_size=2)
    found = await Queries(pool, 8).deliveries("l-1", EVERY, Place(), 10)
    assert [(*each.key[1:], str(each.state), each.reason) for each in found] == [
        ("a", "hello", 1, "accepted", None),
        ("b", "hello", 1, "skipped", "no_consent"),
        ("c", "hello", 2, "planned", None),
    ]
    async with pool.acquire() as connection:
        sends = PostgresSends()
        assert [launch_id for launch_id, _ in await sends.turn(connection, 5, "")] == ["l-1"]
        _, (due,) = await sends.due(connection, 5, ["l-1"], [], 10)
        assert (due.key.contact_id, due.key.occurrence, due.snapshot.email, due.revision) == ("c", 2, "c@x.example", 7)
    await pool.close()


async def test_what_is_not_told_yet_is_told(fresh_database: FreshDatabase, tmp_path: Path) -> None:
    dsn = await wide(fresh_database, tmp_path)
    await apply(dsn, "messaging", MIGRATIONS)
    connection = await asyncpg.connect(dsn)
    tx = FakeTransaction(connection=connection, number=5)
    taken, more = await PostgresUntold().take(tx, 10)
    sending, accepted, planned, failed = map(DeliveryState, ("sending", "accepted", "planned", "failed"))
    assert taken == {
        "l-1": [
            Change(SendKey("l-1", "a", "hello", 1), sending, accepted, None, 1, None),
            Change(SendKey("l-1", "c", "hello", 2), sending, planned, "smtp:421", 1, None),
        ],
        "l-0": [Change(SendKey("l-0", "a", "hello", 1), sending, failed, "smtp:550", 3, None)],
    }
    assert not more
    await connection.close()


async def test_sends_of_an_unknown_launch_stop_the_migration(fresh_database: FreshDatabase, tmp_path: Path) -> None:
    dsn = await wide(fresh_database, tmp_path)
    connection = await asyncpg.connect(dsn)
    await connection.execute("DELETE FROM launch WHERE launch_id = 'l-0'")
    with pytest.raises(asyncpg.RaiseError, match="not in table launch"):
        await apply(dsn, "messaging", MIGRATIONS)
    assert await connection.fetchval("SELECT count(*) FROM send WHERE launch_id = 'l-0'") == 1
    await connection.close()
