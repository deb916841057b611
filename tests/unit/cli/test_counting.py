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
    told = slipway(monkeypatch, {"POST /v1/launches": (202, made), "POST /v1/counts": (200, COUNTED)})
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


NO_ADDRESS = {"reason": "no_address", "figure": "skipped"}
MESSAGES = [
    {"step": "hello", "channel": "email", "reached": 1, "skipped": {}},
    {"step": "news", "channel": "email", "reached": 0, "skipped": {"no_consent": 7}},
]


@pytest.mark.parametrize(
    ("arguments", "asked", "figure", "said"),
    [
        (["no_consent"], {"reason": "no_consent", "figure": "excluded"}, "excluded", "1 do not start: no_consent"),
        (
            ["no_consent"],
            {"reason": "no_consent", "figure": "excluded"},
            "excluded",
            "besides, 7 start and are skipped at step news: --step",
        ),
        (["no_address"], NO_ADDRESS, "skipped", "1 start and are skipped by a message: no_address"),
        (["no_address"], NO_ADDRESS, "skipped", "no reason no_address; it has no_consent"),
        (
            ["no_consent", "--step", "news"],
            {"reason": "no_consent", "step": "news"},
            "skipped",
            "1 start and are skipped at step news: no_consent",
        ),
        (["reached", "--step", "hello"], {"figure": "reached", "step": "hello"}, "reached", "1 start and are reached"),
        (["starting"], {"figure": "starting"}, "starting", "1 would start"),
        (["targeted"], {"figure": "targeted"}, "targeted", "1 targeted"),
    ],
)
def test_a_list_says_which_figure_it_is_behind_and_how_to_have_the_others(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], asked: dict[str, str], figure: str, said: str
) -> None:
    page = {"figure": figure, "items": [{"contact_id": "c-1"}], "next": None}
    told = slipway(monkeypatch, {"POST /v1/counts": (200, {**COUNTED, "messages": MESSAGES, **page})})
    listed = told("count", "welcome", "--all", "--list", *arguments)
    assert (listed.exit_code, listed.stdout) == (0, "c-1\n")
    assert said in listed.stderr
    whole, page_asked = [json.loads(request.content) for request in [told.seen[0], told.seen[-1]]]
    assert page_asked["list"] == {**asked, "cursor": None}
    assert len(told.seen) == (1 if "list" in whole else 2), "nothing is counted twice"


def test_a_step_without_a_list_is_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    told = slipway(monkeypatch, {"POST /v1/counts": (200, COUNTED)})
    assert told("count", "welcome", "--all", "--step", "news").exit_code == 2
    assert told.seen == []


def test_who_confirms_sees_what_each_message_reaches(monkeypatch: pytest.MonkeyPatch) -> None:
    message = {"step": "hello", "channel": "email", "reached": 1, "skipped": {"no_consent": 1}}
    counted = {**COUNTED, "no_consent": {"promotional": 1}, "messages": [message]}
    launch = {"launch_id": "l-1", "scenario": "welcome", "state": "awaiting_confirmation"}
    told = slipway(monkeypatch, {"GET /v1/launches/l-1": (200, launch), "POST /v1/counts": (200, counted)})
    assert "step hello reaches 1 by email (1 no_consent)" in told("confirm", "l-1").stderr
    message["at_most"] = True
    assert "step hello reaches at most 1 by email" in told("confirm", "l-1").stderr
