"""From the draft to the start: every step a person takes, and every refusal, which leaves the launch as it was."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from contracts.launches import LaunchDrafted, LaunchRequested, ParticipantsListed
from contracts.words import Permission
from fakes.counting import FakeCounting
from fakes.counting import figures as counted
from fakes.transaction import NOON
from integration.launcher.desk import COUNTING, SAMPLES, SETTINGS, Desk
from launcher.adapters.count_tokens import SignedCountTokens
from launcher.domain.counting import Counted, Figures, MessageFigures, basis_of
from launcher.domain.points import error
from launcher.domain.refusals import Denied
from unit.launcher.builders import request

TOKENS = SignedCountTokens(SETTINGS.token_key)
ALL = {"kind": "all"}
MESSAGES = [MessageFigures("hello", "email", "administrative", 80, {"no_address": 10})]
BODY = {"scenario": "welcome", "participants": ALL}


@pytest.fixture
async def people(desk: Desk) -> Desk:
    """Ann asks, Bob and Cleo approve."""
    COUNTING.now(counted(100))
    await _user(desk, "ann", "process:start", "view")
    await _user(desk, "bob", "launch:approve", "view")
    await _user(desk, "cleo", "launch:approve", "process:start", "view")
    desk.emitted.clear()
    return desk


async def _user(desk: Desk, name: str, *grants: str) -> None:
    await desk.done("POST", "/v1/users", {"user": name, "grants": grants})


def token(figures: Figures, at: Any = NOON, version: int = 1, **fields: Any) -> str:
    """Of a count of what `waiting` asks for."""
    asked = request(scenario="welcome", **fields)
    return TOKENS.mint(basis_of(asked, version, "ann", figures, MESSAGES), at)[0]


async def drafted(desk: Desk, body: Any = None, **more: Any) -> str:
    launch_id: str = (await desk.launch(body or BODY, as_user="ann", **more))["launch_id"]
    return launch_id


async def waiting(desk: Desk, **more: Any) -> str:
    """Ann's launch, checked by contacts: it awaits its confirmation."""
    launch_id = await drafted(desk, **more)
    await desk.checked(launch_id, expected=100)
    assert await state(desk, launch_id) == "awaiting_confirmation"
    return launch_id


async def confirmed(desk: Desk, figures: Figures | None = None, **more: Any) -> str:
    launch_id = await waiting(desk, **more)
    await act(desk, launch_id, "confirm", {"count_token": token(figures or counted(100))})
    desk.emitted.clear()
    return launch_id


async def act(desk: Desk, launch_id: str, what: str, body: Any = None, as_user: str = "ann") -> Any:
    return await desk.done("POST", f"/v1/launches/{launch_id}/{what}", body, as_user=as_user)


async def approve(desk: Desk, launch_id: str, as_user: str = "bob", **body: Any) -> Any:
    return await act(desk, launch_id, "approve", body, as_user)


async def shown(desk: Desk, launch_id: str) -> Any:
    return await desk.done("GET", f"/v1/launches/{launch_id}")


async def state(desk: Desk, launch_id: str) -> str:
    return str((await shown(desk, launch_id))["state"])


async def refused(
    desk: Desk, launch_id: str, what: str, body: Any = None, as_user: str = "ann", **more: Any
) -> tuple[int, str]:
    """Status and code; the row and the outbox are as they were."""
    before, emitted = await desk.pool.fetchrow("SELECT * FROM launch WHERE launch_id = $1", launch_id), desk.emitted
    answer = await desk.refused("POST", f"/v1/launches/{launch_id}/{what}", body, as_user=as_user, **more)
    assert await desk.pool.fetchrow("SELECT * FROM launch WHERE launch_id = $1", launch_id) == before
    assert desk.emitted == emitted
    return answer


