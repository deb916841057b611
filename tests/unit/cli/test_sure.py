"""`slipway launch`, `relaunch`, `retry`, `resume`: looked at first whether it can be done, asked after that."""

import json
from typing import Any

import pytest
import typer

from unit.cli.answering import Answers, Slipway, slipway

POINT = {"code": "unknown_group", "severity": "error", "place": "participants.groups[0]", "remedy": "no such group"}
NONE: dict[str, Any] = {"token": None, "points": [POINT], "targeted": None}
COUNTED: dict[str, Any] = {"token": "t", "points": [], "targeted": 3, "starting": 2, "excluded": {"inactive": 1}}
EARLIER = {"launch_id": "l-1", "scenario": "welcome", "context": {"voucher": "X"}, "state": "completed"}
COUNTS, LAUNCH = "POST /v1/counts", "GET /v1/launches/l-1"
ASKING = [
    ["launch", "welcome", "--group", "vip"],
    ["relaunch", "l-1", "--group", "vip"],
    ["retry", "l-1", "--outcome", "failure"],
]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the person, who says no, was asked."""
    questions: list[str] = []

    def refuse(question: str, yes: bool) -> None:
        if not yes:
            questions.append(question)
            raise typer.Exit(1)

    for module in ("launching", "steering"):
        monkeypatch.setattr(f"cli.commands.{module}.confirm", refuse)
    return questions


def here(monkeypatch: pytest.MonkeyPatch, answers: Answers) -> Slipway:
    return slipway(monkeypatch, {LAUNCH: (200, EARLIER), **answers})


@pytest.mark.parametrize("arguments", ASKING)
def test_what_could_not_be_launched_is_not_asked_about(
    monkeypatch: pytest.MonkeyPatch, asked: list[str], arguments: list[str]
) -> None:
    answer = here(monkeypatch, {COUNTS: (200, NONE)})(*arguments)
    assert (answer.exit_code, asked, "no such group" in answer.stderr) == (1, [], True)


@pytest.mark.parametrize("arguments", ASKING)
def test_what_would_be_more_than_the_quota_is_not_asked_about(
    monkeypatch: pytest.MonkeyPatch, asked: list[str], arguments: list[str]
) -> None:
    over = {"code": "quota", "severity": "warning", "place": "launch", "remedy": "no more than 5: ask again in 60 s."}
    answer = here(monkeypatch, {COUNTS: (200, {**COUNTED, "points": [over]})})(*arguments)
    assert (answer.exit_code, asked, "ask again in 60 s" in answer.stderr) == (1, [], True)


@pytest.mark.parametrize("arguments", ASKING)
def test_a_launch_is_asked_about_with_its_figures(
    monkeypatch: pytest.MonkeyPatch, asked: list[str], arguments: list[str]
) -> None:
    told = here(monkeypatch, {COUNTS: (200, COUNTED)})
    answer = told(*arguments)
    assert (answer.exit_code, len(asked), "3 targeted, 2 would start" in answer.stderr) == (1, 1, True)
    assert not [request for request in told.seen if request.method == "POST" and "counts" not in request.url.path]


@pytest.mark.parametrize(
    ("arguments", "context", "kind"),
    [
        (ASKING[1], {"voucher": "X"}, "groups"),
        (ASKING[2], {"voucher": "X"}, "results"),
        ([*ASKING[2], "--context", "voucher=Y"], {"voucher": "Y"}, "results"),
    ],
)
def test_what_is_looked_at_is_what_would_be_launched(
    monkeypatch: pytest.MonkeyPatch, asked: list[str], arguments: list[str], context: dict[str, str], kind: str
) -> None:
    told = here(monkeypatch, {COUNTS: (200, COUNTED)})
    told(*arguments)
    [looked] = [json.loads(request.content) for request in told.seen if request.url.path == "/v1/counts"]
    assert (looked["scenario"], looked["context"], looked["participants"]["kind"]) == ("welcome", context, kind)


def test_while_others_are_counted_for_it_is_asked_without_figures(
    monkeypatch: pytest.MonkeyPatch, asked: list[str]
) -> None:
    busy = {"code": "busy", "detail": "others count", "remedy": "ask again"}
    assert here(monkeypatch, {COUNTS: (503, busy)})(*ASKING[0]).exit_code == 1
    assert asked == ["Launch welcome on groups vip?"]


def test_who_says_yes_beforehand_waits_for_no_count(monkeypatch: pytest.MonkeyPatch, asked: list[str]) -> None:
    made = {"launch_id": "l-2", "state": "draft", "points": [POINT]}
    told = here(monkeypatch, {"POST /v1/launches": (202, made), "GET /v1/launches/l-2": (200, made)})
    assert (told(*ASKING[0], "--yes").exit_code, asked) == (1, [])
    assert [request.url.path for request in told.seen if request.method == "POST"] == ["/v1/launches"]


@pytest.mark.parametrize(("status", "questions"), [(409, 0), (200, 1)])
def test_a_resume_that_is_refused_is_not_asked_about(
    monkeypatch: pytest.MonkeyPatch, asked: list[str], status: int, questions: int
) -> None:
    held = {**EARLIER, "state": "paused", "figures": {"held": {"reason": "more than planned"}}}
    denied = {"code": "user_disabled", "detail": "ann is disabled", "remedy": "enable ann"}
    told = slipway(monkeypatch, {LAUNCH: (200, held), "POST /v1/launches/l-1/resume": (status, denied)})
    assert (told("resume", "l-1").exit_code, len(asked)) == (1, questions)
    assert [json.loads(request.content) for request in told.seen if request.method == "POST"] == [{"dry_run": True}]
