"""Launches over HTTP: the same decisions as on Kafka, once per Idempotency-Key, listed and shown."""

import asyncio
from typing import Any

import pytest

from contracts.launches import LaunchControlled, LaunchDrafted, LaunchRequested
from contracts.words import LaunchState
from integration.launcher.desk import Desk, Key, asked
from runtime.errors import Permanent

BODY = {"scenario": "welcome", "participants": {"kind": "all"}}
NEEDY = b"""
key: needy
name: Needy
launch: manual
recurrence: always
context: {voucher: string}
start: won
steps:
  won: {end: success}
"""


async def requested(desk: Desk, key: str = "idem-1", **more: Any) -> str:
    launch_id: str = (await desk.launch(key=key, **more))["launch_id"]
    await desk.checked(launch_id)
    return launch_id


async def test_a_launch_is_asked_for_and_runs_when_contacts_has_checked_it(desk: Desk, key: Key) -> None:
    response = await desk.call("POST", "/v1/launches", BODY, token=key.token, headers={"Idempotency-Key": "i"})
    assert response.status_code == 202
    launch_id = response.json()["launch_id"]
    assert response.json() == {"launch_id": launch_id, "state": "validating", "points": []}
    [draft] = desk.take(LaunchDrafted)
    assert (draft.launched_by, draft.version.creator) == (key.id, "admin")
    await desk.checked(launch_id)
    [control] = desk.take(LaunchRequested)
    assert control.command_id is None
    assert desk.emitted == []
    assert (await desk.done("GET", f"/v1/launches/{launch_id}"))["state"] == "requested"


async def test_a_refused_launch_says_why_at_once(desk: Desk, key: Key) -> None:
    answer = await desk.launch({**BODY, "scenario": "nope"}, token=key.token)
    assert answer["state"] == "rejected"
    assert [point["code"] for point in answer["points"]] == ["unknown_scenario"]
    assert desk.emitted == []


async def test_a_list_of_what_there_is_not_is_refused_in_the_place_of_an_empty_one(desk: Desk, key: Key) -> None:
    await desk.done("POST", "/v1/users", {"user": "ann", "grants": ["view"]})
    for there in ("scenario=welcome", "user=ann", "user=admin", f"user={key.id}", "scenario=welcome&user=ann"):
        assert (await desk.done("GET", f"/v1/launches?{there}"))["items"] == []
    for query, code, said in (
        ("scenario=welcom", "unknown_scenario", "no scenario welcom in this project: did you mean `welcome`?"),
        ("user=anna", "unknown_user", "no user anna in this project: did you mean `ann`?"),
        ("user=key_nope", "unknown_key", "no key key_nope in this project"),
    ):
        answer = await desk.call("GET", f"/v1/launches?{query}")
        assert (answer.status_code, answer.json()["code"]) == (404, code)
        assert said in answer.json()["detail"]
    others = await desk.call("GET", "/v1/launches?user=anna", as_user="ann")
    assert others.json()["detail"] == "there is no user anna in this project", "who may not list users is told of none"


async def test_a_rejected_launch_of_a_scenario_that_there_is_not_is_listed(desk: Desk, key: Key) -> None:
    await desk.launch({**BODY, "scenario": "nope"}, token=key.token)
    assert len((await desk.done("GET", "/v1/launches?scenario=nope"))["items"]) == 1


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"participants": {"kind": "results", "launch_id": "nope", "outcome": "failure"}}, (404, "unknown_launch")),
        ({"participants": {"kind": "contacts", "contacts": []}}, (422, "empty_selection")),
        ({"context": {"vouchre": "A"}}, (422, "context_unknown")),
        ({"options": {"pacing": {"rate": "1/min"}}}, (422, "unsupported")),
        ({"count_token": "nonsense"}, (422, "count_token_invalid")),
        ({"scenario": "needy", "context": {}}, (422, "context_missing")),
    ],
)
@pytest.mark.parametrize("subject", [None, "ann"])
async def test_what_can_never_be_launched_is_refused_and_nothing_is_kept_of_it(
    desk: Desk, subject: str | None, change: dict[str, Any], expected: tuple[int, str]
) -> None:
    await desk.done("POST", "/v1/scenarios", NEEDY)
    await desk.done("POST", "/v1/scenarios/needy/activate", {})
    await desk.done("POST", "/v1/users", {"user": "ann", "grants": ["process:start", "view"]})
    about: dict[str, Any] = {"headers": {"Idempotency-Key": "i"}} | ({"as_user": subject} if subject else {})
    assert await desk.refused("POST", "/v1/launches", {**BODY, **change}, **about) == expected
    assert (await desk.done("GET", "/v1/launches"))["items"] == []
    assert desk.take(LaunchDrafted) == []
    made = await desk.done("POST", "/v1/launches", BODY, **about)
    assert made["state"] == "validating", "the key that nothing was made with is free"