async def test_a_launch_goes_from_draft_to_requested_and_nothing_runs_before_it_is_approved(people: Desk) -> None:
    launch_id = await waiting(people)
    answer = await act(people, launch_id, "confirm", {"count_token": token(counted(100, no_consent=10))})
    assert answer["state"] == "awaiting_approval"
    assert answer["summary"]["figures"] == {"targeted": 100, "starting": 90, "excluded": {"no_consent": 10}}
    assert (answer["summary"]["confirmed_by"], answer["summary"]["version"]) == ("ann", 1)
    [message] = (await shown(people, launch_id))["summary"]["messages"]
    assert (message["step"], message["reached"], message["skipped"]) == ("hello", 80, {"no_address": 10})
    assert message["at_most"] is False
    assert people.take(LaunchRequested) == []
    COUNTING.now(counted(100, no_consent=10))
    people.later(minutes=5)
    done = await approve(people, launch_id)
    assert done == {
        "launch_id": launch_id,
        "state": "requested",
        "changed": True,
        "approved_by": "bob",
        "targeted": 100,
    }
    [control] = people.take(LaunchRequested)
    assert (control.launched_by, control.approved_by, control.revision) == ("ann", "bob", 1)
    assert (control.asked_at, control.requested_at) == (NOON, NOON + timedelta(minutes=5))
    entries = (await people.done("GET", "/v1/audit", params={"thing": f"launch/{launch_id}"}))["items"]
    assert [(entry["subject"], entry["action"]) for entry in reversed(entries)] == [
        ("ann", "launch.asked"),
        ("ann", "launch.confirmed"),
        ("bob", "launch.approved"),
    ]


async def test_what_was_confirmed_stays_as_it_was_confirmed_first(people: Desk) -> None:
    launch_id = await waiting(people)
    first = await act(people, launch_id, "confirm", {"count_token": token(counted(100))})
    people.later(minutes=1)
    again = await act(people, launch_id, "confirm", {"count_token": token(counted(50))}, as_user="cleo")
    assert again == first


async def test_who_only_asks_whether_it_may_be_is_refused_as_they_would_be_and_changes_nothing(people: Desk) -> None:
    launch_id, look = await waiting(people), {"dry_run": True}
    assert await refused(people, launch_id, "approve", look, as_user="bob") == (409, "wrong_state")
    assert await refused(people, launch_id, "confirm", {"count_token": "x", **look}) == (422, "count_token_invalid")
    body = {"count_token": token(counted(100))}
    assert (await act(people, launch_id, "confirm", {**body, **look}))["state"] == "awaiting_confirmation"
    assert await state(people, launch_id) == "awaiting_confirmation"
    await act(people, launch_id, "confirm", body)
    people.emitted.clear()
    answer = await approve(people, launch_id, dry_run=True)
    assert (answer["state"], answer["changed"], answer["targeted"]) == ("awaiting_approval", False, 100)
    COUNTING.now(counted(200))
    assert await refused(people, launch_id, "approve", look, as_user="bob") == (409, "drift")
    COUNTING.now(counted(100))
    assert (await state(people, launch_id), people.emitted) == ("awaiting_approval", [])
    await approve(people, launch_id)
    answer = await approve(people, launch_id, dry_run=True)
    assert (answer["state"], answer["changed"], answer["targeted"]) == ("requested", False, None)
    actions = (await people.done("GET", "/v1/audit", params={"thing": f"launch/{launch_id}"}))["items"]
    assert [entry["action"] for entry in actions] == ["launch.approved", "launch.confirmed", "launch.asked"]


async def test_two_people_approve_at_once_and_one_of_them_did(people: Desk) -> None:
    launch_id = await confirmed(people)
    answers = await asyncio.gather(*(approve(people, launch_id, who) for who in ("bob", "cleo")))
    assert sorted(answer["changed"] for answer in answers) == [False, True]
    assert len({answer["approved_by"] for answer in answers}) == 1
    assert len(people.take(LaunchRequested)) == 1


@pytest.mark.parametrize(
    ("targeted", "starting", "too_far"),
    [
        (200, 200, False),
        (210, 210, False),  # 10 contacts, 5 %: neither bound is passed
        (211, 211, True),
        (189, 189, True),
        (190, 190, False),
        (200, 189, True),  # as many targets, but fewer would start
    ],
)
async def test_drift_of_more_than_ten_contacts_and_five_per_cent_is_refused(
    people: Desk, targeted: int, starting: int, too_far: bool
) -> None:
    launch_id = await confirmed(people, counted(200))
    COUNTING.now(Figures(targeted, starting, {"no_consent": targeted - starting}))
    if too_far:
        assert await refused(people, launch_id, "approve", {}, "bob") == (409, "drift")
    else:
        assert (await approve(people, launch_id))["targeted"] == targeted


