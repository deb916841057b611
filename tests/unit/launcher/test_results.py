"""Result sets: whose may be chosen, what a page of one becomes."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as some

from contracts.crm import ResultsGiven
from contracts.words import REASONS, LaunchMode, LaunchState
from fakes.transaction import NOON
from launcher.domain.launch import PLAIN, Collected, Kind, Launch
from launcher.domain.parties import Asker
from launcher.domain.records import CHUNK
from launcher.domain.requests import draft, judge
from launcher.domain.results import ResultPage, closed, gathered, lineage, unclear
from launcher.domain.states import UNDECIDED
from unit.launcher.builders import STARTER, candidate, found, request

WAIT = "wait for its end (`GET /v1/launches/l-1/progress`)"
STOP = "stop it (`POST /v1/launches/l-1/stop`)"
ANN = Asker("demo", "ann", STARTER)


def launch(state: LaunchState, mode: LaunchMode = LaunchMode.LIVE) -> Launch:
    made, _ = draft(request(), ANN, "l-1", None, candidate(), [], NOON)
    return replace(made, state=state, mode=mode)


def wanted(**chosen: object) -> ResultsGiven:
    return ResultsGiven.model_validate({"kind": "results", "launch_id": "l-1", **chosen})


@pytest.mark.parametrize("state", LaunchState)
def test_only_the_results_of_a_launch_that_ran_to_its_end_are_chosen(state: LaunchState) -> None:
    over = state in (LaunchState.COMPLETED, LaunchState.STOPPED, LaunchState.FAILED)
    assert (closed(launch(state)) is None) is over


def test_a_launch_that_was_rejected_has_no_end_to_wait_for() -> None:
    against = closed(launch(LaunchState.REJECTED))
    assert against is not None
    assert ("never had targets" in against.detail, against.remedy) == (True, "launch anew: `POST /v1/launches`")


@pytest.mark.parametrize("state", sorted(UNDECIDED))
def test_a_launch_that_is_undecided_is_decided_or_taken_back(state: LaunchState) -> None:
    against = closed(launch(state))
    assert against is not None
    assert ("nothing of it has run" in against.detail, "stop it" in against.remedy) == (True, False)
    asked = ("`GET /v1/launches/l-1`", "`POST /v1/launches/l-1/decline`")
    assert all(request in against.remedy for request in asked)


@pytest.mark.parametrize(
    ("state", "remedy"),
    [
        (LaunchState.REQUESTED, f"{WAIT}, or {STOP}"),
        (LaunchState.RUNNING, f"{WAIT}, or {STOP}"),
        (LaunchState.PAUSED, f"let it go on to its end (`POST /v1/launches/l-1/resume`), or {STOP}"),
        (LaunchState.STOPPING, WAIT),
    ],
)
def test_a_launch_that_runs_is_waited_for(state: LaunchState, remedy: str) -> None:
    against = closed(launch(state))
    assert against is not None
    assert against.remedy == remedy


@pytest.mark.parametrize("mode", [LaunchMode.TEST, LaunchMode.REHEARSAL])
def test_nothing_is_chosen_from_what_was_only_tried(mode: LaunchMode) -> None:
    against = closed(launch(LaunchState.COMPLETED, mode))
    assert against is not None
    assert (against.code, mode.value in against.detail) == ("wrong_state", True)


@pytest.mark.parametrize("chosen", [{"outcome": "failure"}, {"reason": "error:send"}, {"delivery": "unknown"}])
def test_one_thing_is_named(chosen: dict[str, str]) -> None:
    assert unclear(wanted(**chosen)) is None


@pytest.mark.parametrize("reason", [*REASONS, "end:won"])
def test_every_reason_that_an_outcome_may_have_can_be_chosen(reason: str) -> None:
    assert unclear(wanted(reason=reason)) is None


@pytest.mark.parametrize(
    ("reason", "said"),
    [("error:sned", "did you mean `error:send`?"), ("xyz", "there is end:STEP, stopped,"), ("end:", "end:STEP")],
)
def test_a_reason_that_no_outcome_has_is_told(reason: str, said: str) -> None:
    wrong = unclear(wanted(reason=reason))
    assert wrong is not None
    assert (wrong[0], said in wrong[2]) == ("unknown_reason", True)


@pytest.mark.parametrize(
    ("chosen", "code"),
    [
        ({}, "empty_selection"),
        ({"outcome": "failure", "delivery": "unknown"}, "empty_selection"),
        ({"delivery": "accepted"}, "unsupported"),
        ({"delivery": "nonsense"}, "unsupported"),
    ],
)
def test_a_message_is_sent_again_only_where_nobody_knows_what_became_of_it(chosen: dict[str, str], code: str) -> None:
    wrong = unclear(wanted(**chosen))
    assert wrong is not None
    assert wrong[0] == code


def test_a_result_set_of_nothing_is_a_point() -> None:
    asked = request(participants={"kind": "results", "launch_id": "l-1", "outcome": "failure"})
    assert found(judge(asked, STARTER, candidate())) == [("unknown_launch", "participants.launch_id")]
    running = judge(asked, STARTER, candidate(), earlier=launch(LaunchState.RUNNING))
    assert found(running) == [("wrong_state", "participants.launch_id")]
    assert judge(asked, STARTER, candidate(), earlier=launch(LaunchState.COMPLETED)) == []


def test_a_launch_for_a_result_set_is_a_draft_until_that_is_collected() -> None:
    asked = request(participants={"kind": "results", "launch_id": "l-1", "outcome": "failure"})
    made, selection = draft(asked, ANN, "l-2", None, candidate(), [], NOON)
    assert (made.state, made.collecting, made.selected, selection.chunks) == (LaunchState.DRAFT, True, None, ())
    assert not replace(made, state=LaunchState.REJECTED).collecting
    assert not replace(made, collected=Collected(done=True)).collecting


@pytest.mark.parametrize(("scenario", "kind"), [("hello", Kind.RETRY), ("other", Kind.LAUNCH)])
def test_a_retry_is_of_the_same_scenario(scenario: str, kind: Kind) -> None:
    way = lineage(request(scenario=scenario), launch(LaunchState.COMPLETED), PLAIN)
    assert (way.kind, way.retry_of) == (kind, "l-1" if kind is Kind.RETRY else None)
    assert lineage(request(), None, PLAIN) == PLAIN


@given(
    some.lists(some.integers(0, 3000), max_size=3000).map(sorted),
    some.integers(1, 1000),
)
def test_however_it_is_paged_each_target_goes_out_once_and_in_order(numbers: list[int], limit: int) -> None:
    entries = [f"c-{number:04}" for number in numbers]
    so_far, out = Collected(), list[tuple[int, list[str]]]()
    starts = range(0, len(entries) or 1, limit)
    for start in starts:
        following = str(start + limit) if start + limit < len(entries) else None
        so_far, chunks = gathered(so_far, ResultPage(entries[start : start + limit], following))
        out += chunks
    assert [contact for _, chunk in out for contact in chunk] == sorted(set(entries))
    assert [index for index, _ in out] == list(range(so_far.chunks))
    assert (so_far.done, so_far.targets) == (True, len(set(entries)))
    assert all(0 < len(chunk) <= CHUNK for _, chunk in out)
