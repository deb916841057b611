"""`slipway watch` reads what the server tells; when that breaks off it goes on where it was, and asks if need be."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import httpx
import orjson
import pytest
from typer.testing import CliRunner

from cli.app import app

LAUNCH: dict[str, Any] = {"launch_id": "l-1", "scenario": "spring", "state": "running", "figures": None}


def figures(revision: int, state: str, **counts: int) -> dict[str, Any]:
    told = {"success": 0, "failure": 0, "abandon": 0, "other": 0, "in_progress": 0, "targeted": 3} | counts
    more = {"by_reason": {}, "deliveries": {}, "steps": {"hello": 3}, "stuck": 0, "held": None}
    return {"revision": revision, "state": state, "rate": 1.5, "estimated_end": None, **told, **more}


class Server:
    """`streams`: what each connection to the events is told before it ends; None: 503."""

    def __init__(self, streams: list[list[dict[str, Any]] | None], polled: list[dict[str, Any]]) -> None:
        self.streams = streams
        self.polled = polled
        self.from_where: list[str | None] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/events"):
            self.from_where.append(request.headers.get("Last-Event-ID"))
            stream = self.streams.pop(0) if self.streams else None
            if stream is None:
                return httpx.Response(503, json={"code": "unavailable"})
            return httpx.Response(200, content=_told(stream))
        if request.url.path.endswith("/progress"):
            return httpx.Response(200, json=self.polled.pop(0))
        return httpx.Response(200, json=LAUNCH) if request.url.path.endswith("l-1") else httpx.Response(404, json={})


def _told(stream: list[dict[str, Any]]) -> Iterator[bytes]:
    yield b"retry: 2000\n\n: nothing new\n\n"
    for each in stream:
        yield b"id: %d\nevent: launch.progressed\ndata: %s\n\n" % (each["revision"], orjson.dumps(each))


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Any:
    def run(server: Callable[[httpx.Request], httpx.Response], as_json: bool = True) -> Any:
        monkeypatch.setattr("cli.connection.httpx.Client", partial(httpx.Client, transport=httpx.MockTransport(server)))
        for name, value in {"HTTP": "http://slipway.test", "TOKEN": "id.secret", "PROJECT": "acme"}.items():
            monkeypatch.setenv(f"SLIPWAY_{name}", value)
        monkeypatch.setattr("cli.events.PAUSE_SECONDS", 0)
        monkeypatch.setattr("cli.events.POLL_SECONDS", 0)
        monkeypatch.setattr("cli.progress.POLL_SECONDS", 0)
        return CliRunner().invoke(app, ["watch", "l-1", *(["--json"] if as_json else [])])

    return run


WAITS = {**LAUNCH, "state": "awaiting_approval", "points": []}
DECLINED = {**LAUNCH, "state": "rejected", "rejected": "declined"}
DECLINED |= {"points": [{"code": "declined", "place": "launch", "remedy": "tom: too many"}]}


def test_what_a_launch_waits_for_and_why_it_never_ran_is_said(watch: Any) -> None:
    seen = iter([WAITS, WAITS, DECLINED])
    answer = watch(lambda request: httpx.Response(200, json=next(seen)), as_json=False)
    assert answer.exit_code == 1
    assert answer.stderr.count("somebody with launch:approve says `slipway approve l-1`") == 1
    assert "rejected (declined)" in answer.stdout and "tom: too many" in answer.stderr
    assert "targeted" not in answer.stdout, "nothing was counted"


def test_what_is_told_is_all_that_is_needed(watch: Any) -> None:
    server = Server([[figures(1, "running", in_progress=3), figures(2, "completed", success=3)]], polled=[])
    answer = watch(server)
    assert (answer.exit_code, orjson.loads(answer.stdout)["figures"]["success"]) == (0, 3)


def test_what_breaks_off_goes_on_where_it_was(watch: Any) -> None:
    streams = [[figures(4, "running", in_progress=3)], None, [figures(7, "stopped", abandon=3)]]
    server = Server([*streams], polled=[])
    assert watch(server).exit_code == 1
    assert server.from_where == [None, "4", "4"]


def test_after_three_failures_in_a_row_figures_are_asked_for(watch: Any) -> None:
    server = Server([None, None, None], [figures(1, "running", in_progress=3), figures(2, "completed", success=3)])
    assert watch(server).exit_code == 0
    assert (len(server.from_where), server.polled) == (3, [])