@pytest.mark.parametrize(("counted_before", "now", "too_far"), [(20, 30, False), (20, 31, True), (1000, 1050, False)])
async def test_small_and_large_launches_drift_by_both_bounds(
    people: Desk, counted_before: int, now: int, too_far: bool
) -> None:
    launch_id = await confirmed(people, counted(counted_before))
    COUNTING.now(counted(now))
    response = await people.call("POST", f"/v1/launches/{launch_id}/approve", {}, as_user="bob")
    assert response.is_error == too_far
    if too_far:
        problem = response.json()
        assert (problem["counted"]["targeted"], problem["now"]["targeted"]) == (counted_before, now)


async def test_an_approver_who_has_counted_is_judged_by_that_count(people: Desk) -> None:
    launch_id = await confirmed(people, counted(100))
    COUNTING.now(counted(200))
    assert await refused(people, launch_id, "approve", {}, "bob") == (409, "drift")
    assert (await shown(people, launch_id))["recounted"] is None
    assert (await approve(people, launch_id, count_token=token(counted(200))))["targeted"] == 200
    launch = await shown(people, launch_id)
    assert [launch[when]["figures"]["targeted"] for when in ("summary", "recounted")] == [100, 200], "both are kept"
    COUNTING.now(counted(300))
    await approve(people, launch_id)
    assert (await shown(people, launch_id))["recounted"] == launch["recounted"], "it was approved with these"


async def test_an_approver_may_count_a_launch_that_waits_but_nothing_else(people: Desk) -> None:
    launch_id = await confirmed(people, counted(100))
    COUNTING.now(counted(200))
    own = await people.done("POST", "/v1/counts", {"launch_id": launch_id}, as_user="bob")
    people.now = await people.pool.fetchval("SELECT now()")  # a count is made by PostgreSQL's clock
    assert (await approve(people, launch_id, count_token=own["token"]))["targeted"] == 200
    other = await people.call("POST", "/v1/counts", BODY, as_user="bob")
    assert (other.status_code, other.json()["code"]) == (403, "forbidden")
    assert "asks for no launch" in other.json()["detail"], "a launch is counted before it is asked about"


async def test_an_expired_a_forged_and_another_count_confirm_nothing(people: Desk) -> None:
    launch_id = await waiting(people)
    good = token(counted(100))
    people.later(minutes=15, seconds=1)
    assert await refused(people, launch_id, "confirm", {"count_token": good}) == (409, "count_token_expired")
    fresh = token(counted(100), people.now)
    forged = SignedCountTokens("x" * 32).mint(basis_of(request(scenario="welcome"), 1, "ann", counted(1)), people.now)[
        0
    ]
    for wrong in (fresh[:-3] + "abc", "", "not-a-token", forged):
        assert await refused(people, launch_id, "confirm", {"count_token": wrong}) == (422, "count_token_invalid")
    others = (
        token(counted(100), people.now, participants={"kind": "groups", "groups": ["vip"]}),
        token(counted(100), people.now, options={"consent_override": {"reason": "x"}}),
        token(counted(100), people.now, version=2),
    )
    for other in others:
        assert await refused(people, launch_id, "confirm", {"count_token": other}) == (409, "count_token_mismatch")
    assert (await act(people, launch_id, "confirm", {"count_token": fresh}))["state"] == "awaiting_approval"


