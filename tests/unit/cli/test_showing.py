"""`slipway show`: a launch as whoever decides about it has to see it."""

from typing import Any

import pytest

from unit.cli.answering import slipway

REACHED = {"step": "hello", "channel": "email", "reached": 2, "skipped": {"no_address": 1}}
FIGURES = {"targeted": 4, "starting": 3, "excluded": {"inactive": 1}}
WAITS: dict[str, Any] = {
    "launch_id": "l-1",
    "scenario": "welcome",
    "scenario_version": 3,
    "state": "awaiting_approval",
    "requested_by": "ann",
    "drafted_at": "2026-11-22T10:00:00.000Z",
    "participants": {"kind": "groups", "groups": ["vip"]},
    "selected": None,
    "options": {"consent_override": False},
    "confirmed_by": "ann",
    "confirmed_at": "2026-11-22T10:01:00.000Z",
    "approved_by": None,
    "approved_at": None,
    "rejected": None,
    "paused_because": None,
    "points": [],
    "figures": None,
    "summary": {"figures": FIGURES, "messages": [REACHED], "confirmed_by": "ann"},
}
LAUNCH = "GET /v1/launches/l-1"


def words(text: str) -> str:
    return " ".join(text.replace("│", " ").split())


def test_a_launch_is_shown_with_the_figures_that_were_confirmed(monkeypatch: pytest.MonkeyPatch) -> None:
    told = slipway(monkeypatch, {LAUNCH: (200, WAITS)})("show", "l-1")
    assert told.exit_code == 0
    figures = "as confirmed targeted 4 would start 3 inactive 1 step hello reaches 2 no_address 1"
    for line in ("for groups vip", figures):
        assert line in words(told.stdout), told.stdout
    assert "slipway approve l-1" in told.stderr


def test_beside_what_was_confirmed_stands_what_was_counted_at_the_approval(monkeypatch: pytest.MonkeyPatch) -> None:
    figures = {"targeted": 19, "starting": 17, "excluded": {"inactive": 2}}
    recounted = {"figures": figures, "messages": [{**REACHED, "reached": 16}]}
    approved = {"state": "running", "approved_by": "bob", "approved_at": "2026-11-22T10:05:00.000Z"}
    told = slipway(monkeypatch, {LAUNCH: (200, {**WAITS, **approved, "recounted": recounted})})("show", "l-1")
    confirmed, _, counted = words(told.stdout).partition("as counted at the approval")
    assert "as confirmed targeted 4 would start 3" in confirmed and "hello reaches 2" in confirmed
    for line in ("targeted 19 would start 17", "inactive 2", "hello reaches 16"):
        assert line in counted, told.stdout


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"summary": None, "confirmed_by": None}, "asked by ann"),
        ({"summary": {"figures": FIGURES, "messages": [{"step": "hello"}], "confirmed_by": "ann"}}, "targeted 4"),
        ({"participants": {"kind": "contacts"}, "selected": 1200}, "for 1,200 contacts"),
        ({"state": "rejected", "rejected": "declined"}, "rejected declined"),
        ({"options": {"consent_override": True, "override_reason": "recall"}}, "consent lifted: recall"),
        ({"context": {"voucher": "T"}}, "context voucher T"),
    ],
)
def test_what_is_not_known_of_a_launch_is_left_out(
    monkeypatch: pytest.MonkeyPatch, changed: dict[str, Any], line: str
) -> None:
    told = slipway(monkeypatch, {LAUNCH: (200, {**WAITS, **changed})})("show", "l-1")
    assert (told.exit_code, line in words(told.stdout)) == (0, True), told.stdout
    assert "reaches None" not in told.stdout


def test_whoever_approves_sees_what_the_launch_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = {
        LAUNCH: (200, {**WAITS, "context": {"voucher": "T"}}),
        "POST /v1/launches/l-1/approve": (200, {"state": "running", "targeted": 4, "changed": True}),
    }
    told = slipway(monkeypatch, answers)("approve", "l-1", "--yes")
    assert "context voucher: T" in told.stderr and "4 targeted" in told.stderr


def test_a_value_of_the_context_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    told = slipway(monkeypatch, {})("launch", "spring", "--all", "--context", "a=1", "--context", "a=2", "--yes")
    assert told.exit_code == 2 and "--context a stands twice" in told.stderr
