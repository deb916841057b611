"""How many launches may be asked for in an hour, over HTTP and Kafka alike; and what else is set for a project."""

import asyncio
from typing import Any

import pytest

from contracts.crm import CommandRejected
from contracts.launches import LaunchDrafted
from contracts.projects import ProjectSet
from contracts.words import Permission
from integration.launcher.commands import rejection
from integration.launcher.desk import STARTER, Desk, Key, asked

BODY = {"scenario": "welcome", "participants": {"kind": "all"}}


async def allow(desk: Desk, **settings: Any) -> Any:
    return await desk.done("POST", "/v1/projects", {"key": "demo", **settings}, project=None)


async def limited(desk: Desk, most: int) -> Key:
    """A key that may ask for so many."""
    made = await desk.done("POST", "/v1/keys", {"grants": STARTER, "launches_per_hour": most})
    assert made["launches_per_hour"] == most
    return Key(made)


async def test_the_last_allowed_launch_is_taken_and_the_next_is_not_until_the_hour_has_passed(desk: Desk) -> None:
    key = await limited(desk, 2)
    await desk.launch(key="one", token=key.token)
    desk.later(minutes=50)
    [second] = await _commands(desk, key, "two")
    assert second is None
    response = await desk.call("POST", "/v1/launches", BODY, token=key.token, headers={"Idempotency-Key": "three"})
    assert (response.status_code, response.json()["code"]) == (429, "quota")
    assert 599 <= int(response.headers["retry-after"]) <= 602
    assert "2 launches" in response.json()["detail"]
    code, detail = rejection([reply for reply in await _commands(desk, key, "four") if reply])
    assert (code, "new id" in detail) == ("quota", True)
    assert len(desk.take(LaunchDrafted)) == 2
    assert await desk.pool.fetchval("SELECT count(*) FROM launch") == 2
    desk.later(minutes=10, seconds=1)
    await desk.launch(key="three", token=key.token)  # a refused request did not use up its Idempotency-Key
    [again] = await _commands(desk, key, "four")
    assert isinstance(again, CommandRejected), "a command's id keeps its answer"
    assert (await desk.refused("POST", "/v1/launches", BODY, token=key.token, headers={"Idempotency-Key": "x"}))[
        0
    ] == 429


async def test_a_count_tells_of_a_quota_that_is_reached_and_counts_all_the_same(desk: Desk) -> None:
    key = await limited(desk, 1)
    assert (await desk.done("POST", "/v1/counts", BODY, token=key.token))["points"] == []
    await desk.launch(key="one", token=key.token)
    await desk.pool.execute("UPDATE launch SET drafted_at = now()")
    counted = await desk.done("POST", "/v1/counts", BODY, token=key.token)
    [point] = counted["points"]
    assert (point["code"], point["severity"], point["place"]) == ("quota", "warning", "launch")
    assert "ask again in" in point["remedy"]
    assert counted["token"]


async def test_a_batch_of_commands_goes_up_to_the_quota(desk: Desk) -> None:
    key = await limited(desk, 3)
    replies = await _commands(desk, key, *(f"b-{number}" for number in range(5)))
    assert [reply.code if isinstance(reply, CommandRejected) else None for reply in replies] == [None] * 3 + [
        "quota"
    ] * 2


async def test_many_at_once_are_not_more_than_are_allowed(desk: Desk) -> None:
    key = await limited(desk, 3)
    answers = await asyncio.gather(
        *(
            desk.call("POST", "/v1/launches", BODY, token=key.token, headers={"Idempotency-Key": f"at-once-{number}"})
            for number in range(8)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [202] * 3 + [429] * 5


async def test_a_projects_quota_is_all_of_theirs_together(desk: Desk, key: Key) -> None:
    await allow(desk, launches_per_hour=2)
    await desk.launch(key="one")
    await desk.launch(key="two", token=key.token)
    about = {"headers": {"Idempotency-Key": "three"}}
    assert await desk.refused("POST", "/v1/launches", BODY, **about) == (429, "quota")
    relaunch, first = (
        {"participants": {"kind": "all"}},
        await desk.pool.fetchval("SELECT launch_id FROM launch LIMIT 1"),
    )
    assert await desk.refused("POST", f"/v1/launches/{first}/relaunch", relaunch, **about) == (429, "quota")
    start = {"contact_id": "c-1"}
    assert await desk.refused("POST", "/v1/scenarios/welcome/instances", start, **about) == (429, "quota")
    await allow(desk, launches_per_hour=0)
    assert await desk.refused("POST", "/v1/launches", BODY, **about) == (429, "quota")
    await allow(desk, launches_per_hour=None)
    await desk.launch(key="three")


async def test_another_projects_launches_do_not_count(desk: Desk) -> None:
    await allow(desk, launches_per_hour=1)
    await desk.project("other")
    await desk.scenario(project="other")
    for number in range(3):
        await desk.launch(key=f"other-{number}", project="other")
    await desk.launch(key="own")


async def test_a_projects_settings_are_changed_one_by_one_and_told(desk: Desk) -> None:
    assert (await allow(desk, second_approver_above=100))["zone"] == "Europe/Vienna"
    shown = await allow(desk, launches_per_hour=5)
    assert (shown["second_approver_above"], shown["launches_per_hour"], shown["revision"]) == (100, 5, 3)
    assert (await allow(desk))["revision"] == 3
    assert (await allow(desk, second_approver_above=None))["second_approver_above"] is None
    told = [(event.revision, event.zone, event.second_approver_above) for event in desk.take(ProjectSet)]
    assert told == [(2, "Europe/Vienna", 100), (3, "Europe/Vienna", 100), (4, "Europe/Vienna", None)]
    entries = (await desk.done("GET", "/v1/audit", params={"thing": "project/demo"}))["items"]
    assert entries[0]["details"] == {"zone": "Europe/Vienna", "launches_per_hour": 5}


@pytest.mark.parametrize("settings", [{"second_approver_above": -1}, {"launches_per_hour": "many"}, {"second": 1}])
async def test_a_setting_that_cannot_be_is_refused(desk: Desk, settings: dict[str, Any]) -> None:
    assert (await desk.refused("POST", "/v1/projects", {"key": "demo", **settings}, project=None))[0] == 422


async def test_a_project_is_shown_to_its_own(desk: Desk) -> None:
    await desk.project("other")
    mighty = await desk.key(*Permission)
    assert (await desk.done("GET", "/v1/projects/demo", token=mighty.token, project=None))["key"] == "demo"
    about = {"token": mighty.token, "project": None}
    assert await desk.refused("GET", "/v1/projects/other", **about) == (404, "unknown_project")
    about["project"] = "other"
    assert await desk.refused("GET", "/v1/projects/demo", **about) == (403, "wrong_project")
    assert (await desk.done("GET", "/v1/projects/other", project="other"))["key"] == "other"


async def _commands(desk: Desk, key: Key, *ids: str) -> list[Any]:
    """The answer to each request for a launch, None where contacts is asked first."""
    replies = await desk.commands(*(desk.command(key, asked(), id=id) for id in ids))
    by_id = {reply.command_id: reply for reply in replies}
    return [by_id.get(id) for id in ids]
