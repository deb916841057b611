"""Tallies: whatever happens to contacts, the sums say how many of them stand alike."""

from collections import Counter
from importlib import resources
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contacts.adapters.tallies import PostgresTallies
from contacts.jobs.sweep import SCATTERED, TallySweep
from integration.contacts.test_walk import people, person
from integration.contacts.world import PROJECT, World, key, user

STANDING = "project, active, suppressed, {addressed}, groups, consent::text"
SETTINGS = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(autouse=True)
async def _ann(world: World) -> None:
    await world.hear(user("ann"), user("bob"), key("key_1"))


async def tallied(world: World) -> Counter[tuple[Any, ...]]:
    alike = STANDING.format(addressed="addressed")
    rows = await world.pool.fetch(
        f"SELECT {alike}, sum(contacts) FROM contact_tally GROUP BY {alike} HAVING sum(contacts) <> 0"  # noqa: S608
    )
    return _by_standing(rows)


async def looked_at(world: World) -> Counter[tuple[Any, ...]]:
    alike = STANDING.format(addressed="email IS NOT NULL")
    rows = await world.pool.fetch(f"SELECT {alike}, count(*) FROM contact WHERE NOT deleted GROUP BY {alike}")  # noqa: S608
    return _by_standing(rows)


def _by_standing(rows: Any) -> Counter[tuple[Any, ...]]:
    return Counter({(*row[:4], tuple(row[4]), row[5]): int(row[6]) for row in map(tuple, rows)})


ONE = st.fixed_dictionaries(
    {"id": st.sampled_from("abcd")},
    optional={
        "active": st.booleans(),
        "email": st.sampled_from(["a@example.com", "b@example.com", None]),
        "groups": st.lists(st.sampled_from(["vip", "news"]), unique=True),
        "consent": st.dictionaries(st.sampled_from(["promo", "news"]), st.booleans()),
        "attributes": st.sampled_from([{}, {"score": 1}]),
    },
)
DEEDS = st.lists(
    st.one_of(
        st.tuples(st.just("load"), st.lists(ONE, min_size=1, max_size=5)),
        st.tuples(st.just("erase"), st.sampled_from("abcd")),
        st.tuples(st.just("suppress"), st.sampled_from("abcd")),
        st.tuples(st.just("gather"), st.integers(1, 3)),
        st.tuples(st.just("remove"), st.sampled_from("abcd")),
    ),
    max_size=12,
)


@SETTINGS
@given(deeds=DEEDS)
async def test_whatever_is_done_to_contacts_the_sums_are_right(world: World, deeds: list[tuple[str, Any]]) -> None:
    await world.pool.execute("TRUNCATE contact, contact_tally, membership, suppression")
    for deed, what in deeds:
        match deed:
            case "load":
                await world.load(*what)
            case "erase":
                await world.crm_delete(what)
            case "suppress":
                await world.suppress([what], ["b@example.com"])
            case "gather":
                async with world.transaction() as tx:
                    await PostgresTallies(tx.connection).gather(PROJECT, what)
            case "remove":  # nobody does, but nobody could forget it either
                await world.pool.execute("DELETE FROM contact WHERE contact_id = $1", what)
        assert await tallied(world) == await looked_at(world)


async def test_differences_are_summed_up_when_there_are_more_than_sums(world: World) -> None:
    sweep = TallySweep(PostgresTallies)
    await people(world, 3)
    assert not await sweep.run(world.lease(0))
    await world.pool.execute(
        "INSERT INTO contact_tally SELECT 'demo', true, false, true, '{}', '{}', n % 2 * 2 - 1, false"
        " FROM generate_series(1, $1::int) AS n",
        SCATTERED,
    )
    before = await tallied(world)
    assert not await sweep.run(world.lease(1))
    assert await sweep.run(world.lease(0))
    assert not await sweep.run(world.lease(0))
    assert await tallied(world) == before == await looked_at(world)
    left = await world.pool.fetch("SELECT contacts, gathered FROM contact_tally")
    assert [tuple(row) for row in left] == [(3, True)]


async def test_many_rows_are_summed_up_part_by_part(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contacts.jobs.sweep.GATHERED", 5)
    monkeypatch.setattr("contacts.jobs.sweep.SCATTERED", 0)
    for number in range(30):
        await world.load(person(number, groups=[f"g{number % 10}"]))
    runs = 0
    while await TallySweep(PostgresTallies).run(world.lease(0)):
        runs += 1
    left = await world.pool.fetchval("SELECT count(*) FROM contact_tally")
    assert runs > 1 and left < 30
    assert await tallied(world) == await looked_at(world)


async def test_sums_are_made_beside_writers_and_twice_at_a_time(world: World) -> None:
    await world.load(*(person(n, groups=["vip"]) for n in range(20)))
    async with world.pool.acquire() as one, world.pool.acquire() as other:
        async with one.transaction():
            await PostgresTallies(one).gather(PROJECT, 1)
            async with other.transaction():
                await other.execute("UPDATE contact SET active = false WHERE contact_id = 'c-000001'")
        await PostgresTallies(other).gather(PROJECT, 1)
    assert await tallied(world) == await looked_at(world)


async def test_contacts_from_before_are_tallied_by_the_migration(world: World) -> None:
    """What it does at its end, done again on contacts that are there."""
    await world.load(*(person(n, active=n % 3 > 0) for n in range(9)), person(9))
    await world.crm_delete("c-000009")
    await world.pool.execute("TRUNCATE contact_tally")
    sql = (resources.files("contacts") / "migrations" / "0006_tallies.sql").read_text()
    await world.pool.execute(sql[sql.rindex("INSERT INTO contact_tally") :])
    assert await tallied(world) == await looked_at(world) != Counter()
