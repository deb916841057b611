"""`slipway segment`: conditions with a name."""

import json

import pytest

from unit.cli.answering import slipway

GOOD = {"segment": "good", "where": "contact.active", "revision": 2}
SLOW = {"code": "segment_slow", "severity": "warning", "place": "where", "remedy": "It is slow."}


def test_a_condition_is_kept_and_what_is_odd_about_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    told = slipway(monkeypatch, {"POST /v1/segments": (200, {**GOOD, "points": [SLOW]})})
    result = told("segment", "add", "good", "contact.active")
    assert (result.exit_code, "segment_slow" in result.stderr, "revision 2" in result.stderr) == (0, True, True)
    assert json.loads(told.seen[-1].content) == {"segment": "good", "where": "contact.active"}
    assert "If-Match" not in told.seen[-1].headers


def test_what_is_wrong_with_a_condition_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    point = {"code": "broken_condition", "severity": "error", "place": "where", "remedy": "This is no condition."}
    problem = {"code": "invalid", "detail": point["remedy"], "remedy": "correct it", "points": [point]}
    result = slipway(monkeypatch, {"POST /v1/segments": (422, problem)})("segment", "add", "good", "1 +")
    assert (result.exit_code, result.stderr.count("This is no condition.")) == (1, 1)
    assert "broken_condition at where" in result.stderr


@pytest.mark.parametrize("arguments", [("add", "good", "true"), ("remove", "good")])
def test_only_what_was_seen_is_changed(monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]) -> None:
    changed = {
        "code": "changed_meanwhile",
        "detail": "segment good was changed meanwhile",
        "remedy": "look, and use `If-Match`",
    }
    told = slipway(monkeypatch, {"POST /v1/segments": (412, changed), "DELETE /v1/segments/good": (412, changed)})
    result = told("segment", *arguments, "--revision", "1")
    assert (result.exit_code, "`--revision`" in result.stderr) == (1, True)
    assert told.seen[-1].headers["If-Match"] == '"1"'


def test_the_condition_alone_is_printed_to_be_launched_on(monkeypatch: pytest.MonkeyPatch) -> None:
    told = slipway(monkeypatch, {"GET /v1/segments/good": (200, GOOD)})
    assert told("segment", "show", "good").stdout == "contact.active\n"
    assert json.loads(told("segment", "show", "good", "--json").stdout) == GOOD


def test_segments_are_listed_and_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = {"GET /v1/segments": (200, {"items": [GOOD], "next": None}), "DELETE /v1/segments/good": (204, None)}
    told = slipway(monkeypatch, answers)
    assert json.loads(told("segment", "list", "--json").stdout) == [GOOD]
    assert told("segment", "remove", "good").exit_code == 0


def test_where_there_are_none_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    told = slipway(monkeypatch, {"GET /v1/segments": (200, {"items": [], "next": None})})
    assert (told("segment", "list").stderr, told("segment", "list").stdout) == ("there are none\n", "")
    assert json.loads(told("segment", "list", "--json").stdout) == []
