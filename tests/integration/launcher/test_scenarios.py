"""Scenarios: pushed as versions that never change, activated, put away."""

import asyncio
from typing import Any

import pytest

from contracts.launches import LaunchDrafted
from contracts.projects import ScenarioSet
from contracts.words import LaunchState
from integration.launcher.desk import SAMPLES, Desk

SECOND = (SAMPLES / "welcome.yaml").read_bytes().replace(b"Welcome,", b"Hello,")


async def push(desk: Desk, raw: bytes = SECOND, **more: Any) -> Any:
    return await desk.done("POST", "/v1/scenarios", raw, **more)


async def test_a_first_push_is_version_one_inactive_and_of_its_creator(desk: Desk) -> None:
    writer = await desk.key("scenario:write", "view")
    pushed = await push(desk, (SAMPLES / "discard.yaml").read_bytes(), token=writer.token)
    assert pushed == {
        "key": "discard", "version": 1, "created": True, "state": "inactive", "active_version": None, "points": [],
    }  # fmt: skip
    assert (await desk.done("GET", "/v1/scenarios/discard"))["creator"] == writer.id
    [event] = desk.take(ScenarioSet)
    assert (event.scenario, event.state, event.version, event.revision) == ("discard", "inactive", None, 1)


async def test_the_same_content_again_is_the_same_version(desk: Desk) -> None:
    commented = b"# a comment\n" + (SAMPLES / "welcome.yaml").read_bytes()
    response = await desk.call("POST", "/v1/scenarios", commented)
    assert (response.status_code, response.json()["version"], response.json()["created"]) == (200, 1, False)
    assert (await push(desk))["version"] == 2
    assert (await push(desk, commented))["version"] == 3


async def test_a_push_leaves_the_active_version_and_the_creator_alone(desk: Desk) -> None:
    writer = await desk.key("scenario:write", "view")
    pushed = await push(desk, token=writer.token)
    assert (pushed["version"], pushed["state"], pushed["active_version"]) == (2, "active", 1)
    assert (await desk.done("GET", "/v1/scenarios/welcome"))["creator"] == "admin"
    activated = await desk.done("POST", "/v1/scenarios/welcome/activate", {}, token=writer.token)
    assert (activated["state"], activated["active_version"], activated["newest_version"]) == ("active", 2, 2)
    back = await desk.done("POST", "/v1/scenarios/welcome/activate", {"version": 1})
    assert back["active_version"] == 1


async def test_a_launch_is_of_the_active_version(desk: Desk) -> None:
    await push(desk)
    await desk.launch(key="one")
    await desk.done("POST", "/v1/scenarios/welcome/activate", {})
    await desk.launch(key="two")
    assert [draft.version.version for draft in desk.take(LaunchDrafted)] == [1, 2]


async def test_states_are_told_once_each_with_a_rising_revision(desk: Desk) -> None:
    for what in ("deactivate", "deactivate", "activate", "activate", "archive", "archive"):
        await desk.done("POST", f"/v1/scenarios/welcome/{what}", {})
    told = [(event.revision, event.state, event.version) for event in desk.take(ScenarioSet)]
    assert told == [(3, "inactive", None), (4, "active", 1), (5, "archived", None)]


async def test_an_archived_scenario_takes_nothing_any_more(desk: Desk) -> None:
    await desk.done("POST", "/v1/scenarios/welcome/archive", {})
    assert await desk.refused("POST", "/v1/scenarios", SECOND) == (409, "wrong_state")
    assert await desk.refused("POST", "/v1/scenarios/welcome/activate", {}) == (409, "wrong_state")
    assert await desk.refused("POST", "/v1/scenarios/welcome/deactivate", {}) == (409, "wrong_state")
    assert [point["code"] for point in (await desk.launch())["points"]] == ["scenario_inactive"]


async def test_a_scenario_is_archived_only_when_its_launches_have_ended(desk: Desk) -> None:
    launch_id = (await desk.launch())["launch_id"]
    await desk.checked(launch_id)
    assert await desk.refused("POST", "/v1/scenarios/welcome/archive", {}) == (409, "wrong_state")
    await desk.counted(launch_id, 1, LaunchState.COMPLETED)
    assert (await desk.done("POST", "/v1/scenarios/welcome/archive", {}))["state"] == "archived"


