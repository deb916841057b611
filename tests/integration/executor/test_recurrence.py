"""May this contact start this scenario again? Across launches that overlap."""

import asyncio

import pytest

from integration.executor.desk import STOP, Desk, controlled

A, B = "l-a", "l-b"

HOLDERS = "SELECT contact_id, launch_id FROM recurrence JOIN launch ON number = launch ORDER BY 1"


async def two_launches(desk: Desk, recurrence: str) -> None:
    await desk.launch(["c-0", "c-1"], launch_id=A, recurrence=recurrence)
    await desk.launch(["c-1", "c-2"], launch_id=B, recurrence=recurrence)


async def test_always_starts_as_often_as_it_is_launched(desk: Desk) -> None:
    await two_launches(desk, "always")
    assert desk.started() == ["c-0", "c-1", "c-1", "c-2"]
    assert await desk.rows("SELECT * FROM recurrence") == []


@pytest.mark.parametrize("recurrence", ["once", "if_not_running"])
async def test_a_contact_that_still_runs_is_refused_alone(desk: Desk, recurrence: str) -> None:
    await two_launches(desk, recurrence)
    assert desk.started() == ["c-0", "c-1", "c-2"]
    why = {"once": "recurrence_once", "if_not_running": "recurrence_running"}[recurrence]
    assert desk.outcomes() == {"c-1": f"other/not_started:{why}"}


async def test_once_refuses_after_the_end_as_well(desk: Desk) -> None:
    await desk.launch(["c-0"], launch_id=A, recurrence="once")
    await desk.accept(["c-0"], launch_id=A)
    desk.outcomes()
    await desk.launch(["c-0"], launch_id=B, recurrence="once")
    assert desk.outcomes() == {"c-0": "other/not_started:recurrence_once"}


async def test_if_not_running_starts_again_after_the_end(desk: Desk) -> None:
    await desk.launch(["c-0"], launch_id=A, recurrence="if_not_running")
    await desk.accept(["c-0"], launch_id=A)
    await desk.launch(["c-0"], launch_id=B, recurrence="if_not_running")
    assert desk.started() == ["c-0", "c-0"]


@pytest.mark.parametrize("recurrence", ["once", "if_not_running"])
async def test_a_refused_target_stays_refused_when_its_chunk_is_repeated(desk: Desk, recurrence: str) -> None:
    await two_launches(desk, recurrence)
    await desk.accept(["c-0", "c-1"], launch_id=A)
    desk.emitted.clear()
    await two_launches(desk, recurrence)
    assert desk.emitted == []


async def test_a_repeated_chunk_takes_no_place_again(desk: Desk) -> None:
    await desk.launch(["c-0"], launch_id=A, recurrence="if_not_running")
    await desk.accept(["c-0"], launch_id=A)
    await desk.launch(["c-0"], launch_id=A, recurrence="if_not_running")
    assert await desk.rows("SELECT * FROM recurrence") == []


async def test_a_scenario_that_became_if_not_running_respects_an_older_once(desk: Desk) -> None:
    await desk.launch(["c-0", "c-1"], launch_id=A, recurrence="once")
    await desk.accept(["c-0"], launch_id=A)
    desk.emitted.clear()
    await desk.launch(["c-0", "c-1"], launch_id=B, recurrence="if_not_running")
    assert desk.started() == ["c-0"]
    assert desk.outcomes() == {"c-1": "other/not_started:recurrence_running"}
    await desk.accept(["c-0"], launch_id=B)
    assert await desk.rows(HOLDERS) == [("c-0", B), ("c-1", A)]


async def test_a_retry_lifts_once_for_ended_instances_only(desk: Desk) -> None:
    await desk.launch(["c-0", "c-1"], launch_id=A, recurrence="once")
    await desk.accept(["c-0"], launch_id=A)
    desk.emitted.clear()
    await desk.launch(["c-0", "c-1"], launch_id=B, recurrence="once", retry_of=A)
    assert desk.started() == ["c-0"]
    assert desk.outcomes() == {"c-1": "other/not_started:recurrence_running"}


async def test_a_stop_before_the_start_uses_nothing_up(desk: Desk) -> None:
    await desk.control(controlled(STOP, 2, A))
    await desk.launch(["c-0"], launch_id=A, recurrence="once")
    assert desk.outcomes() == {"c-0": "other/not_started:stopped"}
    await desk.launch(["c-0"], launch_id=B, recurrence="once")
    assert desk.started() == ["c-0"]


async def test_a_stop_of_a_running_instance_gives_an_unkept_place_back(desk: Desk) -> None:
    await desk.launch(["c-0"], launch_id=A, recurrence="if_not_running")
    await desk.control(controlled(STOP, 2, A))
    await desk.orders()
    assert await desk.rows("SELECT * FROM recurrence") == []


async def test_scenarios_and_projects_do_not_share_places(desk: Desk) -> None:
    await desk.launch(["c-0"], launch_id=A, recurrence="once")
    await desk.pool.execute("UPDATE recurrence SET scenario = 'other'")
    await desk.launch(["c-0"], launch_id=B, recurrence="once")
    assert desk.started() == ["c-0", "c-0"]


@pytest.mark.parametrize("recurrence", ["once", "if_not_running"])
async def test_two_launches_at_the_same_instant_never_both_start_a_contact(desk: Desk, recurrence: str) -> None:
    """Even on two connections at once, which one task per partition number rules out."""
    other = Desk(desk.pool)
    ids = [f"c-{n:03}" for n in range(500)]
    await asyncio.gather(
        desk.launch(ids, launch_id=A, recurrence=recurrence), other.launch(ids, launch_id=B, recurrence=recurrence)
    )
    first, second = desk.started(), other.started()
    assert sorted(first + second) == ids
    assert len(desk.outcomes()) + len(other.outcomes()) == 500
