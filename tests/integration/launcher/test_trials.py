"""Tests and rehearsals as launcher has them: asked for, hidden from the log of launches, watched to their end."""

from typing import Any

import pytest

from contracts.launches import All, Contacts, LaunchDrafted, LaunchRequested
from contracts.words import LaunchMode, LaunchState
from integration.launcher.desk import PROGRESS, Desk, figures

REHEARSAL = {"scenario": "welcome", "participants": {"kind": "all"}}


@pytest.fixture
async def ann(desk: Desk) -> Desk:
    """Somebody who may neither approve nor launch without approval."""
    await desk.done("POST", "/v1/users", {"user": "ann", "grants": ["process:start", "view"]})
    PROGRESS.now()
    PROGRESS.asked.clear()
    desk.emitted.clear()
    return desk


async def post(desk: Desk, what: str, body: Any, key: str = "idem", **more: Any) -> Any:
    return await desk.done("POST", f"/v1/{what}", body, headers={"Idempotency-Key": key}, as_user="ann", **more)


async def tried(desk: Desk, *to: str, **more: Any) -> Any:
    return (await post(desk, "tests", {"scenario": "welcome", "to": to or ["me@acme.example"], **more}))["items"]


async def shown(desk: Desk, launch_id: str) -> Any:
    return await desk.done("GET", f"/v1/launches/{launch_id}")


async def test_a_rehearsal_runs_without_anybodys_approval_as_the_launch_that_it_is_of(ann: Desk) -> None:
    answer = await post(ann, "rehearsals", REHEARSAL)
    assert answer["state"] == "validating"
    assert await post(ann, "rehearsals", REHEARSAL) == answer
    [draft] = ann.take(LaunchDrafted)
    assert (draft.participants, draft.options.mode) == (All(), LaunchMode.REHEARSAL)
    await ann.checked(answer["launch_id"])
    [control] = ann.take(LaunchRequested)
    assert (control.options.mode, control.retry_of, control.launched_by) == (LaunchMode.REHEARSAL, None, "ann")
    seen = await shown(ann, answer["launch_id"])
    assert (seen["kind"], seen["mode"], seen["state"]) == ("rehearsal", "rehearsal", "requested")


async def test_a_rehearsal_is_judged_as_the_launch_would_be(ann: Desk) -> None:
    wrong = {"scenario": "welcome", "participants": {"kind": "groups", "groups": []}}
    about: Any = {"headers": {"Idempotency-Key": "wrong"}, "as_user": "ann"}
    assert await ann.refused("POST", "/v1/rehearsals", wrong, **about) == (422, "empty_selection")
    lifted = {**REHEARSAL, "options": {"consent_override": {"reason": "recall"}}}
    answer = await post(ann, "rehearsals", lifted, "lifted")
    assert (answer["state"], [each["code"] for each in answer["points"]]) == ("rejected", ["forbidden"])


async def test_a_test_is_a_launch_for_one_contact_per_address(ann: Desk) -> None:
    items = await tried(ann, "me@acme.example", "you@acme.example", "me@acme.example", contact_id="c-1")
    assert [item["to"] for item in items] == ["me@acme.example", "you@acme.example"]
    drafts = ann.take(LaunchDrafted)
    assert [draft.launch_id for draft in drafts] == [item["launch_id"] for item in items]
    assert [(draft.options.mode, draft.options.to) for draft in drafts] == [
        (LaunchMode.TEST, item["to"]) for item in items
    ]
    assert all(draft.participants == Contacts(contacts=["c-1"]) for draft in drafts)


async def test_any_version_is_tested_active_or_not(ann: Desk) -> None:
    await ann.done("POST", "/v1/scenarios/welcome/deactivate", {})
    [item] = await tried(ann)
    assert item["state"] == "validating"
    [draft] = ann.take(LaunchDrafted)
    assert (draft.version.version, draft.participants) == (1, All())
    about: Any = {"as_user": "ann", "headers": {"Idempotency-Key": "none"}}
    body = {"scenario": "welcome", "to": ["me@acme.example"], "version": 7}
    assert await ann.refused("POST", "/v1/tests", body, **about) == (404, "unknown_version")
    unknown = await post(ann, "tests", {"scenario": "nope", "to": ["me@acme.example"]}, "nope")
    assert [each["code"] for each in unknown["items"][0]["points"]] == ["unknown_scenario"]


