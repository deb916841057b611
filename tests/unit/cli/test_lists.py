"""`slipway outcomes`: each figure's list, from the service that has it."""

import pytest

from unit.cli.answering import slipway

EMPTY: dict[str, object] = {"items": [], "next": None}


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [
        ([], "outcomes"),
        (["--outcome", "failure", "--reason", "error:send"], "outcomes?outcome=failure&reason=error%3Asend"),
        (["--started"], "outcomes?started=true"),
        (["--not-started"], "outcomes?started=false"),
        (["--in-progress"], "in-progress"),
        (["--step", "pause"], "instances?step=pause"),
        (["--passed", "vip"], "passed?step=vip"),
        (["--passed", "vip", "--next", "won"], "passed?step=vip&next=won"),
        (["--delivery", "unknown"], "deliveries?state=unknown"),
        (["--message", "hello"], "deliveries?step=hello"),
        (["--message", "hello", "--delivery", "failed"], "deliveries?state=failed&step=hello"),
    ],
)
def test_each_figure_has_its_list(monkeypatch: pytest.MonkeyPatch, arguments: list[str], asked: str) -> None:
    told = slipway(monkeypatch, {f"GET /v1/launches/l-1/{asked}": (200, EMPTY)})
    assert told("outcomes", "l-1", *arguments, "--json").exit_code == 0
    assert told("outcomes", "l-1", *arguments, "--csv").exit_code == 0
    assert told.seen[-1].headers["Accept"] == "text/csv"


def test_of_a_launch_that_still_runs_it_is_said_who_is_not_in_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    running = {"GET /v1/launches/l-1/progress": (200, {"in_progress": 1200})}
    lists = {f"GET /v1/launches/l-1/{each}": (200, EMPTY) for each in ("outcomes", "in-progress")}
    told = slipway(monkeypatch, lists | running)
    said = "1,200 targets have no outcome so far: --in-progress lists them"
    assert said in told("outcomes", "l-1").stderr
    assert said not in told("outcomes", "l-1", "--in-progress").stderr
    assert said not in told("outcomes", "l-1", "--json").stderr


def test_where_nobody_ended_for_a_reason_those_that_there_are_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    figures = {"in_progress": 0, "by_reason": {"end:won": 1200, "stopped": 3}}
    answers = {"GET /v1/launches/l-1/outcomes?reason=error%3Asend": (200, EMPTY)}
    told = slipway(monkeypatch, answers | {"GET /v1/launches/l-1/progress": (200, figures)})
    answer = told("outcomes", "l-1", "--reason", "error:send")
    assert answer.stderr == "there are none\nits targets end with end:won 1,200, stopped 3\n"


def test_one_list_is_asked_for_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    told = slipway(monkeypatch, {})
    assert told("outcomes", "l-1", "--in-progress", "--outcome", "success").exit_code == 2
    assert told("outcomes", "l-1", "--passed", "vip", "--step", "won").exit_code == 2
    assert told("outcomes", "l-1", "--next", "won").exit_code == 2
    assert told.seen == []


def test_nothing_behind_an_id_that_nobody_has_is_said_to_be_so(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = {"GET /v1/contacts/c-1/instances": (200, EMPTY)}
    answer = slipway(monkeypatch, listed)("contacts", "instances", "c-1")
    assert (answer.exit_code, "no contact has" in answer.stderr) == (0, True)
    answer = slipway(monkeypatch, listed | {"GET /v1/contacts/c-1": (200, {})})("contacts", "instances", "c-1")
    assert (answer.exit_code, answer.stderr) == (0, "there are none\n")
