"""Scenarios, from the command line."""

import orjson
import pytest

from unit.cli.answering import slipway

VERSIONS = [
    {"version": 2, "pushed_by": "mia", "pushed_at": "2026-11-20T12:00:00.000Z"},
    {"version": 1, "pushed_by": "ann", "pushed_at": "2026-11-19T12:00:00.000Z"},
]


@pytest.mark.parametrize(("active", "said"), [(1, "version 1 is active"), (None, "none of them is active")])
def test_versions_are_listed_and_which_is_active(
    monkeypatch: pytest.MonkeyPatch, active: int | None, said: str
) -> None:
    answers = {
        "GET /v1/scenarios/welcome/versions": (200, {"items": VERSIONS, "next": None}),
        "GET /v1/scenarios/welcome": (200, {"active_version": active}),
    }
    told = slipway(monkeypatch, answers)
    shown = told("scenario", "versions", "welcome")
    assert (shown.exit_code, said in shown.stderr) == (0, True)
    assert all(word in shown.stdout for word in ("mia", "ann", "2026-11-19T12:00:00.000Z"))
    assert orjson.loads(told("scenario", "versions", "welcome", "--json").stdout) == VERSIONS


def test_versions_of_what_is_no_scenario_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = slipway(monkeypatch, {})("scenario", "versions", "welcom")
    assert (answer.exit_code, "there is no such thing" in answer.stderr) == (1, True)
