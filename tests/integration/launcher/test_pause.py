"""Pause and resume: control records with higher revisions; and the answer to a hold of messaging's."""

import pytest

from contracts.crm import CommandAccepted, LaunchPause, LaunchResume
from contracts.event import Event
from contracts.launches import LaunchControlled
from contracts.words import ControlState, LaunchState
from integration.launcher.commands import drafted, rejection, running, stop
from integration.launcher.desk import Desk, Key

HELD = {"reason": "more than planned", "number": 1}


async def turn(desk: Desk, key: Key, kind: type[Event], launch_id: str, id: str) -> LaunchState:
    command = desk.command(key, {"project": "demo", "launch_id": launch_id}, kind=kind.TYPE, id=id)
    [reply] = await desk.commands(command)
    assert isinstance(reply, CommandAccepted), reply
    return reply.state


async def audited(desk: Desk, launch_id: str) -> list[tuple[str, str]]:
    entries = (await desk.done("GET", f"/v1/audit?thing=launch/{launch_id}"))["items"]
    return [(entry["subject"], entry["action"]) for entry in reversed(entries)]


async def test_pause_and_resume_are_control_records_with_rising_revisions(desk: Desk, key: Key) -> None:
    launch_id = await running(desk, key)
    assert await turn(desk, key, LaunchPause, launch_id, "p-1") is LaunchState.PAUSED
    assert await turn(desk, key, LaunchPause, launch_id, "p-2") is LaunchState.PAUSED
    assert await turn(desk, key, LaunchResume, launch_id, "r-1") is LaunchState.RUNNING
    assert await turn(desk, key, LaunchResume, launch_id, "r-2") is LaunchState.RUNNING
    states = [(control.revision, control.state, control.by) for control in desk.take(LaunchControlled)]
    assert states == [(2, ControlState.PAUSED, key.id), (3, ControlState.RUNNING, key.id)]
    assert (await audited(desk, launch_id))[-2:] == [(key.id, "launch.paused"), (key.id, "launch.resumed")]


async def test_a_resume_that_is_only_tried_changes_nothing(desk: Desk, key: Key) -> None:
    launch_id = await running(desk, key)
    await turn(desk, key, LaunchPause, launch_id, "p-1")
    desk.take(LaunchControlled)
    tried = await desk.done("POST", f"/v1/launches/{launch_id}/resume", {"dry_run": True})
    assert (tried["state"], tried["changed"]) == ("paused", False)
    assert desk.take(LaunchControlled) == []
    assert (await audited(desk, launch_id))[-1] == (key.id, "launch.paused")
    assert (await desk.done("POST", f"/v1/launches/{launch_id}/resume"))["state"] == "running"


async def test_figures_from_before_a_pause_do_not_undo_it(desk: Desk, key: Key) -> None:
    launch_id = await running(desk, key)
    await turn(desk, key, LaunchPause, launch_id, "p-1")
    await desk.counted(launch_id, 1, LaunchState.RUNNING)
    assert (await desk.done("GET", f"/v1/launches/{launch_id}"))["state"] == "paused"
    await desk.counted(launch_id, 2, LaunchState.COMPLETED)
    assert (await desk.done("GET", f"/v1/launches/{launch_id}"))["state"] == "completed"


async def test_a_paused_launch_can_be_stopped_and_then_not_resumed(desk: Desk, key: Key) -> None:
    launch_id = await running(desk, key)
    await turn(desk, key, LaunchPause, launch_id, "p-1")
    await desk.commands(stop(desk, key, launch_id))
    path = f"/v1/launches/{launch_id}/resume"
    for body in ({}, {"dry_run": True}):
        assert await desk.refused("POST", path, body) == (409, "wrong_state")
    assert [control.state for control in desk.take(LaunchControlled)] == [ControlState.PAUSED, ControlState.STOPPED]


@pytest.mark.parametrize("kind", [LaunchPause, LaunchResume])
async def test_what_does_not_run_cannot_be_paused_or_resumed(desk: Desk, key: Key, kind: type[Event]) -> None:
    launch_id = await drafted(desk, key)
    data = {"project": "demo", "launch_id": launch_id}
    code, detail = rejection(await desk.commands(desk.command(key, data, kind=kind.TYPE, id="early")))
    assert (code, "validating" in detail) == ("wrong_state", True)
    await desk.checked(launch_id)
    desk.emitted.clear()
    await desk.counted(launch_id, 1, LaunchState.COMPLETED)
    code, detail = rejection(await desk.commands(desk.command(key, data, kind=kind.TYPE, id="late")))
    assert (code, "completed" in detail) == ("wrong_state", True)