async def test_a_count_of_an_earlier_version_is_made_again_and_one_of_a_later_is_not_what_is_launched(
    people: Desk,
) -> None:
    before = token(counted(100))
    await people.done("POST", "/v1/scenarios", (SAMPLES / "welcome.yaml").read_bytes().replace(b"Welcome,", b"Hello,"))
    await people.done("POST", "/v1/scenarios/welcome/activate", {})
    launch_id = await waiting(people)

    async def said(count_token: str) -> Any:
        answer = await people.call(
            "POST", f"/v1/launches/{launch_id}/confirm", {"count_token": count_token}, as_user="ann"
        )
        return answer.json()

    earlier, later = await said(before), await said(token(counted(100), version=3))
    assert earlier["code"] == later["code"] == "count_token_mismatch"
    assert "was of version 1" in earlier["detail"] and earlier["remedy"].startswith("give a count of it as it is now")
    assert later["remedy"].startswith("another version is active by now")
    await act(people, launch_id, "confirm", {"count_token": token(counted(100), version=2)})
    for count_token in (before, token(counted(100), version=3)):
        body = {"count_token": count_token}
        answer = await people.call("POST", f"/v1/launches/{launch_id}/approve", body, as_user="bob")
        assert f"`POST /v1/launches/{launch_id}/approve {{" in answer.json()["remedy"]


async def test_a_scenario_put_away_between_is_not_approved(people: Desk) -> None:
    launch_id = await confirmed(people)
    await people.done("POST", "/v1/scenarios/welcome/deactivate", {})
    assert await people.refused("POST", "/v1/scenarios/welcome/archive", {}) == (409, "wrong_state")
    assert await refused(people, launch_id, "approve", {}, "bob") == (409, "scenario_inactive")


@pytest.mark.parametrize(
    ("disabled", "status", "code"), [("ann", 409, "user_disabled"), ("bob", 401, "unauthenticated")]
)
async def test_nothing_of_a_disabled_user_begins(people: Desk, disabled: str, status: int, code: str) -> None:
    launch_id = await confirmed(people)
    minted = await people.http.post(
        "/internal/tokens",
        headers={"Authorization": f"Bearer {'admin.' + 'a' * 32}", "Slipway-Project": "demo", "Slipway-As": "bob"},
    )
    await people.done("POST", f"/v1/users/{disabled}/disable", {})
    about = {"Authorization": f"Bearer {minted.json()['token']}"}
    response = await people.http.post(f"/v1/launches/{launch_id}/approve", json={}, headers=about)
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert await state(people, launch_id) == "awaiting_approval"


@pytest.mark.parametrize(
    ("body", "before", "after", "lacked"),
    [
        (BODY, ["process:start", "view"], ["view", "launch:approve"], "process:start"),
        (
            {**BODY, "options": {"consent_override": {"reason": "recall"}}},
            ["process:start", "consent:override", "view"],
            ["process:start", "view"],
            "consent:override",
        ),
    ],
)
async def test_what_its_requester_may_not_do_any_more_is_not_approved(
    people: Desk, body: Any, before: list[str], after: list[str], lacked: str
) -> None:
    await people.done("POST", "/v1/users/ann/grant", {"grants": before})
    launch_id = await waiting(people, body=body)
    good = token(counted(100), options=body.get("options", {}))
    await act(people, launch_id, "confirm", {"count_token": good})
    await people.done("POST", "/v1/users/ann/grant", {"grants": after})
    for given in ({"dry_run": True}, {}):
        response = await people.call("POST", f"/v1/launches/{launch_id}/approve", given, as_user="bob")
        problem = response.json()
        assert (response.status_code, problem["code"]) == (409, "requester_forbidden")
        assert f"ann, who asked for it, has the permission {lacked} no more" in problem["detail"]
    assert await state(people, launch_id) == "awaiting_approval" and people.take(LaunchRequested) == []
    await people.done("POST", "/v1/users/ann/grant", {"grants": before})
    assert (await approve(people, launch_id, "bob"))["changed"]


async def test_a_scenario_that_is_transferred_between_keeps_the_creator_that_was_counted_with(people: Desk) -> None:
    launch_id = await confirmed(people)
    await people.done("POST", "/v1/scenarios/welcome/transfer", {"user": "cleo"})
    assert (await approve(people, launch_id, "bob"))["changed"]
    assert COUNTING.asked[-1][1].version.creator == "admin"
    [requested] = people.take(LaunchRequested)
    assert requested.version.creator == "admin"


