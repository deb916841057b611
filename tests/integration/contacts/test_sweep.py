"""What is forgotten after 30 days, and what is not."""

from datetime import timedelta

import pytest

from contacts.adapters.answers import PostgresAnswers
from contacts.adapters.drafts import PostgresDrafts
from contacts.adapters.places import PostgresPlaces
from contacts.jobs.sweep import PlaceSweep, Sweep
from contracts.launches import Contacts, LaunchDrafted, Options
from fakes.transaction import NOON
from integration.contacts.test_counting import recurring, started
from integration.contacts.test_walk import people
from integration.contacts.world import PROJECT, World, home_of, key, requested, signed, user, version


def drafted(launch_id: str) -> LaunchDrafted:
    return LaunchDrafted(
        project=PROJECT,
        launch_id=launch_id,
        version=version(),
        participants=Contacts(contacts=["a"]),
        options=Options(),
        context={},
        launched_by="bob",
    )


async def test_whom_a_draft_is_for_is_kept_as_long_as_somebody_may_approve_it(world: World) -> None:
    await world.hear(key(), user())
    await world.load({"id": "a"})
    for launch_id, days in (("l-1", 7), ("l-2", 60)):
        until = {"undecided_until": NOON + timedelta(days=days)}
        await world.hear(drafted(launch_id).model_copy(update=until))
    sweep = Sweep(PostgresAnswers, PostgresDrafts)
    for after, kept in ((30, ["l-1", "l-2"]), (31, ["l-2"]), (67, ["l-2"])):
        world.now = NOON + timedelta(days=after)
        assert not await sweep.run(world.lease(0))
        rows = await world.pool.fetch("SELECT launch_id FROM participant ORDER BY launch_id")
        assert [row["launch_id"] for row in rows] == kept
    await world.hear(requested("l-2", Contacts(contacts=["a"])), number=home_of("l-2"))
    await world.walk_out("l-2")
    assert world.targets("l-2").total == 1
    await world.hear(drafted("l-3").model_copy(update={"undecided_until": world.now - timedelta(hours=1)}))
    world.now += timedelta(days=31)
    assert not await sweep.run(world.lease(0))
    assert await world.pool.fetchval("SELECT count(*) FROM launch WHERE launch_id = 'l-3'") == 0


async def test_ids_and_drafts_are_kept_for_thirty_days(world: World) -> None:
    await world.hear(key(), user())
    await world.load({"id": "a"})
    record = signed("contact.upserted", {"project": PROJECT, "contact": {"id": "a", "phone": "1"}})
    await world.crm_says(record)
    await world.hear(drafted("l-1"))
    await world.hear(drafted("l-2"))
    await world.hear(requested("l-2", Contacts(contacts=["a"])), number=home_of("l-2"))
    sweep = Sweep(PostgresAnswers, PostgresDrafts)
    for days, kept in ((30, 1), (31, 0)):
        world.now = NOON + timedelta(days=days)
        assert not await sweep.run(world.lease(0))
        assert await world.pool.fetchval("SELECT count(*) FROM command_answer") == kept
        assert await world.pool.fetchval("SELECT count(*) FROM launch") == 1 + kept
        assert await world.pool.fetchval("SELECT count(*) FROM participant") == 1 + kept
        assert await world.pool.fetchval("SELECT count(*) FROM participant_list") == 1 + kept


async def test_one_number_sweeps_for_all(world: World) -> None:
    lease = world.lease(3)
    assert not await Sweep(PostgresAnswers, PostgresDrafts).run(lease)
    assert not lease.transactions


@pytest.mark.parametrize(("recurrence", "left"), [("if_not_running", {"l-2", "l-3"}), ("once", {"l-1", "l-2", "l-3"})])
async def test_places_that_are_free_again_are_forgotten_after_thirty_days(
    world: World, recurrence: str, left: set[str]
) -> None:
    """Left of: one where somebody still runs, one that is recent; of `once` all, for it keeps the place for ever."""
    await world.hear(key(), user())
    await people(world, 2)
    sweep = PlaceSweep(PostgresPlaces)

    async def run(launch_id: str, *, ended: bool) -> None:
        await world.hear(requested(launch_id, body=recurring(recurrence)))
        await world.walk_out(launch_id)
        await started(world, launch_id, "c-000000", event=f"{launch_id} started")
        if ended:
            await started(world, launch_id, "c-000000", ended=True, event=f"{launch_id} ended")

    await run("l-1", ended=True)
    await run("l-2", ended=False)
    world.now += timedelta(days=31)
    await run("l-3", ended=True)

    assert not await sweep.run(world.lease(0))

    rows = await world.pool.fetch("SELECT DISTINCT launch_id FROM place_chunk")
    assert {row["launch_id"] for row in rows} == left