async def test_a_version_that_there_is_not_is_unknown(desk: Desk) -> None:
    assert await desk.refused("POST", "/v1/scenarios/welcome/activate", {"version": 9}) == (404, "unknown_version")
    assert await desk.refused("GET", "/v1/scenarios/welcome/versions/9") == (404, "unknown_version")
    for number in (0, 2**31):
        assert await desk.refused("GET", f"/v1/scenarios/welcome/versions/{number}") == (422, "invalid")
        assert await desk.refused("GET", f"/v1/scenarios/welcome/diff?from=1&to={number}") == (422, "invalid")
        assert await desk.refused("POST", "/v1/scenarios/welcome/activate", {"version": number}) == (422, "invalid")
    assert await desk.refused("GET", "/v1/scenarios/nope") == (404, "unknown_scenario")
    for path in ("", "/versions", "/versions/1"):
        answer = await desk.call("GET", f"/v1/scenarios/welcom{path}")
        assert answer.json()["detail"] == "there is no scenario welcom in this project: did you mean `welcome`?"


async def test_a_version_is_shown_as_it_was_pushed(desk: Desk) -> None:
    await push(desk)
    shown = await desk.done("GET", "/v1/scenarios/welcome/versions/2")
    assert shown["source"].encode() == SECOND
    assert shown["body"]["steps"]["welcomed"] == {"end": "success"}
    listed = await desk.done("GET", "/v1/scenarios/welcome/versions")
    assert [version["version"] for version in listed["items"]] == [2, 1]
    diff = (await desk.done("GET", "/v1/scenarios/welcome/diff", params={"from": 1, "to": 2}))["diff"]
    changed = [line for line in diff.splitlines() if line[0] in "+-" and line[:3] not in ("+++", "---")]
    assert len(changed) == 2
    assert "Hello," in changed[1]
    [scenario] = (await desk.done("GET", "/v1/scenarios"))["items"]
    assert (scenario["key"], scenario["newest_version"], scenario["active_version"]) == ("welcome", 2, 1)


async def test_a_file_is_judged_without_being_kept(desk: Desk) -> None:
    reader = await desk.key("view")
    right = await desk.done("POST", "/v1/scenarios/validate", SECOND, token=reader.token)
    assert right == {"valid": True, "points": []}
    broken = SECOND.replace(b"next: welcomed", b"next: welcomd")
    judged = await desk.done("POST", "/v1/scenarios/validate", broken, token=reader.token)
    assert not judged["valid"]
    assert [(point["code"], point["place"]) for point in judged["points"]] == [("dead_reference", "steps.hello.next")]
    assert len((await desk.done("GET", "/v1/scenarios/welcome/versions"))["items"]) == 1


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (b"next: welcomed", b"next: nowhere", "dead_reference"),
        (b"  welcomed: {end: success}", b"  welcomed: {branch: [{otherwise: hello}]}", "endless_loop"),
        (b"contact.attributes.first_name", b"contact.firstname", "unknown_variable"),
        (b"{{ contact.attributes.first_name | default(\"friend\") }},", b"{{ contact.", "broken_template"),
        (b"key: welcome", b"key: welcome\nkey: twice", "duplicate_key"),
        (b"start: hello", b"start: [", "syntax"),
    ],
)  # fmt: skip
async def test_a_broken_file_is_not_pushed_and_told_why(desk: Desk, old: bytes, new: bytes, code: str) -> None:
    response = await desk.call("POST", "/v1/scenarios", SECOND.replace(old, new))
    problem = response.json()
    assert (response.status_code, problem["code"]) == (422, "scenario_invalid")
    assert code in [point["code"] for point in problem["points"]]
    assert len((await desk.done("GET", "/v1/scenarios/welcome/versions"))["items"]) == 1


async def test_json_is_taken_as_well(desk: Desk) -> None:
    body = (await desk.done("GET", "/v1/scenarios/welcome/versions/1"))["body"]
    response = await desk.call("POST", "/v1/scenarios", {**body, "name": "By JSON"})
    assert (response.status_code, response.json()["version"]) == (201, 2)


async def test_pushing_needs_its_permission(desk: Desk) -> None:
    reader = await desk.key("view")
    assert await desk.refused("POST", "/v1/scenarios", SECOND, token=reader.token) == (403, "forbidden")


async def test_first_pushes_at_once_make_one_scenario(desk: Desk) -> None:
    texts = [(SAMPLES / "discard.yaml").read_bytes().replace(b"Discard", b"Discard %d" % n) for n in range(4)]
    pushed = await asyncio.gather(*(push(desk, text) for text in texts))
    assert sorted(each["version"] for each in pushed) == [1, 2, 3, 4]
    assert len({each["key"] for each in pushed}) == 1