async def test_above_the_projects_bound_another_person_approves(people: Desk) -> None:
    await people.done("POST", "/v1/users/ann/grant", {"grants": ["process:start", "launch:approve"]})
    await people.pool.execute("UPDATE project SET second_approver_above = 99")
    launch_id = await confirmed(people)
    assert await refused(people, launch_id, "approve", {}, "ann") == (409, "second_approver")
    await people.pool.execute("UPDATE project SET second_approver_above = 100")
    assert (await approve(people, launch_id, "ann"))["approved_by"] == "ann"
    other = await waiting(people, key="second")
    await act(people, other, "confirm", {"count_token": token(counted(100))}, "cleo")
    await people.pool.execute("UPDATE project SET second_approver_above = 99")
    assert await refused(people, other, "approve", {}, "cleo") == (409, "second_approver")
    assert (await approve(people, other, "bob"))["changed"]


async def test_approval_needs_its_permission_and_a_launch_that_awaits_it(people: Desk) -> None:
    launch_id = await waiting(people)
    assert await refused(people, launch_id, "approve", {}, "ann") == (403, "forbidden")
    assert await refused(people, launch_id, "approve", {}, "bob") == (409, "wrong_state")
    assert await refused(people, launch_id, "confirm", {"count_token": token(counted(1))}, "bob") == (403, "forbidden")
    assert await people.refused("POST", "/v1/launches/nope/approve", {}, as_user="bob") == (404, "unknown_launch")


async def test_nobody_counts_for_the_approval_or_something_is_wrong_by_now(people: Desk) -> None:
    launch_id = await confirmed(people)
    COUNTING.answer = Denied("busy", "others count", "ask again in a moment")
    assert await refused(people, launch_id, "approve", {}, "bob") == (503, "busy")
    gone = error("unknown_group", "participants.groups[0]", "the group vip is gone: choose another one")
    COUNTING.answer = Counted(counted(0), {}, points=(gone,))
    assert await refused(people, launch_id, "approve", {}, "bob") == (409, "points")


async def test_a_draft_with_points_is_mended_and_checked_again(people: Desk) -> None:
    await people.done("POST", "/v1/scenarios/welcome/deactivate", {})
    launch_id = await drafted(people)
    assert await state(people, launch_id) == "draft"
    assert people.take(LaunchDrafted) == []
    again = await act(people, launch_id, "validate")
    assert ([point["code"] for point in again["points"]], again["state"]) == (["scenario_inactive"], "draft")
    await people.done("POST", "/v1/scenarios/welcome/activate", {})
    assert await act(people, launch_id, "validate") == {"launch_id": launch_id, "state": "validating", "points": []}
    [draft] = people.take(LaunchDrafted)
    assert draft.check == 3
    await people.checked(launch_id, error("unknown_group", "participants.groups[0]", "make it"), check=3)
    found = await shown(people, launch_id)
    assert ([point["code"] for point in found["points"]], found["state"]) == (["unknown_group"], "draft")
    await act(people, launch_id, "validate")
    await people.checked(launch_id, check=3)
    assert await state(people, launch_id) == "validating", "the answer to the round before comes late"
    await people.checked(launch_id, expected=7, check=4)
    found = await shown(people, launch_id)
    assert (found["state"], found["points"], found["targeted_expected"]) == ("awaiting_confirmation", [], 7)


async def test_a_new_version_is_taken_by_a_check_and_a_count_of_the_old_one_confirms_nothing(people: Desk) -> None:
    launch_id = await waiting(people)
    body = (await people.call("GET", "/v1/scenarios/welcome/versions/1")).json()
    assert body["version"] == 1
    source = (await people.pool.fetchval("SELECT source FROM scenario_version")).replace("name: ", "name: New ", 1)
    await people.done("POST", "/v1/scenarios", source.encode())
    await people.done("POST", "/v1/scenarios/welcome/activate", {})
    await act(people, launch_id, "validate")
    await people.checked(launch_id, check=2)
    assert (await shown(people, launch_id))["scenario_version"] == 2
    assert await refused(people, launch_id, "confirm", {"count_token": token(counted(1))}) == (
        409,
        "count_token_mismatch",
    )