async def test_a_refusal_names_all_that_stands_against_the_launch(desk: Desk) -> None:
    body = {**BODY, "scenario": "nope", "participants": {"kind": "groups", "groups": []}}
    answer = (await desk.call("POST", "/v1/launches", body, headers={"Idempotency-Key": "i"})).json()
    assert [point["code"] for point in answer["points"]] == ["unknown_scenario", "empty_selection"]
    assert answer["code"] == "empty_selection"


async def test_the_same_request_again_is_the_same_launch(desk: Desk, key: Key) -> None:
    first = await desk.launch(token=key.token)
    await desk.checked(first["launch_id"])
    assert await desk.launch(token=key.token) == first
    spelled_out = {**BODY, "context": {}, "options": {"intersect_with_launcher": False}, "project": "demo"}
    assert await desk.launch(spelled_out, token=key.token) == first
    assert len(desk.take(LaunchDrafted)) == 1


async def test_another_body_under_a_used_key_is_a_conflict(desk: Desk, key: Key) -> None:
    await desk.launch(token=key.token)
    other = {**BODY, "participants": {"kind": "groups", "groups": ["vip"]}}
    refused = await desk.refused("POST", "/v1/launches", other, token=key.token, headers={"Idempotency-Key": "idem-1"})
    assert refused == (422, "conflict")


async def test_keys_of_idempotency_are_apart_per_caller(desk: Desk, key: Key) -> None:
    second = await desk.key()
    answers = [await desk.launch(token=caller.token) for caller in (key, second)]
    assert len({answer["launch_id"] for answer in answers}) == 2


async def test_a_request_that_still_runs_is_not_answered_twice(desk: Desk, key: Key) -> None:
    about: dict[str, Any] = {"token": key.token, "headers": {"Idempotency-Key": "busy"}}
    async with desk.transaction() as tx:
        # Hold the lock as a request does that has not come to its end.
        await tx.connection.fetchval(
            "SELECT pg_try_advisory_xact_lock(hashtextextended(array_to_string($1::text[], E'\\x1f'), 1))",
            ["demo", key.id, "busy"],
        )
        assert await desk.refused("POST", "/v1/launches", BODY, **about) == (409, "still_running")
    assert (await desk.done("POST", "/v1/launches", BODY, **about))["state"] == "validating"


async def test_the_same_request_many_times_at_once_launches_once(desk: Desk, key: Key) -> None:
    about: dict[str, Any] = {"token": key.token, "headers": {"Idempotency-Key": "often"}}
    responses = await asyncio.gather(*(desk.call("POST", "/v1/launches", BODY, **about) for _ in range(5)))
    assert {response.status_code for response in responses} <= {202, 409}
    assert len(desk.take(LaunchDrafted)) == 1


async def test_a_launch_without_an_idempotency_key_is_refused(desk: Desk, key: Key) -> None:
    assert (await desk.refused("POST", "/v1/launches", BODY, token=key.token))[0] == 422


@pytest.mark.parametrize(
    "body",
    [
        {**BODY, "scnario": "x"},
        {"scenario": "welcome"},
        {**BODY, "participants": {"kind": "everybody"}},
        {**BODY, "context": {"a": "\0"}},
        {**BODY, "context": {"a": 10**30}},
        {**BODY, "project": "other"},
    ],
)
async def test_a_body_that_is_wrong_is_refused(desk: Desk, key: Key, body: Any) -> None:
    status, _ = await desk.refused("POST", "/v1/launches", body, token=key.token, headers={"Idempotency-Key": "i"})
    assert status == 422
    assert desk.emitted == []


async def test_launching_needs_the_permission_to_start(desk: Desk) -> None:
    weak = await desk.key("view", "launch:preapproved")
    refused = await desk.refused("POST", "/v1/launches", BODY, token=weak.token, headers={"Idempotency-Key": "i"})
    assert refused == (403, "forbidden")


