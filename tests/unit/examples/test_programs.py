"""The CRM's programs: whatever is wrong, one line says what, where and what to do, and what was sent."""

import asyncio
import json
import runpy
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

import httpx
import pytest

CRM = Path(__file__).parents[3] / "examples" / "crm"
sys.path.insert(0, str(CRM))
import http_launch  # noqa: E402
from http_launch import ids_of, main, people_of, run  # noqa: E402
from slipway_client import Slipway  # noqa: E402

NOWHERE = "127.0.0.1:1"
"""Nobody listens there."""
PEOPLE = b'{"id": "c-1"}\n\n{"id": "c-2"}\n{"id": "c-3"}\n'


def started(monkeypatch: pytest.MonkeyPatch, file: Path, address: str = f"http://{NOWHERE}", **more: str) -> int:
    named = {"token": "key.secret", "scenario": "welcome", **more}
    given = ["--address", address, *(f"--{name}={value}" for name, value in named.items()), str(file)]
    monkeypatch.setattr(sys, "argv", ["http_launch.py", *given])
    return main()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"id": "c-1"}\n{"id": ', "line 2 is not JSON"),
        (b'{"id": "c-1"}\n\n["c-2"]\n', "line 3 is no contact"),
        (b'{"email": "ann@example.com"}\n', "line 1 is no contact"),
        (b"\xff\xfe\xff", "line 1 is not JSON"),
        (b"\n", "has no contacts"),
        (b'{"id": "c-1"}\n{"id": "c-2", "id": "c-3"}', 'line 2 has the key "id" twice'),
        (b'{"id": "c-1", "attributes": {"a": 1, "b": 2, "b": 3}}', 'line 1 has the key "b" twice'),
        (b"[" * 100_000, "line 1 is nested too deeply"),
        (b"".join(b'{"id": "c-%d"}\n' % number for number in range(10_001)), "has 10001 contacts"),
        (None, "No such file"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_before_anything_is_sent(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, content: bytes, said: str
) -> None:
    file = tmp_path / "people.ndjson"
    if content is not None:
        file.write_bytes(content)
    assert started(monkeypatch, file) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert said in line and "people.ndjson" in line and "nothing was sent" in line


def test_what_is_no_address_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "people.ndjson"
    file.write_bytes(PEOPLE)
    assert started(monkeypatch, file, NOWHERE) == 2
    assert "is no address: write http://HOST:PORT" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ({"run": "é"}, "--run '\\xe9' is no name"),
        ({"run": ""}, "--run '' is no name"),
        ({"run": "a b"}, "--run 'a b' is no name"),
        ({"run": "x" * 256}, "is no name"),
        ({"scenario": "Welcome!"}, "--scenario 'Welcome!' is no key"),
        ({"token": ""}, "the token is no KEY_ID.SECRET"),
        ({"token": "key.secret "}, "the token is no KEY_ID.SECRET"),
    ],
)
def test_what_would_be_refused_later_is_told_before_anything_is_sent(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    named: dict[str, str],
    said: str,
) -> None:
    file = tmp_path / "people.ndjson"
    file.write_bytes(PEOPLE)
    assert started(monkeypatch, file, **named) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert said in line and "nothing was sent" in line


def test_a_contact_of_several_lines_is_one_of_the_launch(tmp_path: Path) -> None:
    file = tmp_path / "people.ndjson"
    file.write_bytes(PEOPLE * 5000)
    assert ids_of(people_of(file)) == ("c-1", "c-2", "c-3")


def test_without_a_server_it_says_so_and_what_was_sent(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "people.ndjson"
    file.write_bytes(PEOPLE)
    assert started(monkeypatch, file) == 3
    sent, silence = capsys.readouterr().err.splitlines()
    assert sent == "0 of 3 contacts were imported"
    assert f"http://{NOWHERE} does not answer" in silence and "is it running?" in silence


def test_nothing_is_launched_where_a_line_was_not_taken(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    asked = []

    def taken(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        first = json.loads(request.content.splitlines()[0])["id"]
        rejected = [{"line": 1, "reason": "no"}] if first == "c-2" else []
        return httpx.Response(200, json={"imported": 1 - len(rejected), "rejected": rejected})

    monkeypatch.setattr(http_launch, "PORTION", 1)
    file = tmp_path / "people.ndjson"
    file.write_bytes(PEOPLE)
    with Slipway("http://slipway", "key.secret", transport=httpx.MockTransport(taken)) as slipway:
        assert run(slipway, "welcome", people_of(file), "run-1") == 1
    assert [request.url.path for request in asked] == ["/v1/contacts"] * 3
    assert capsys.readouterr().err.splitlines() == [
        "line 3 was not taken: no",
        "2 of 3 contacts were imported",
        "nothing was launched: mend these lines, and run this again",
    ]


def test_a_launch_that_waits_for_a_person_is_no_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    launch = {"launch_id": "l-1", "scenario": "welcome", "state": "awaiting_approval", "requested_by": "key_1"}
    launch |= {"drafted_at": "2026-11-20T12:00:00.000Z"}
    unknown = {"code": "unknown_launch", "detail": "not known here", "remedy": "look"}
    problem = httpx.Response(404, json=unknown, headers={"content-type": "application/problem+json"})
    answers = {
        "/v1/contacts": httpx.Response(200, json={"imported": 1, "rejected": []}),
        "/v1/launches": httpx.Response(202, json={"launch_id": "l-1", "state": "validating", "points": []}),
        "/v1/launches/l-1": httpx.Response(200, json={**launch, "points": [], "ended_at": None}),
        "/v1/launches/l-1/events": problem,
    }
    transport = httpx.MockTransport(lambda request: answers[request.url.path])
    with Slipway("http://slipway", "key.secret", transport=transport) as slipway:
        assert run(slipway, "welcome", {1: {"id": "c-1"}}, "run-1") == 0
    assert "it is awaiting_approval, and nobody has got anything yet" in capsys.readouterr().err


@pytest.mark.parametrize("kafka", [NOWHERE, "127.0.0.1:port"])
def test_without_kafka_it_says_so_and_that_nothing_was_sent(capsys: pytest.CaptureFixture[str], kafka: str) -> None:
    launch: Any = runpy.run_path(str(CRM / "launch.py"))["launch"]
    given = {"project": "demo", "scenario": "welcome", "group": None, "key": "k", "secret": "s", "id": "cmd-1"}
    assert asyncio.run(launch(Namespace(kafka=kafka, timeout=1, **given))) == 3
    [line] = capsys.readouterr().err.splitlines()
    assert kafka in line and "Nothing was sent" in line
