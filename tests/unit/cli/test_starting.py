"""`slipway start` and `slipway test`: whoever does not start, and a message that fails, are told with the reason."""

import json
from typing import Any

import pytest

from unit.cli.answering import Answers, Slipway, slipway

LAUNCH: dict[str, Any] = {"launch_id": "l-1", "scenario": "slow", "state": "requested", "points": [], "figures": None}
BEGUN: dict[str, Any] = {"state": "running", "started": 1, "not_started": 0, "by_reason": {}}
KEPT_OUT = {"state": "completed", "started": 0, "not_started": 1, "by_reason": {"not_started:inactive": 1}}
FAILED = {"contact_id": "c-1", "step": "hello", "reason": "render", "detail": "subject: contact.x is missing"}


def starting(monkeypatch: pytest.MonkeyPatch, figures: Any) -> Slipway:
    monkeypatch.setattr("cli.events.FAILURES", 0)
    answers: Answers = {
        "POST /v1/scenarios/slow/instances": (202, {"launch_id": "l-1", "state": "validating"}),
        "GET /v1/launches/l-1": (200, LAUNCH),
        "GET /v1/launches/l-1/progress": (200, figures),
    }
    return slipway(monkeypatch, answers)


def test_who_does_not_start_is_told_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    here = starting(monkeypatch, KEPT_OUT)
    answer = here("start", "slow", "c-1")
    assert (answer.exit_code, answer.stdout) == (1, "")
    for words in ("not_started:inactive", "launch l-1", "`slipway why l-1 c-1`"):
        assert words in answer.stderr
    assert json.loads(here("start", "slow", "c-1", "--json").stdout)["figures"] == KEPT_OUT


def test_who_starts_is_told_once_that_is_so(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = starting(monkeypatch, BEGUN)("start", "slow", "c-1")
    assert (answer.exit_code, answer.stdout, "running: launch l-1" in answer.stderr) == (0, "l-1\n", True)


def test_a_start_that_takes_longer_is_told_as_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.commands.launching.WAIT_SECONDS", 0.0)
    answer = starting(monkeypatch, BEGUN | {"state": "requested", "started": 0})("start", "slow", "c-1")
    assert (answer.exit_code, "requested: launch l-1" in answer.stderr) == (0, True)


@pytest.mark.parametrize("failed", [[], [FAILED]])
def test_a_test_tells_its_launch_and_why_a_message_failed(
    monkeypatch: pytest.MonkeyPatch, failed: list[dict[str, str]]
) -> None:
    state = "failed" if failed else "accepted"
    figures = {"targeted": 1, "by_reason": {"end:broken": 1}, "deliveries": {state: 1}}
    answers: Answers = {
        "POST /v1/tests": (202, {"items": [{"launch_id": "l-1", "to": "me@example.org"}]}),
        "GET /v1/launches/l-1": (200, LAUNCH | {"state": "completed", "figures": figures}),
        "GET /v1/launches/l-1/progress": (200, figures | {"state": "completed"}),
        "GET /v1/launches/l-1/deliveries?state=failed": (200, {"items": failed, "next": None}),
    }
    monkeypatch.setattr("cli.events.FAILURES", 0)
    here = slipway(monkeypatch, answers)
    answer = here("test", "slow", "--to", "me@example.org")
    assert f"1 {state}; launch l-1" in answer.stderr
    assert (answer.exit_code, "render: subject: contact.x is missing" in answer.stderr) == (
        (1, True) if failed else (0, False)
    )
    assert ("`slipway why l-1 c-1`" in answer.stderr) is bool(failed)
    [seen] = json.loads(here("test", "slow", "--to", "me@example.org", "--json").stdout)
    assert seen["failed"] == failed
