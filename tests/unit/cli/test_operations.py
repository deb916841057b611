"""Parked records and incidents, from the command line."""

import orjson
import pytest

from unit.cli.answering import slipway

INCIDENT = {
    "id": "i-1",
    "launch_id": "l-1",
    "contact_id": "c-1",
    "step": "hook",
    "detail": "no such step",
    "retriable": True,
    "at": "2026-11-20T12:00:00.000Z",
}


def test_a_parked_record_is_replayed_by_its_id_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    told = slipway(monkeypatch, {"POST /v1/parked/p-1/replay": (202, {"id": "p-1"})})
    assert told("parked", "replay", "p-1").exit_code == 0
    refused = told("parked", "replay", "a/b")
    assert (refused.exit_code, told.seen[-1].url.raw_path) == (1, b"/v1/parked/a%2Fb/replay")
    assert "there is no such thing" in refused.stderr


def test_a_service_may_narrow_whose_record_is_replayed(monkeypatch: pytest.MonkeyPatch) -> None:
    told = slipway(monkeypatch, {"POST /v1/parked/p-1/replay?service=log": (202, {"id": "p-1"})})
    assert told("parked", "replay", "p-1", "--service", "log").exit_code == 0


def test_parked_records_are_listed_with_reason_and_time(monkeypatch: pytest.MonkeyPatch) -> None:
    record = {
        "id": "p-1",
        "service": "log",
        "topic": "t",
        "partition": 1,
        "offset": 7,
        "reason": "why",
        "state": "parked",
    }
    found = [{**record, "parked_at": "2026-11-20T12:00:00.000Z"}]
    told = slipway(monkeypatch, {"GET /v1/parked": (200, {"items": found, "unavailable": ["executor"]})})
    listed = told("parked")
    assert "why" in listed.stdout and "2026-11-20T12:00:00.000Z" in listed.stdout
    assert "executor did not answer" in listed.stderr
    assert orjson.loads(told("parked", "--json").stdout) == found


def test_all_pages_of_incidents_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    more = {**INCIDENT, "id": "i-2"}
    pages = {
        "GET /v1/incidents": (200, {"items": [INCIDENT], "next": "x"}),
        "GET /v1/incidents?cursor=x": (200, {"items": [more], "next": None}),
    }
    told = slipway(monkeypatch, pages)
    assert orjson.loads(told("incidents", "--json").stdout) == [INCIDENT, more]


def test_an_incident_is_tried_again_without_a_question(monkeypatch: pytest.MonkeyPatch) -> None:
    told = slipway(monkeypatch, {"POST /v1/incidents/i-1/retry": (202, INCIDENT)})
    resolved = told("incidents", "resolve", "i-1")
    assert (resolved.exit_code, "c-1" in resolved.stderr) == (0, True)
    assert told("incidents", "resolve", "i-2").exit_code == 1


def test_giving_up_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    told = slipway(monkeypatch, {"POST /v1/incidents/i-1/fail": (202, INCIDENT)})
    assert told("incidents", "resolve", "i-1", "--fail").exit_code == 2
    assert told.seen == []
    assert told("incidents", "resolve", "i-1", "--fail", "--yes").exit_code == 0
