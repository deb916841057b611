"""`slipway confirm` and `slipway approve`: nobody is asked whether they are sure of what would be refused anyway."""

import json
from typing import Any

import pytest
import typer

from unit.cli.answering import Slipway, slipway

LAUNCH, APPROVE, CONFIRM = "GET /v1/launches/l-1", "POST /v1/launches/l-1/approve", "POST /v1/launches/l-1/confirm"
WAITS = {"launch_id": "l-1", "scenario": "welcome", "state": "awaiting_confirmation"}
COUNTED: dict[str, Any] = {"token": "t", "points": [], "targeted": 3, "starting": 3, "excluded": {}}
LOOKED = {"launch_id": "l-1", "state": "awaiting_approval", "changed": False, "approved_by": None, "targeted": 3}
REFUSED = {"code": "second_approver", "detail": "ann asked for it", "remedy": "another person approves"}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the person, who says no, was asked."""
    questions: list[str] = []

    def refuse(question: str, yes: bool) -> None:
        if not yes:
            questions.append(question)
            raise typer.Exit(1)

    monkeypatch.setattr("cli.commands.flow.confirm", refuse)
    return questions


def bodies(here: Slipway, path: str) -> list[Any]:
    return [json.loads(request.content) for request in here.seen if request.url.path.endswith(path)]


@pytest.mark.parametrize("status", [403, 409])
def test_an_approval_that_is_refused_is_not_asked_about(
    monkeypatch: pytest.MonkeyPatch, asked: list[str], status: int
) -> None:
    here = slipway(monkeypatch, {LAUNCH: (200, WAITS), APPROVE: (status, REFUSED)})
    answer = here("approve", "l-1")
    assert (answer.exit_code, asked, "ann asked for it" in answer.stderr) == (1, [], True)
    assert bodies(here, "/approve") == [{"dry_run": True}]


def test_an_approval_is_asked_about_with_what_was_counted(monkeypatch: pytest.MonkeyPatch, asked: list[str]) -> None:
    here = slipway(monkeypatch, {LAUNCH: (200, WAITS), APPROVE: (200, LOOKED)})
    assert here("approve", "l-1").exit_code == 1
    assert asked == ["Approve welcome for 3 targets?"]
    assert bodies(here, "/approve") == [{"dry_run": True}], "the answer was no"


def test_who_approves_sees_what_was_confirmed(monkeypatch: pytest.MonkeyPatch, asked: list[str]) -> None:
    reached = {"step": "hello", "channel": "email", "reached": 2, "skipped": {"no_address": 1}}
    unknown = {"step": "news", "channel": "email", "reached": None, "skipped": None}
    figures = {"targeted": 4, "starting": 3, "excluded": {"inactive": 1}}
    summary = {"figures": figures, "messages": [reached, unknown], "confirmed_by": "ann"}
    here = slipway(monkeypatch, {LAUNCH: (200, {**WAITS, "summary": summary}), APPROVE: (200, LOOKED)})
    told = here("approve", "l-1").stderr
    for line in ("as confirmed by ann:", "1 inactive", "step hello reaches 2 by email (1 no_address)"):
        assert line in told
    assert "news" not in told


def test_what_was_approved_already_is_told_and_not_asked_about(
    monkeypatch: pytest.MonkeyPatch, asked: list[str]
) -> None:
    running = {**LOOKED, "state": "running", "targeted": None, "approved_by": "bob"}
    answer = slipway(monkeypatch, {LAUNCH: (200, WAITS), APPROVE: (200, running)})("approve", "l-1")
    assert (answer.exit_code, asked, "already, approved by bob" in answer.stderr) == (0, [], True)


def test_a_confirmation_that_is_refused_is_not_asked_about(monkeypatch: pytest.MonkeyPatch, asked: list[str]) -> None:
    here = slipway(monkeypatch, {LAUNCH: (200, WAITS), "POST /v1/counts": (200, COUNTED), CONFIRM: (403, REFUSED)})
    assert (here("confirm", "l-1").exit_code, asked) == (1, [])
    assert bodies(here, "/confirm") == [{"count_token": "t", "dry_run": True}]


def test_who_says_yes_beforehand_is_asked_nothing(monkeypatch: pytest.MonkeyPatch, asked: list[str]) -> None:
    here = slipway(monkeypatch, {LAUNCH: (200, WAITS), APPROVE: (200, {**LOOKED, "changed": True})})
    assert (here("approve", "l-1", "--yes").exit_code, asked) == (0, [])
    assert bodies(here, "/approve") == [{}]
