"""`slipway status` of a platform that SLIPWAY_HTTP names: what it tells over HTTP."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from cli.elsewhere import elsewhere
from cli.platform.state import State
from unit.cli.answering import slipway

PARTITIONS = "GET /v1/partitions"


def row(number: int, owner: str | None, problem: str | None = None, service: str = "executor") -> dict[str, Any]:
    return {"service": service, "number": number, "owner": owner, "state": None, "problem": problem}


@pytest.fixture(autouse=True)
def _no_local_platform(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SLIPWAY_HOME", str(tmp_path))


def test_each_process_is_told_with_its_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [row(0, "executor-0"), row(1, "executor-1"), row(2, "executor-0"), row(0, "log-0", service="log")]
    told = slipway(monkeypatch, {PARTITIONS: (200, {"items": rows, "unavailable": []})})
    answer = told("status", "--json")
    status = orjson.loads(answer.stdout)
    assert (answer.exit_code, status["http"], status["kafka"]) == (0, "http://slipway.test", None)
    assert [(each["name"], each["instance"], each["ready"], each["partitions"]) for each in status["services"]] == [
        ("executor", "executor-0", True, [0, 2]),
        ("executor", "executor-1", True, [1]),
        ("log", "log-0", True, [0]),
    ]
    assert "http://slipway.test, as SLIPWAY_HTTP has it" in told("status").stderr


@pytest.mark.parametrize(
    ("rows", "unavailable", "services"),
    [
        ([row(0, "executor-0", "nobody has it")], [], [("executor", "executor-0", False)]),
        ([row(0, None, "nobody has it")], [], [("executor", None, False)]),
        ([row(0, "executor-0")], ["log"], [("executor", "executor-0", True), ("log", None, False)]),
    ],
)
def test_what_is_not_ready_is_told_and_the_answer_is_no(
    monkeypatch: pytest.MonkeyPatch, rows: list[Any], unavailable: list[str], services: list[Any]
) -> None:
    told = slipway(monkeypatch, {PARTITIONS: (200, {"items": rows, "unavailable": unavailable})})
    answer = told("status", "--json")
    found = [(each["name"], each["instance"], each["ready"]) for each in orjson.loads(answer.stdout)["services"]]
    assert (answer.exit_code, found) == (1, services)


@pytest.mark.parametrize(
    ("given", "http", "meant"),
    [
        ("", "http://127.0.0.1:1", None),
        ("http://127.0.0.1:1/", "http://127.0.0.1:1", None),
        ("8080", "http://127.0.0.1:1", None),
        ("https://slipway.example", "http://127.0.0.1:1", "https://slipway.example"),
        ("http://127.0.0.1:2", "http://127.0.0.1:1", "http://127.0.0.1:2"),
        ("http://127.0.0.1:2", None, "http://127.0.0.1:2"),
    ],
)
def test_the_local_platform_is_meant_where_its_own_address_is_named(
    monkeypatch: pytest.MonkeyPatch, given: str, http: str | None, meant: str | None
) -> None:
    monkeypatch.setenv("SLIPWAY_HTTP", given)
    assert elsewhere(None if http is None else State(8, http=http)) == meant
