"""A start for one contact, and a launch like an earlier one."""

import asyncio
from typing import Any

import pytest

from contracts.launches import Contacts, LaunchDrafted, LaunchRequested
from integration.launcher.desk import Desk

TRIGGERED = b"""
key: by-hand
name: By hand
launch: triggered
manual_start_allowed: true
start: won
steps:
  won: {end: success}
"""


async def start(desk: Desk, path: str, body: Any, key: str = "idem-1", **more: Any) -> Any:
    return await desk.done("POST", path, body, headers={"Idempotency-Key": key}, **more)


@pytest.fixture
async def ann(desk: Desk) -> Desk:
    await desk.done("POST", "/v1/users", {"user": "ann", "grants": ["process:start", "view"]})
    desk.emitted.clear()
    return desk


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/scenarios/welcome/instances", {"contact_id": "c-1"}),
        ("/v1/contacts/c-1/instances", {"scenario": "welcome"}),
    ],
)
async def test_one_contact_is_started_without_anybodys_approval(ann: Desk, path: str, body: Any) -> None:
    answer = await start(ann, path, body, as_user="ann")
    assert answer["state"] == "validating"
    assert await start(ann, path, body, as_user="ann") == answer
    [draft] = ann.take(LaunchDrafted)
    assert draft.participants == Contacts(contacts=["c-1"])
    await ann.checked(answer["launch_id"], expected=1)
    [control] = ann.take(LaunchRequested)
    assert (control.launched_by, control.approved_by) == ("ann", None)
    assert (await ann.done("GET", f"/v1/launches/{answer['launch_id']}"))["kind"] == "single"


async def test_a_triggered_scenario_that_allows_it_is_started_for_one_contact_only(ann: Desk) -> None:
    await ann.done("POST", "/v1/scenarios", TRIGGERED)
    await ann.done("POST", "/v1/scenarios/by-hand/activate", {})
    answer = await start(ann, "/v1/scenarios/by-hand/instances", {"contact_id": "c-1"}, as_user="ann")
    assert answer["state"] == "validating"
    launch = await ann.launch({"scenario": "by-hand", "participants": {"kind": "contacts", "contacts": ["c-1"]}}, "two")
    assert (launch["state"], [point["code"] for point in launch["points"]]) == ("rejected", ["wrong_launch_type"])


async def test_the_picker_offers_what_can_be_started_for_one_contact_with_its_summary(ann: Desk) -> None:
    await ann.done("POST", "/v1/scenarios", TRIGGERED)
    await ann.done("POST", "/v1/scenarios", TRIGGERED.replace(b"by-hand", b"asleep"))
    await ann.done("POST", "/v1/scenarios/by-hand/activate", {})
    offered = (await ann.done("GET", "/v1/scenarios", params={"startable": "true"}, as_user="ann"))["items"]
    assert [(each["key"], each["summary"]["launch"]) for each in offered] == [
        ("by-hand", "triggered"),
        ("welcome", "manual"),
    ]
    assert all(message["message_type"] for message in offered[1]["summary"]["messages"])
    assert len((await ann.done("GET", "/v1/scenarios"))["items"]) == 3


async def test_a_scenario_is_not_archived_while_somebody_asks_for_it(ann: Desk) -> None:
    async with ann.transaction() as tx:
        held = "SELECT FROM scenario WHERE project = 'demo' AND key = 'welcome' FOR SHARE"
        await tx.connection.execute(held)
        archiving = asyncio.create_task(ann.call("POST", "/v1/scenarios/welcome/archive", {}))
        launch_id = (await ann.launch())["launch_id"]
        assert not archiving.done()
    response = await archiving
    assert (response.status_code, response.json()["code"]) == (409, "wrong_state")
    assert "have not ended" in response.json()["detail"]
    assert (await ann.done("GET", f"/v1/launches/{launch_id}"))["state"] == "validating"


async def test_a_start_that_is_wrong_is_rejected_at_once(ann: Desk) -> None:
    answer = await start(ann, "/v1/scenarios/nope/instances", {"contact_id": "c-1"}, as_user="ann")
    assert (answer["state"], [point["code"] for point in answer["points"]]) == ("rejected", ["unknown_scenario"])


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/scenarios/welcome/instances", {}),
        ("/v1/scenarios/Welcome/instances", {"contact_id": "c-1"}),
        ("/v1/scenarios/welcome/instances", {"contact_id": "c-1", "scenario": "welcome"}),
        ("/v1/contacts/c-1/instances", {"scenario": "welcome", "contact_id": "c-2"}),
    ],
)
async def test_a_start_that_cannot_be_read_is_refused(ann: Desk, path: str, body: Any) -> None:
    status, _ = await ann.refused("POST", path, body, as_user="ann", headers={"Idempotency-Key": "i"})
    assert status == 422


async def test_starting_needs_its_permission_on_every_path(ann: Desk) -> None:
    await ann.done("POST", "/v1/users", {"user": "vic", "grants": ["view", "launch:preapproved"]})
    launch_id = (await ann.launch())["launch_id"]
    for path in ("scenarios/welcome/instances", "contacts/c-1/instances", f"launches/{launch_id}/relaunch"):
        about: Any = {"as_user": "vic", "headers": {"Idempotency-Key": "i"}}
        assert await ann.refused("POST", f"/v1/{path}", {}, **about) == (403, "forbidden")


async def test_a_relaunch_is_the_same_scenario_for_whom_it_is_said_anew(ann: Desk) -> None:
    first = (await ann.launch())["launch_id"]
    ann.emitted.clear()
    path = f"/v1/launches/{first}/relaunch"
    about: Any = {"as_user": "ann", "headers": {"Idempotency-Key": "again"}}
    assert await ann.refused("POST", path, {}, **about) == (422, "empty_selection")
    nobody = {"participants": {"kind": "groups", "groups": []}}
    assert await ann.refused("POST", path, nobody, **about) == (422, "empty_selection")
    again = await start(ann, path, {"participants": {"kind": "groups", "groups": ["vip"]}}, "again", as_user="ann")
    await ann.checked(again["launch_id"])
    shown = await ann.done("GET", f"/v1/launches/{again['launch_id']}")
    assert (shown["state"], shown["kind"], shown["relaunch_of"]) == ("awaiting_confirmation", "relaunch", first)
    assert (shown["scenario"], shown["retry_of"]) == ("welcome", None)
    about["headers"] = {"Idempotency-Key": "third"}
    refused = await ann.refused("POST", "/v1/launches/nope/relaunch", {"participants": {"kind": "all"}}, **about)
    assert refused == (404, "unknown_launch")
