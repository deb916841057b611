"""A user is disabled in the middle of launches: what runs for them pauses, and who may let it go on."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from contracts.crm import CommandRejected, LaunchResume
from contracts.launches import LaunchControlled, LaunchRequested
from contracts.projects import UserSet
from contracts.words import ControlState, LaunchState
from integration.launcher.commands import running
from integration.launcher.desk import ADMIN, SAMPLES, STARTER, Desk, Key

MANAGER = ("users:manage", "view", *STARTER)


@pytest.fixture
async def people(desk: Desk) -> Desk:
    """Ann's scenario `welcome`; Bob launches it."""
    await desk.done("POST", "/v1/users", {"user": "ann", "grants": ["scenario:write", *STARTER]})
    await desk.done("POST", "/v1/users", {"user": "bob", "grants": [*STARTER, "view"]})
    file = (SAMPLES / "welcome.yaml").read_bytes().replace(b"key: welcome", b"key: anns")
    await desk.done("POST", "/v1/scenarios", file, as_user="ann")
    await desk.done("POST", "/v1/scenarios/anns/activate", {}, as_user="ann")
    desk.emitted.clear()
    return desk


async def runs(desk: Desk, as_user: str, scenario: str = "welcome", key: str = "idem-1") -> str:
    """Id of this user's launch that may run."""
    launch_id = await checking(desk, as_user, scenario, key)
    await desk.checked(launch_id)
    return launch_id


async def checking(desk: Desk, as_user: str, scenario: str = "welcome", key: str = "idem-1") -> str:
    body = {"scenario": scenario, "participants": {"kind": "all"}}
    return str((await desk.launch(body, key, as_user=as_user))["launch_id"])


async def disable(desk: Desk, user: str, **more: Any) -> None:
    await desk.done("POST", f"/v1/users/{user}/disable", {}, **more)


async def shown(desk: Desk, launch_id: str) -> Any:
    return await desk.done("GET", f"/v1/launches/{launch_id}")


async def settle(desk: Desk) -> None:
    """launcher's job, of every number."""
    [job] = [job for job in desk.service.jobs if job.name == "settling"]
    for number in range(desk.partitions):
        lease: Any = SimpleNamespace(number=number, pool=desk.pool, transaction=desk.transaction)
        await job.run(lease)


@pytest.mark.parametrize("disabled", ["ann", "bob"])
async def test_what_runs_for_a_disabled_user_pauses_at_once_and_says_why(people: Desk, disabled: str) -> None:
    launch_id = await runs(people, "bob", "anns")
    others = await runs(people, "ann", "welcome", "other") if disabled == "bob" else None
    people.emitted.clear()
    await disable(people, disabled)
    [control] = people.take(LaunchControlled)
    assert (control.launch_id, control.state, control.by) == (launch_id, ControlState.PAUSED, "launcher")
    assert (control.revision, control.reason) == (2, f"user {disabled} is disabled")
    assert [event.disabled for event in people.take(UserSet)] == [True]
    found = await shown(people, launch_id)
    assert (found["state"], found["paused_because"]) == ("paused", f"user {disabled} is disabled")
    entries = (await people.done("GET", "/v1/audit", params={"thing": f"launch/{launch_id}"}))["items"]
    assert (entries[0]["subject"], entries[0]["action"]) == ("launcher", "launch.paused")
    assert entries[0]["details"]["because"] == f"user {disabled} is disabled"
    if others:
        assert (await shown(people, others))["state"] == "requested"
    await disable(people, disabled)
    assert people.take(LaunchControlled) == []


async def test_another_person_resumes_what_a_disabled_user_asked_for(people: Desk, key: Key) -> None:
    launch_id = await runs(people, "bob", "anns")
    await disable(people, "bob")
    answer = await people.done("POST", f"/v1/launches/{launch_id}/resume", {}, as_user="ann")
    assert (answer["state"], answer["changed"]) == ("running", True)
    assert (await shown(people, launch_id))["paused_because"] is None
    await settle(people)
    assert (await shown(people, launch_id))["state"] == "running"


async def test_what_a_disabled_user_created_waits_until_they_are_enabled(people: Desk, key: Key) -> None:
    launch_id = await runs(people, "bob", "anns")
    await disable(people, "ann")
    path = f"/v1/launches/{launch_id}/resume"
    assert await people.refused("POST", path, {}, as_user="bob") == (409, "user_disabled")
    data = {"project": "demo", "launch_id": launch_id}
    [reply] = await people.commands(people.command(key, data, kind=LaunchResume.TYPE, id="resume"))
    assert isinstance(reply, CommandRejected)
    assert (reply.code, "ann" in reply.detail) == ("wrong_state", True)
    await people.done("POST", "/v1/users/ann/enable", {})
    assert (await shown(people, launch_id))["state"] == "paused"
    assert (await people.done("POST", path, {}, as_user="bob"))["state"] == "running"