async def test_pausing_needs_the_permission_to_stop_and_the_launchs_project(desk: Desk, key: Key) -> None:
    launch_id = await running(desk, key)
    weak = await desk.key("process:start")
    await desk.project("other")
    others = await desk.key(project="other")
    for number, kind in enumerate((LaunchPause, LaunchResume)):
        asked = desk.command(weak, {"project": "demo", "launch_id": launch_id}, kind=kind.TYPE, id=f"w-{number}")
        assert rejection(await desk.commands(asked))[0] == "forbidden"
        strange = desk.command(others, {"project": "other", "launch_id": launch_id}, kind=kind.TYPE, id=f"o-{number}")
        assert rejection(await desk.commands(strange))[0] == "unknown_launch"
    for action in ("pause", "resume"):
        path = f"/v1/launches/{launch_id}/{action}"
        assert await desk.refused("POST", path, {}, token=weak.token) == (403, "forbidden")
        assert await desk.refused("POST", path, {}, token=others.token, project="other") == (404, "unknown_launch")


async def test_over_http_the_answer_says_what_was_done(desk: Desk, key: Key) -> None:
    launch_id = await running(desk, key)
    path = f"/v1/launches/{launch_id}"
    paused = {"launch_id": launch_id, "state": "paused", "changed": True, "lifted": None}
    assert await desk.done("POST", f"{path}/pause", {}) == paused
    assert await desk.done("POST", f"{path}/pause", {}) == paused | {"changed": False}
    assert await desk.done("POST", f"{path}/resume", {}) == paused | {"state": "running"}


async def test_a_held_launch_is_paused_once_and_only_a_resume_that_knows_of_the_hold_lifts_it(
    desk: Desk, key: Key
) -> None:
    launch_id = await running(desk, key)
    for revision in (1, 2, 3):
        await desk.counted(launch_id, revision, LaunchState.RUNNING, held=HELD)
    [control] = desk.take(LaunchControlled)
    assert (control.state, control.revision, control.reason) == (ControlState.PAUSED, 2, "more than planned")
    assert control.lifted == 0
    shown = await desk.done("GET", f"/v1/launches/{launch_id}")
    assert (shown["state"], shown["figures"]["held"]["reason"]) == ("paused", "more than planned")
    answer = await desk.done("POST", f"/v1/launches/{launch_id}/resume", {})
    assert (answer["state"], answer["lifted"]) == ("running", "more than planned")
    [control] = desk.take(LaunchControlled)
    assert (control.state, control.revision, control.lifted) == (ControlState.RUNNING, 3, 1)
    await desk.counted(launch_id, 4, LaunchState.RUNNING, held=HELD)
    assert desk.take(LaunchControlled) == []
    assert (await audited(desk, launch_id))[-2:] == [("messaging", "launch.held"), ("admin", "launch.resumed")]
    await desk.counted(launch_id, 5, LaunchState.RUNNING, held={**HELD, "number": 2})
    assert [(each.state, each.lifted) for each in desk.take(LaunchControlled)] == [(ControlState.PAUSED, 1)]


async def test_who_resumes_before_the_hold_is_known_does_not_lift_it(desk: Desk, key: Key) -> None:
    launch_id = await running(desk, key)
    await turn(desk, key, LaunchPause, launch_id, "p-1")
    await turn(desk, key, LaunchResume, launch_id, "r-1")
    await desk.counted(launch_id, 1, LaunchState.RUNNING, held=HELD)
    assert [control.lifted for control in desk.take(LaunchControlled)] == [0, 0, 0]
    assert (await desk.done("GET", f"/v1/launches/{launch_id}"))["state"] == "paused"


async def test_a_hold_of_a_launch_that_is_paused_or_stopping_sends_no_other_record(desk: Desk, key: Key) -> None:
    launch_id = await running(desk, key)
    await turn(desk, key, LaunchPause, launch_id, "p-1")
    await desk.counted(launch_id, 1, LaunchState.PAUSED, held=HELD)
    assert len(desk.take(LaunchControlled)) == 1
    answer = await desk.done("POST", f"/v1/launches/{launch_id}/resume", {})
    assert answer["lifted"] == "more than planned"
    await desk.commands(stop(desk, key, launch_id))
    desk.emitted.clear()
    await desk.counted(launch_id, 2, LaunchState.STOPPING, held={**HELD, "number": 2})
    assert desk.take(LaunchControlled) == []
