"""`slipway count`: whom it is about is said in exactly one way."""

import json

import pytest

from unit.cli.answering import slipway

COUNTED = {
    "token": "t",
    "points": [],
    "targeted": 3,
    "starting": 2,
    "excluded": {"no_consent": 1},
    "no_consent": {},
    "messages": [],
}


@pytest.mark.parametrize(
    ("arguments", "chosen"),
    [
        (["--outcome", "failure"], {"outcome": "failure"}),
        (["--of-reason", "error:send"], {"reason": "error:send"}),
        (["--delivery", "unknown"], {"delivery": "unknown"}),
    ],
)
def test_targets_of_a_launch_are_counted(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], chosen: dict[str, str]
) -> None:
    told = slipway(monkeypatch, {"POST /v1/counts": (200, COUNTED)})
    assert told("count", "welcome", "--of", "l-1", *arguments).exit_code == 0
    asked = json.loads(told.seen[-1].content)
    assert asked["participants"] == {"kind": "results", "launch_id": "l-1", **chosen}


def test_targets_of_a_launch_are_launched_on_in_the_same_words(monkeypatch: pytest.MonkeyPatch) -> None:
    made = {"launch_id": "l-2", "state": "validating", "points": []}
    told = slipway(monkeypatch, {"POST /v1/launches": (202, made)})
    told("launch", "welcome", "--of", "l-1", "--outcome", "failure", "--yes")
    [asked] = [json.loads(request.content) for request in told.seen if request.method == "POST"]
    assert asked["participants"] == {"kind": "results", "launch_id": "l-1", "outcome": "failure"}
    asking = told("launch", "welcome", "--of", "l-1", "--of-reason", "error:send")
    assert "on the targets of l-1 with reason error:send?" in asking.stderr
    for arguments in (["--of", "l-1"], ["--outcome", "failure"], ["--of", "l-1", "--outcome", "failure", "--all"]):
        assert told("launch", "welcome", *arguments, "--yes").exit_code == 2


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--of", "l-1"],
        ["--outcome", "failure"],
        ["--of", "l-1", "--outcome", "failure", "--of-reason", "error:send"],
        ["--of", "l-1", "--outcome", "failure", "--all"],
        ["--group", "a", "--segment", "true"],
    ],
)
def test_what_is_said_in_no_way_or_in_two_is_not_counted(monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> None:
    told = slipway(monkeypatch, {"POST /v1/counts": (200, COUNTED)})
    assert told("count", "welcome", *arguments).exit_code == 2
    assert told.seen == []


def test_who_confirms_sees_what_each_message_reaches(monkeypatch: pytest.MonkeyPatch) -> None:
    message = {"step": "hello", "channel": "email", "reached": 1, "skipped": {"no_consent": 1}}
    counted = {**COUNTED, "no_consent": {"promotional": 1}, "messages": [message]}
    launch = {"launch_id": "l-1", "scenario": "welcome", "state": "awaiting_confirmation"}
    told = slipway(monkeypatch, {"GET /v1/launches/l-1": (200, launch), "POST /v1/counts": (200, counted)})
    assert "step hello reaches 1 by email (1 no_consent)" in told("confirm", "l-1").stderr