async def test_what_is_being_checked_when_its_people_are_disabled_does_not_begin(people: Desk) -> None:
    first = await checking(people, "bob", "anns")
    second = await checking(people, "ann", "welcome", "second")
    await disable(people, "ann")
    for launch_id, place in ((first, "scenario.creator"), (second, "requested_by")):
        await people.checked(launch_id)
        found = await shown(people, launch_id)
        assert (found["state"], found["points"][0]["code"]) == ("rejected", "user_disabled")
        assert found["points"][0]["place"] == place
    assert people.take(LaunchRequested) == []


async def test_what_is_being_checked_when_its_requester_may_launch_no_more_does_not_begin(people: Desk) -> None:
    launch_id = await checking(people, "bob", "anns")
    await people.done("POST", "/v1/users/bob/grant", {"grants": ["view", "launch:preapproved"]})
    await people.checked(launch_id)
    found = await shown(people, launch_id)
    assert (found["state"], found["points"][0]["code"]) == ("rejected", "forbidden")
    assert "bob has the permission process:start no more" in found["points"][0]["remedy"]
    assert people.take(LaunchRequested) == []


async def test_a_launch_that_begins_while_its_people_are_being_disabled_does_not_slip_through(people: Desk) -> None:
    """Whichever of the two is first: the launch is found running and paused, or it does not begin."""
    for attempt in range(10):
        launch_id = await checking(people, "bob", key=f"race-{attempt}")
        await asyncio.gather(people.checked(launch_id), disable(people, "bob"))
        await settle(people)
        assert (await shown(people, launch_id))["state"] in ("paused", "rejected")
        await people.done("POST", "/v1/users/bob/enable", {})


async def test_more_than_fit_into_one_transaction_are_paused_by_the_job(
    people: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("launcher.handlers.disabling.AT_ONCE", 2)
    ids = [await runs(people, "bob", key=f"many-{number}") for number in range(5)]
    await disable(people, "bob")
    assert [(await shown(people, each))["state"] for each in ids].count("paused") == 2
    for _ in range(2):
        await settle(people)
    assert {(await shown(people, each))["state"] for each in ids} == {"paused"}
    assert not await people.pool.fetchval("SELECT bool_or(pausing) FROM project_user")


async def test_a_short_token_from_before_is_worth_nothing_either(people: Desk) -> None:
    about = {"Authorization": f"Bearer {ADMIN}", "Slipway-Project": "demo", "Slipway-As": "bob"}
    minted = (await people.http.post("/internal/tokens", headers=about)).json()["token"]
    bearer = {"Authorization": f"Bearer {minted}"}
    assert (await people.http.get("/v1/launches", headers=bearer)).status_code == 200
    await people.done("POST", "/v1/users/bob/grant", {"grants": ["process:start"]})
    refusal = await people.http.get("/v1/launches", headers=bearer)
    assert (refusal.status_code, refusal.json()["code"]) == (403, "forbidden")
    await disable(people, "bob")
    refusal = await people.http.get("/v1/launches", headers=bearer)
    assert (refusal.status_code, refusal.json()["code"]) == (401, "unauthenticated")


async def test_nobody_enables_who_holds_what_they_lack(people: Desk) -> None:
    clerk = await people.key("users:manage", "view")
    await disable(people, "bob", token=clerk.token)
    assert await people.refused("POST", "/v1/users/bob/enable", {}, token=clerk.token) == (403, "forbidden")
    manager = await people.key(*MANAGER)
    assert not (await people.done("POST", "/v1/users/bob/enable", {}, token=manager.token))["disabled"]
    entries = (await people.done("GET", "/v1/audit", params={"thing": "user/bob"}))["items"]
    assert [entry["action"] for entry in entries[:2]] == ["user.enabled", "user.disabled"]
    assert await people.refused("POST", "/v1/users/nobody/enable", {}) == (404, "unknown_user")


async def test_a_launch_of_a_key_is_no_users(people: Desk, key: Key) -> None:
    launch_id = await running(people, key)
    await disable(people, "ann")
    assert (await shown(people, launch_id))["state"] == LaunchState.REQUESTED