@pytest.mark.parametrize("to", [[], ["nobody"], ["a b@acme.example"], ["a@b\r\nBcc: c@d"], ["a@acme.example"] * 11])
async def test_a_test_names_one_to_ten_addresses(ann: Desk, to: list[str]) -> None:
    about: Any = {"as_user": "ann", "headers": {"Idempotency-Key": "i"}}
    body = {"scenario": "welcome", "to": to}
    assert (await ann.refused("POST", "/v1/tests", body, **about))[0] == 422


async def test_trials_need_the_permission_to_start(ann: Desk) -> None:
    await ann.done("POST", "/v1/users", {"user": "vic", "grants": ["view", "launch:approve"]})
    for path, body in (("tests", {"scenario": "welcome", "to": ["me@acme.example"]}), ("rehearsals", REHEARSAL)):
        about: Any = {"as_user": "vic", "headers": {"Idempotency-Key": "i"}}
        assert await ann.refused("POST", f"/v1/{path}", body, **about) == (403, "forbidden")


async def test_the_log_of_launches_has_them_only_if_asked(ann: Desk) -> None:
    live = (await ann.launch())["launch_id"]
    rehearsal = (await post(ann, "rehearsals", REHEARSAL, "r"))["launch_id"]
    [item] = await tried(ann)
    found = {}
    for mode in (None, "live", "rehearsal", "test"):
        page = await ann.done("GET", "/v1/launches", params={"mode": mode} if mode else {})
        found[mode] = [each["launch_id"] for each in page["items"]]
    assert found == {None: [live], "live": [live], "rehearsal": [rehearsal], "test": [item["launch_id"]]}


async def test_its_figures_are_asked_for_until_it_has_ended(ann: Desk) -> None:
    launch_id = (await post(ann, "rehearsals", REHEARSAL))["launch_id"]
    await ann.checked(launch_id)
    await ann.pool.execute("UPDATE launch SET requested_at = now()")
    await ann.idle("trials")
    assert PROGRESS.asked == [], "log is given a moment"
    await ann.pool.execute("UPDATE launch SET requested_at = now() - interval '2 seconds'")
    await ann.idle("trials")
    assert (await shown(ann, launch_id))["state"] == "requested", "log does not know it yet"
    assert len(PROGRESS.asked) == 1
    PROGRESS.now(figures(launch_id, 3, LaunchState.RUNNING, targeted=9, in_progress=9))
    await ann.idle("trials")
    assert (await shown(ann, launch_id))["state"] == "running"
    PROGRESS.now(figures(launch_id, 5, LaunchState.COMPLETED, targeted=9, success=9))
    await ann.idle("trials")
    seen = await shown(ann, launch_id)
    assert (seen["state"], seen["figures"]["success"]) == ("completed", 9)
    assert {(asker.project, asker.subject, asked) for asker, asked in PROGRESS.asked} == {("demo", "ann", launch_id)}
    PROGRESS.asked.clear()
    await ann.idle("trials")
    assert PROGRESS.asked == []


async def test_a_rehearsal_of_a_retry_lifts_what_the_retry_would(ann: Desk) -> None:
    earlier = (await ann.launch())["launch_id"]
    await ann.checked(earlier)
    await ann.counted(earlier, 1, LaunchState.COMPLETED)
    participants = {"kind": "results", "launch_id": earlier, "outcome": "failure"}
    answer = await post(ann, "rehearsals", {"scenario": "welcome", "participants": participants})
    seen = await shown(ann, answer["launch_id"])
    assert (seen["state"], seen["kind"], seen["retry_of"]) == ("draft", "rehearsal", earlier)