async def test_who_asked_is_judged_by_what_they_may_do_when_it_is_checked_again(people: Desk) -> None:
    body = {**BODY, "options": {"consent_override": {"reason": "recall"}}}
    launch_id = await drafted(people, body)
    assert [point["code"] for point in (await shown(people, launch_id))["points"]] == ["forbidden"]
    again = await act(people, launch_id, "validate", as_user="cleo")
    assert again["state"] == "draft", "that somebody else may does not help"
    grants = [Permission.PROCESS_START, Permission.CONSENT_OVERRIDE]
    await people.done("POST", "/v1/users/ann/grant", {"grants": grants})
    assert (await act(people, launch_id, "validate"))["state"] == "validating"
    [draft] = people.take(LaunchDrafted)
    assert (draft.options.consent_override, draft.options.override_reason) == (True, "recall")


async def test_contacts_named_one_by_one_are_listed_when_the_draft_is_right_at_last(people: Desk) -> None:
    await people.done("POST", "/v1/scenarios/welcome/deactivate", {})
    named = [f"c-{number}" for number in range(1001)]
    launch_id = await drafted(people, {**BODY, "participants": {"kind": "contacts", "contacts": named}})
    assert people.take(ParticipantsListed) == []
    await people.done("POST", "/v1/scenarios/welcome/activate", {})
    await act(people, launch_id, "validate")
    lists = people.take(ParticipantsListed)
    assert [contact for each in lists for contact in each.contact_ids] == named
    [draft] = people.take(LaunchDrafted)
    assert draft.participants_chunks == len(lists)


@pytest.mark.parametrize(("who", "why"), [("bob", "declined"), ("ann", "cancelled")])
async def test_a_launch_is_declined_by_an_approver_or_cancelled_by_who_asked(people: Desk, who: str, why: str) -> None:
    launch_id = await confirmed(people)
    answer = {"launch_id": launch_id, "state": "rejected", "rejected": why}
    for _ in range(2):
        assert await act(people, launch_id, "decline", {"reason": "not today"}, who) == answer
    found = await shown(people, launch_id)
    assert found["points"][0]["code"] == why
    assert "not today" in found["points"][0]["remedy"]
    assert await refused(people, launch_id, "approve", {}, "bob") == (409, "wrong_state")
    assert people.take(LaunchRequested) == []


async def test_nobody_else_declines_and_what_runs_is_stopped_not_declined(people: Desk) -> None:
    await _user(people, "dan", "process:start")
    launch_id = await confirmed(people)
    assert await refused(people, launch_id, "decline", {"reason": "no"}, "dan") == (403, "forbidden")
    await approve(people, launch_id)
    assert await refused(people, launch_id, "decline", {"reason": "no"}, "bob") == (409, "wrong_state")


async def test_contacts_answer_to_a_launch_that_was_declined_meanwhile_changes_nothing(people: Desk) -> None:
    launch_id = await drafted(people)
    await act(people, launch_id, "decline", {"reason": "no"})
    await people.checked(launch_id)
    assert await state(people, launch_id) == "rejected"


async def test_the_recount_is_of_what_was_asked_for(people: Desk) -> None:
    launch_id = await confirmed(people)
    COUNTING.asked.clear()
    await approve(people, launch_id)
    [(asker, selected)] = COUNTING.asked
    assert (asker.subject, selected.launch_id, selected.launched_by) == ("bob", launch_id, "ann")
    assert isinstance(COUNTING, FakeCounting)


async def test_consent_is_noted_as_lifted_by_the_approval_alone_however_often_it_was_checked(people: Desk) -> None:
    await _user(people, "mia", "process:start", "consent:override", "view")
    override = {"consent_override": {"reason": "recall"}}
    launch_id: str = (await people.launch({**BODY, "options": override}, as_user="mia"))["launch_id"]
    await people.checked(launch_id, expected=100)
    for check, who in enumerate(("mia", "cleo"), start=2):
        await act(people, launch_id, "validate", as_user=who)
        await people.checked(launch_id, expected=100, check=check)
    path = f"/v1/audit?thing=launch/{launch_id}&action=consent.overridden"
    assert (await people.done("GET", path))["items"] == []
    await act(people, launch_id, "confirm", {"count_token": token(counted(100), options=override)}, as_user="mia")
    await approve(people, launch_id)
    [entry] = (await people.done("GET", path))["items"]
    assert (entry["subject"], entry["details"]) == ("mia", {"reason": "recall", "approved_by": "bob"})
