"""What is told when a launch is stopped, or one contact of it removed or moved on."""

from functools import partial
from typing import Any

import httpx
import orjson
import pytest

from unit.cli.answering import Answers, slipway

DONE = {"success": 5, "failure": 0, "abandon": 0, "other": 1}
STOPPING = {"launch_id": "l-1", "state": "stopping", "done": DONE, "in_flight": 2, "to_cancel": 4}
ENDED = {
    "revision": 9,
    "state": "stopped",
    "targeted": 10,
    "success": 5,
    "failure": 0,
    "abandon": 3,
    "other": 2,
    "by_reason": {"end:won": 5, "stopped": 3, "not_started:stopped": 1, "not_started:no_consent": 1},
    "deliveries": {"accepted": 7, "cancelled": 2},
}
STOP, PROGRESS = "POST /v1/launches/l-1/stop", "GET /v1/launches/l-1/progress"


@pytest.fixture(autouse=True)
def in_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.stopped.QUIET_SECONDS", 0.0)
    monkeypatch.setattr("cli.stopped.LOOK_SECONDS", 0.0)


def order(kind: str, result: str | None) -> Answers:
    given = {"order_id": "o-1", "launch_id": "l-1", "contact_id": "c-1", "kind": kind, "state": "ordered"}
    state = "ordered" if result is None else "done"
    return {
        f"POST /v1/launches/l-1/{kind}": (202, given),
        "GET /v1/launches/l-1/orders/o-1": (200, given | {"by": "ann", "state": state, "result": result}),
    }


def test_a_stop_tells_what_was_done_in_flight_and_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    told = slipway(monkeypatch, {STOP: (200, STOPPING), PROGRESS: (200, ENDED)})
    answer = told("stop", "l-1")
    assert answer.exit_code == 0
    for words in ("success 5, other 1", "in flight: 2", "3 in process, 1 not started, 2 messages", "is stopped"):
        assert words in answer.stderr
    shown = orjson.loads(told("stop", "l-1", "--json").stdout)
    assert (shown["state"], shown["done"], shown["in_flight"]) == ("stopped", DONE, 2)
    assert shown["cancelled"] == {"abandoned": 3, "not_started": 1, "messages": 2, "final": True}


@pytest.mark.parametrize("waiting", ["planned", "held"])
def test_messages_that_are_still_being_cancelled_are_waited_for(monkeypatch: pytest.MonkeyPatch, waiting: str) -> None:
    early = ENDED | {"revision": 8, "deliveries": {"accepted": 7, "cancelled": 1, waiting: 1}}
    told = slipway(monkeypatch, {STOP: (200, STOPPING)})
    figures = iter([early, early, ENDED])

    def answer(request: httpx.Request) -> httpx.Response:
        progress = request.url.path.endswith("/progress")
        return httpx.Response(200, json=next(figures)) if progress else told.answer(request)

    monkeypatch.setattr("cli.connection.httpx.Client", partial(httpx.Client, transport=httpx.MockTransport(answer)))
    assert orjson.loads(told("stop", "l-1", "--json").stdout)["cancelled"]["messages"] == 2


def test_messages_that_take_longer_to_be_cancelled_are_told_as_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.commands.steering.WAIT_SECONDS", 0.01)
    early = ENDED | {"deliveries": {"accepted": 7, "cancelled": 1, "planned": 1}}
    told = slipway(monkeypatch, {STOP: (200, STOPPING), PROGRESS: (200, early)})
    assert "1 messages so far" in told("stop", "l-1").stderr
    assert orjson.loads(told("stop", "l-1", "--json").stdout)["cancelled"]["final"] is False


def test_who_ended_after_the_figures_that_the_stop_has_seen_is_done_and_not_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen = STOPPING | {"done": {"success": 3, "failure": 0, "abandon": 0, "other": 0}, "to_cancel": 7}
    told = slipway(monkeypatch, {STOP: (200, seen), PROGRESS: (200, ENDED)})
    shown = orjson.loads(told("stop", "l-1", "--json").stdout)
    assert (shown["done"], shown["to_cancel"]) == (DONE, 0)
    cancelled = shown["cancelled"]
    assert sum(shown["done"].values()) + cancelled["abandoned"] + cancelled["not_started"] == ENDED["targeted"]
    assert "success 5, other 1" in told("stop", "l-1").stderr


@pytest.mark.parametrize("arguments", [["--no-wait"], []])
def test_a_stop_that_takes_longer_tells_what_is_left(monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> None:
    monkeypatch.setattr("cli.commands.steering.WAIT_SECONDS", 0.01)
    running = ENDED | {"state": "stopping"}
    answer = slipway(monkeypatch, {STOP: (200, STOPPING), PROGRESS: (200, running)})("stop", "l-1", *arguments)
    assert answer.exit_code == 0
    assert "about 4 targets are to be cancelled" in answer.stderr


def test_who_may_stop_but_not_look_is_told_what_the_stop_itself_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    forbidden: dict[str, Any] = {"code": "forbidden", "detail": "no", "remedy": "ask"}
    answer = slipway(monkeypatch, {STOP: (200, STOPPING), PROGRESS: (403, forbidden)})("stop", "l-1")
    assert (answer.exit_code, "is stopping" in answer.stderr) == (0, True)


def test_what_had_not_begun_is_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    rejected = STOPPING | {"state": "rejected", "to_cancel": 0}
    assert "it had not begun" in slipway(monkeypatch, {STOP: (200, rejected)})("stop", "l-1").stderr


@pytest.mark.parametrize(
    ("kind", "result", "exit_code", "words"),
    [
        ("remove", "removed", 0, "c-1 is removed"),
        ("advance", "moved_on", 0, "c-1 goes on from the wait"),
        ("advance", "not_waiting", 1, "at no wait"),
        ("remove", "ended", 1, "had ended already"),
        ("remove", "unknown_target", 1, "not in process"),
    ],
)
def test_what_became_of_an_order_is_told(
    monkeypatch: pytest.MonkeyPatch, kind: str, result: str, exit_code: int, words: str
) -> None:
    told = slipway(monkeypatch, order(kind, result))
    answer = told(kind, "l-1", "c-1")
    assert (answer.exit_code, words in answer.stderr) == (exit_code, True)
    assert orjson.loads(told.seen[0].content) == {"contact_id": "c-1"}
    assert orjson.loads(told(kind, "l-1", "c-1", "--json").stdout)["result"] == result


def test_an_order_that_has_to_wait_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.commands.ordering.WAIT_SECONDS", 0.01)
    answer = slipway(monkeypatch, order("remove", None))("remove", "l-1", "c-1")
    assert (answer.exit_code, "not carried out yet" in answer.stderr) == (0, True)


def test_pacing_is_refused_with_what_to_do_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = {"code": "unsupported", "detail": "a launch cannot be paced yet", "remedy": "pause it instead"}
    answer = slipway(monkeypatch, {"POST /v1/launches/l-1/pacing": (422, refused)})("pacing", "l-1")
    assert (answer.exit_code, "pause it instead" in answer.stderr) == (1, True)
