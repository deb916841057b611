"""Launches for what became of an earlier one: exactly its targets, page by page, whatever happens in between."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from contracts.crm import CommandAccepted, LaunchAccepted, LaunchRejected, Reply
from contracts.launches import Contacts, LaunchDrafted, LaunchRequested, ParticipantsListed
from contracts.words import LaunchState
from fakes.counting import figures as counted
from integration.launcher.commands import point, stop
from integration.launcher.desk import COUNTING, RESULTS, SETTINGS, Desk, Key, asked
from launcher.adapters.count_tokens import SignedCountTokens
from launcher.domain.counting import basis_of
from runtime import failpoints
from unit.launcher.builders import request

TOKENS = SignedCountTokens(SETTINGS.token_key)
MANY = [f"c-{number:05}" for number in range(12_000)]
FAILED = {"outcome": "failure"}


@pytest.fixture
async def here(desk: Desk) -> AsyncIterator[Desk]:
    """Ann may ask, Bob approves."""
    await desk.done("POST", "/v1/users", {"user": "ann", "grants": ["process:start", "view"]})
    await desk.done("POST", "/v1/users", {"user": "bob", "grants": ["launch:approve"]})
    COUNTING.now(counted(100))
    RESULTS.now(MANY[:3])
    desk.emitted.clear()
    yield desk
    failpoints.arm("", mode="local")


async def ended(desk: Desk, key: str = "first", **body: Any) -> str:
    """A launch that has run to its end."""
    launch_id = str((await desk.launch(asked(**body), key))["launch_id"])
    await desk.checked(launch_id)
    await desk.counted(launch_id, 1, LaunchState.COMPLETED, targeted=3, failure=3)
    desk.emitted.clear()
    return launch_id


async def retry(desk: Desk, earlier: str, body: Any = None, key: str = "again", **more: Any) -> Any:
    about = {"headers": {"Idempotency-Key": key}, **more}
    return await desk.done("POST", f"/v1/launches/{earlier}/retry", body or FAILED, **about)


async def refused(desk: Desk, earlier: str, body: Any, **more: Any) -> tuple[int, str]:
    about = {"headers": {"Idempotency-Key": "i"}, **more}
    return await desk.refused("POST", f"/v1/launches/{earlier}/retry", body, **about)


async def collected(desk: Desk) -> list[ParticipantsListed]:
    """The chunks that go out until nothing is left to collect."""
    while await desk.idle("collect"):
        pass
    return desk.take(ParticipantsListed)


async def shown(desk: Desk, launch_id: str) -> Any:
    return await desk.done("GET", f"/v1/launches/{launch_id}")


def ids(chunks: list[ParticipantsListed]) -> list[str]:
    return [contact_id for chunk in sorted(chunks, key=lambda chunk: chunk.index) for contact_id in chunk.contact_ids]


async def test_a_retry_is_for_exactly_those_targets_and_lifts_once_for_them(here: Desk) -> None:
    earlier = await ended(here)
    RESULTS.now(MANY)
    answer = await retry(here, earlier)
    assert (answer["state"], answer["points"]) == ("draft", [])
    assert await retry(here, earlier) == answer
    chunks = await collected(here)
    assert ids(chunks) == MANY
    assert [chunk.index for chunk in chunks] == list(range(24))
    [draft] = here.take(LaunchDrafted)
    assert (draft.participants, draft.participants_chunks, draft.retry_of) == (Contacts(), 24, earlier)
    await here.checked(answer["launch_id"], expected=12_000)
    [control] = here.take(LaunchRequested)
    assert (control.participants, control.participants_chunks, control.retry_of) == (Contacts(), 24, earlier)
    seen = await shown(here, answer["launch_id"])
    assert (seen["kind"], seen["retry_of"], seen["selected"]) == ("retry", earlier, 12_000)
    assert seen["participants"] == {"kind": "results", "launch_id": earlier, "outcome": "failure"}
    said = (await here.done("GET", "/v1/audit", params={"thing": f"launch/{answer['launch_id']}"}))["items"]
    [entry] = [entry for entry in said if entry["action"] == "launch.retried"]
    assert entry["details"] == {"of": earlier, "filter": FAILED, "targets": 12_000}


@pytest.mark.parametrize("body", [FAILED, {"reason": "error:send"}, {"delivery": "unknown"}])
async def test_what_is_asked_for_is_what_the_caller_may_see_of_the_earlier_launch(here: Desk, body: Any) -> None:
    earlier = await ended(here)
    await retry(here, earlier, body, as_user="ann")
    await collected(here)
    assert len(RESULTS.asked) == 2, "whether there is anybody, and who they are"
    for asker, wanted, cursor in RESULTS.asked:
        assert (asker.project, asker.subject, cursor) == ("demo", "ann", None)
        assert wanted.model_dump(exclude_none=True) == {"kind": "results", "launch_id": earlier, **body}


async def test_a_contact_with_several_such_messages_is_one_target(here: Desk) -> None:
    earlier = await ended(here)
    RESULTS.now([contact for contact in MANY[:1500] for _ in range(3)])
    await retry(here, earlier, {"delivery": "unknown"})
    assert ids(await collected(here)) == MANY[:1500]


@pytest.mark.parametrize("nth", [1, 2, 5, 12])
async def test_killed_between_two_pages_the_chunks_are_the_same(here: Desk, nth: int) -> None:
    earlier = await ended(here)
    RESULTS.now(MANY)
    whole = await retry(here, earlier, key="whole")
    undisturbed = [chunk.model_dump(exclude={"launch_id"}) for chunk in await collected(here)]
    again = await retry(here, earlier, key="killed")
    failpoints.arm(f"launcher.page_collected:raise:{nth}", mode="local")
    chunks = []
    with pytest.raises(failpoints.Injected):
        while await here.idle("collect"):
            chunks += here.take(ParticipantsListed)
    chunks += [*here.take(ParticipantsListed), *await collected(here)]
    assert [chunk.model_dump(exclude={"launch_id"}) for chunk in chunks] == undisturbed
    assert {chunk.launch_id for chunk in chunks} == {again["launch_id"]} != {whole["launch_id"]}


async def test_while_log_does_not_answer_the_launch_waits(here: Desk) -> None:
    earlier = await ended(here)
    RESULTS.now(MANY[:3], away=3)
    launch_id = (await retry(here, earlier))["launch_id"]
    assert await here.idle("collect") is False
    assert (await shown(here, launch_id))["state"] == "draft"
    assert await here.idle("collect") is False
    assert ids(await collected(here)) == MANY[:3]
    assert (await shown(here, launch_id))["state"] == "validating"


async def test_a_persons_retry_is_confirmed_and_approved_like_any_launch(here: Desk) -> None:
    earlier = await ended(here)
    launch_id = (await retry(here, earlier, as_user="ann"))["launch_id"]
    about = {"as_user": "ann"}
    assert (await here.done("POST", f"/v1/launches/{launch_id}/validate", **about))["state"] == "draft"
    assert await here.refused("POST", "/v1/counts", {"launch_id": launch_id}, **about) == (409, "wrong_state")
    await collected(here)
    await here.checked(launch_id, expected=3)
    await here.done("POST", "/v1/counts", {"launch_id": launch_id}, **about)
    [(_, selected)] = COUNTING.asked[-1:]
    assert (selected.launch_id, selected.retry, selected.participants) == (launch_id, True, Contacts())
    of = request(scenario="welcome", participants={"kind": "results", "launch_id": earlier, **FAILED})
    token = {"count_token": TOKENS.mint(basis_of(of, 1, "ann", counted(100)), here.now)[0]}
    summary = (await here.done("POST", f"/v1/launches/{launch_id}/confirm", token, **about))["summary"]
    assert (summary["participants"]["kind"], summary["selected"]) == ("results", 3)
    assert here.take(LaunchRequested) == []
    await here.done("POST", f"/v1/launches/{launch_id}/approve", {}, as_user="bob")
    [control] = here.take(LaunchRequested)
    assert (control.retry_of, control.approved_by) == (earlier, "bob")


async def test_checked_again_the_chunks_do_not_go_out_again(here: Desk) -> None:
    earlier = await ended(here)
    launch_id = (await retry(here, earlier, as_user="ann"))["launch_id"]
    await collected(here)
    await here.checked(launch_id, expected=3)
    here.emitted.clear()
    await here.done("POST", f"/v1/launches/{launch_id}/validate", as_user="ann")
    [draft] = here.take(LaunchDrafted)
    assert (draft.check, draft.participants_chunks) == (2, 1)
    assert here.take(ParticipantsListed) == []


@pytest.mark.parametrize("subject", [None, "ann"])
async def test_a_retry_of_nobody_is_refused_and_leaves_nothing(here: Desk, subject: str | None) -> None:
    earlier = await ended(here)
    who = {"as_user": subject} if subject else {}
    made = await retry(here, earlier, **who)
    RESULTS.now([])
    assert await retry(here, earlier, **who) == made, "asked before there was nobody: the same answer"
    of = asked(participants={"kind": "results", "launch_id": earlier, **FAILED})
    for path, body in ((f"{earlier}/retry", FAILED), (f"{earlier}/relaunch", {"participants": of["participants"]})):
        answer = await here.refused("POST", f"/v1/launches/{path}", body, headers={"Idempotency-Key": "n"}, **who)
        assert answer == (422, "empty_selection")
    answer = await here.refused("POST", "/v1/launches", of, headers={"Idempotency-Key": "n"}, **who)
    assert answer == (422, "empty_selection")
    listed = (await here.done("GET", "/v1/launches"))["items"]
    assert {row["launch_id"] for row in listed} == {earlier, made["launch_id"]}


async def test_nobody_to_retry_is_told_later_if_log_did_not_answer_and_a_person_may_look_again(here: Desk) -> None:
    earlier = await ended(here)
    RESULTS.now([], away=2)
    mine, theirs = await retry(here, earlier, key="mine"), await retry(here, earlier, key="theirs", as_user="ann")
    assert await collected(here) == []
    for launch_id, state in ((mine["launch_id"], "rejected"), (theirs["launch_id"], "draft")):
        seen = await shown(here, launch_id)
        assert (seen["state"], [each["code"] for each in seen["points"]]) == (state, ["empty_selection"])
    RESULTS.now(MANY[:3])
    await here.done("POST", f"/v1/launches/{theirs['launch_id']}/validate", as_user="ann")
    assert ids(await collected(here)) == MANY[:3]


async def test_a_launch_that_is_stopped_while_it_collects_never_begins(here: Desk, key: Key) -> None:
    earlier = await ended(here)
    RESULTS.now(MANY)
    launch_id = (await retry(here, earlier))["launch_id"]
    await here.idle("collect")
    assert len(here.take(ParticipantsListed)) == 2
    [reply] = await here.commands(stop(here, key, launch_id))
    assert isinstance(reply, CommandAccepted)
    assert await collected(here) == []
    assert (await shown(here, launch_id))["state"] == "rejected"
    [draft] = here.take(LaunchDrafted)
    assert draft.participants_chunks == 2, "what went out is of a draft, so that contacts forgets it"
    await here.checked(launch_id, expected=1000)
    assert (await shown(here, launch_id))["state"] == "rejected"


async def test_only_what_has_ended_is_retried(here: Desk) -> None:
    launch_id = (await here.launch())["launch_id"]
    assert await refused(here, launch_id, FAILED) == (409, "wrong_state")
    await here.checked(launch_id)
    await here.counted(launch_id, 1, LaunchState.RUNNING)
    assert await refused(here, launch_id, FAILED) == (409, "wrong_state")
    await here.counted(launch_id, 2, LaunchState.STOPPED)
    assert (await retry(here, launch_id))["state"] == "draft"


async def test_another_projects_launch_is_as_if_there_were_none(here: Desk) -> None:
    earlier = await ended(here)
    await here.project("other")
    for launch_id in (earlier, "n" * 128):
        assert await refused(here, launch_id, FAILED, project="other") == (404, "unknown_launch")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "exactly one of outcome, reason, delivery"),
        ({"outcome": "failure", "reason": "error:send"}, "exactly one of outcome, reason, delivery"),
        ({"outcome": "failed"}, "body.outcome: write 'success', "),
        ({"delivery": "accepted"}, "only where nobody can know what became of them: `unknown`"),
        ({"delivery": "failed"}, "only where nobody can know what became of them: `unknown`"),
        ({"delivery": "lost"}, "only where nobody can know what became of them: `unknown`"),
        ({"reason": ""}, "body.reason: write at least 1 character"),
        ({"reason": "error:sned"}, "did you mean `error:send`?"),
    ],
)
async def test_a_retry_says_exactly_one_thing(here: Desk, body: Any, said: str) -> None:
    earlier = await ended(here)
    answer = await here.call("POST", f"/v1/launches/{earlier}/retry", body, headers={"Idempotency-Key": "i"})
    assert (answer.status_code, said in answer.json()["detail"]) == (422, True), answer.text
    assert len((await here.done("GET", "/v1/launches"))["items"]) == 1


# By topic


def results(earlier: str, **filters: Any) -> dict[str, Any]:
    return asked(participants={"kind": "results", "launch_id": earlier, **(filters or FAILED)})


async def test_the_crm_retries_by_topic_and_is_answered_when_it_was_checked(here: Desk, key: Key) -> None:
    earlier = await ended(here)
    assert await here.commands(here.command(key, results(earlier))) == []
    assert ids(await collected(here)) == MANY[:3]
    [draft] = here.take(LaunchDrafted)
    assert draft.retry_of == earlier
    await here.checked(draft.launch_id, expected=3)
    [reply] = here.take(Reply)
    assert isinstance(reply, LaunchAccepted)
    assert (reply.launch_id, reply.targeted_expected) == (draft.launch_id, 3)


async def test_a_program_that_may_not_start_by_itself_waits_for_the_approval(here: Desk) -> None:
    earlier = await ended(here)
    weak = await here.key("process:start")
    await here.commands(here.command(weak, results(earlier)))
    await collected(here)
    [draft] = here.take(LaunchDrafted)
    await here.checked(draft.launch_id, expected=3)
    seen = await shown(here, draft.launch_id)
    assert (seen["state"], seen["summary"]["selected"]) == ("awaiting_approval", 3)


async def test_an_empty_result_set_is_answered(here: Desk, key: Key) -> None:
    earlier = await ended(here)
    RESULTS.now([])
    await here.commands(here.command(key, results(earlier)))
    await collected(here)
    [reply] = here.take(Reply)
    assert isinstance(reply, LaunchRejected)
    assert [each.code for each in reply.points] == ["empty_selection"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"launch_id": "nope"}, ("unknown_launch", "participants.launch_id")),
        ({"outcome": None}, ("empty_selection", "participants")),
        ({"reason": "error:send"}, ("empty_selection", "participants")),
        ({"outcome": None, "delivery": "failed"}, ("unsupported", "participants.delivery")),
    ],
)
async def test_a_choice_that_cannot_be_made_is_a_point(
    here: Desk, key: Key, change: dict[str, Any], expected: tuple[str, str]
) -> None:
    participants = {"kind": "results", "launch_id": await ended(here), **FAILED, **change}
    data = asked(participants={name: value for name, value in participants.items() if value is not None})
    assert point(await here.commands(here.command(key, data))) == expected


async def test_another_scenario_on_these_targets_is_no_retry(here: Desk) -> None:
    await here.scenario("discard")
    earlier = await ended(here)
    answer = await here.launch({"scenario": "discard", "participants": results(earlier)["participants"]}, "other")
    await collected(here)
    [draft] = here.take(LaunchDrafted)
    assert (draft.version.key, draft.retry_of) == ("discard", None)
    assert (await shown(here, answer["launch_id"]))["kind"] == "launch"