async def test_a_user_launches_with_their_own_permissions(desk: Desk) -> None:
    made = await desk.done("POST", "/v1/users", {"user": "ann", "grants": ["process:start", "view"]})
    waits = await desk.launch(token=made["token"])
    await desk.checked(waits["launch_id"])
    shown = await desk.done("GET", f"/v1/launches/{waits['launch_id']}")
    assert shown["state"] == "awaiting_confirmation"
    await desk.done("POST", "/v1/users/ann/grant", {"grants": ["process:start", "launch:preapproved"]})
    runs = await desk.launch(key="second", as_user="ann")
    await desk.checked(runs["launch_id"])
    [control] = desk.take(LaunchRequested)
    assert (control.launch_id, control.launched_by) == (runs["launch_id"], "ann")


async def test_lifting_consent_is_noted_with_its_reason_once_the_launch_runs(desk: Desk) -> None:
    body = {**BODY, "options": {"consent_override": {"reason": "product recall"}}}
    launch_id = (await desk.launch(body))["launch_id"]
    [draft] = desk.take(LaunchDrafted)
    assert draft.options.consent_override
    [asked] = await noted(desk, "launch.asked")
    assert asked["consent_override"] == "product recall"
    assert await noted(desk, "consent.overridden") == []
    await desk.checked(launch_id)
    assert await noted(desk, "consent.overridden") == [{"reason": "product recall"}]


async def noted(desk: Desk, action: str) -> list[dict[str, Any]]:
    return [entry["details"] for entry in (await desk.done("GET", f"/v1/audit?action={action}"))["items"]]


async def test_whom_lifted_consent_reached_is_noted_once_however_often_it_is_told(desk: Desk) -> None:
    launch_id, other = [await requested(desk, key) for key in ("one", "two")]
    for _ in range(2):
        await desk.overridden(launch_id, 3)
    await desk.overridden(other, 0)
    entries = (await desk.done("GET", "/v1/audit"))["items"]
    noted = [
        (entry["subject"], entry["thing"], entry["details"])
        for entry in entries
        if entry["action"] == "consent.override_reached"
    ]
    assert noted == [
        ("ann", f"launch/{other}", {"reason": "recall", "reached": 0, "by_type": {"promotional": 0}}),
        ("ann", f"launch/{launch_id}", {"reason": "recall", "reached": 3, "by_type": {"promotional": 3}}),
    ]
    with pytest.raises(Permanent, match="ConsentOverridden"):
        await desk.overridden("nobody-asked", 1)


# Stop


async def test_a_stop_over_http_answers_with_the_state_and_again_too(desk: Desk) -> None:
    launch_id = await requested(desk)
    path = f"/v1/launches/{launch_id}/stop"
    answers = [await desk.done("POST", path, {}) for _ in range(2)]
    nothing = {"done": {"success": 0, "failure": 0, "abandon": 0, "other": 0}, "in_flight": 0, "to_cancel": 0}
    assert answers == [{"launch_id": launch_id, "state": "stopping", **nothing}] * 2
    assert len(desk.take(LaunchControlled)) == 1


async def test_a_stop_tells_what_is_done_what_is_with_the_provider_and_what_is_cancelled(desk: Desk) -> None:
    launch_id = await requested(desk)
    counted = {"targeted": 10, "started": 9, "not_started": 1, "in_progress": 4, "success": 5, "other": 1}
    await desk.counted(launch_id, 3, LaunchState.RUNNING, **counted, deliveries={"sending": 2, "accepted": 5})
    answer = await desk.done("POST", f"/v1/launches/{launch_id}/stop", {})
    assert (answer["in_flight"], answer["to_cancel"]) == (2, 4)
    assert answer["done"] == {"success": 5, "failure": 0, "abandon": 0, "other": 1}


async def test_a_launch_that_is_over_cannot_be_stopped(desk: Desk) -> None:
    launch_id = await requested(desk)
    await desk.counted(launch_id, 3, LaunchState.COMPLETED)
    assert await desk.refused("POST", f"/v1/launches/{launch_id}/stop", {}) == (409, "wrong_state")


async def test_two_stops_at_once_draw_one_revision(desk: Desk) -> None:
    launch_id = await requested(desk)
    await asyncio.gather(*(desk.done("POST", f"/v1/launches/{launch_id}/stop", {}) for _ in range(5)))
    [control] = desk.take(LaunchControlled)
    assert control.revision == 2


# What log says


async def test_the_highest_revision_of_the_figures_is_shown(desk: Desk) -> None:
    launch_id = await requested(desk)
    await desk.counted(launch_id, 5, LaunchState.RUNNING, targeted=10, started=10, in_progress=4, success=6)
    await desk.counted(launch_id, 4, LaunchState.REQUESTED, targeted=3, started=3, in_progress=3)
    shown = await desk.done("GET", f"/v1/launches/{launch_id}")
    assert shown["state"] == "running"
    assert (shown["figures"]["targeted"], shown["figures"]["success"], shown["figures"]["targeting"]) == (
        10,
        6,
        "finished",
    )


async def test_the_end_is_what_log_says(desk: Desk) -> None:
    launch_id = await requested(desk)
    await desk.done("POST", f"/v1/launches/{launch_id}/stop", {})
    await desk.counted(launch_id, 5, LaunchState.RUNNING)
    assert (await desk.done("GET", f"/v1/launches/{launch_id}"))["state"] == "stopping"
    await desk.counted(launch_id, 6, LaunchState.COMPLETED, targeted=1, started=1, success=1)
    await desk.counted(launch_id, 7, LaunchState.COMPLETED, targeted=1, started=1, success=1, deliveries={"bounced": 1})
    shown = await desk.done("GET", f"/v1/launches/{launch_id}")
    assert (shown["state"], shown["figures"]["deliveries"]) == ("completed", {"bounced": 1})
    assert shown["ended_at"] == "2026-11-20T12:00:00.000Z"


async def test_figures_of_a_launch_that_never_ran_are_a_bug(desk: Desk, key: Key) -> None:
    launch_id = (await desk.launch())["launch_id"]
    with pytest.raises(Permanent, match="validating"):
        await desk.counted(launch_id, 1, LaunchState.RUNNING)


async def test_figures_of_a_launch_that_is_not_known_are_passed_over(desk: Desk) -> None:
    await desk.counted("of-somebody-else", 1, LaunchState.RUNNING)


async def test_a_check_of_a_launch_that_there_is_not_is_parked(desk: Desk) -> None:
    with pytest.raises(Permanent, match="which there is not"):
        await desk.checked("nope")


# Lists


async def test_launches_are_listed_newest_first_and_page_by_page(desk: Desk, key: Key) -> None:
    made = []
    for number in range(5):
        made.append((await desk.launch(key=f"i-{number}"))["launch_id"])
        desk.later(seconds=1)
    found, cursor = [], None
    while True:
        page = await desk.done("GET", "/v1/launches", params={"limit": 2} | ({"cursor": cursor} if cursor else {}))
        found += [item["launch_id"] for item in page["items"]]
        if (cursor := page["next"]) is None:
            break
    assert found == made[::-1]


async def test_launches_are_filtered(desk: Desk, key: Key) -> None:
    mine = await requested(desk, token=key.token)
    desk.later(hours=1)
    await desk.launch({**BODY, "scenario": "nope"}, key="i-2")

    async def listed(**params: str) -> list[str]:
        items = (await desk.done("GET", "/v1/launches", params=params))["items"]
        return [item["launch_id"] for item in items]

    assert await listed(state="requested") == await listed(user=key.id) == await listed(scenario="welcome") == [mine]
    assert len(await listed(since="2026-11-20T12:30:00Z")) == 1
    assert await listed(state="failed") == []


@pytest.mark.parametrize(
    "params",
    [
        {"state": "nice"},
        {"since": "yesterday"},
        {"since": "2026-11-20T12:00:00"},
        {"since": "2026"},
        {"until": "1763640000"},
        {"cursor": "x"},
        {"cursor": "WyJ4IiwieSJd"},
        {"limit": "0"},
        {"user": "a\0b"},
    ],
)
async def test_a_query_that_is_wrong_is_refused(desk: Desk, params: dict[str, str]) -> None:
    assert (await desk.refused("GET", "/v1/launches", params=params))[0] == 422


async def test_a_launch_of_kafka_and_one_of_http_are_listed_together(desk: Desk, key: Key) -> None:
    await desk.commands(desk.command(key, asked()))
    await desk.launch()
    items = (await desk.done("GET", "/v1/launches"))["items"]
    assert {item["command_id"] for item in items} == {"cmd-1", None}
    assert {item["participants"]["kind"] for item in items} == {"all"}
