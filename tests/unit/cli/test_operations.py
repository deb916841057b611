"""Parked records and incidents, from the command line."""

from typing import Any
from urllib.parse import urlencode

import orjson
import pytest

from cli import output
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


def test_lists_are_shown_with_the_word_list_too(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = {
        "GET /v1/incidents": (200, {"items": [INCIDENT], "next": None}),
        "GET /v1/parked": (200, {"items": [{"id": "p-1", "service": "log", "topic": "t"}], "unavailable": []}),
    }
    told = slipway(monkeypatch, answers)
    for listed in ("incidents", "parked"):
        for asked in ((), ("--json",)):
            alone, with_list = told(listed, *asked), told(listed, "list", *asked)
            assert (with_list.exit_code, with_list.stdout, with_list.stderr) == (0, alone.stdout, alone.stderr)
            assert alone.stdout


def test_what_a_parked_record_means_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    row = {"id": "p-1", "service": "messaging", "topic": "executor.sends", "partition": 3, "offset": 1, "key": "l-9"}
    told = slipway(monkeypatch, {"GET /v1/parked": (200, {"items": [row], "unavailable": []})})("parked")
    assert "executor.sends: their messages are not sent, their instances wait (l-9)" in told.output


def test_launches_show_who_is_stuck_what_is_parked_and_what_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    launches = [
        {"launch_id": "l-1", "scenario": "s", "state": "running", "figures": {"targeted": 9}},
        {"launch_id": "l-2", "scenario": "s", "state": "paused", "figures": {"held": {"reason": "9 asked for"}}},
        {"launch_id": "l-3", "scenario": "s", "state": "completed", "figures": {}},
    ]
    parked = {"items": [{"key": "l-1"}, {"key": "l-3"}], "unavailable": []}
    answers = {
        "GET /v1/launches?mode=live": (200, {"items": launches}),
        "GET /v1/launches/l-1/progress": (200, {"stuck": 3}),
        "GET /v1/launches/l-2/progress": (200, {"stuck": 0}),
        "GET /v1/parked": (200, parked),
    }
    told = slipway(monkeypatch, answers)("launches").output
    assert "running (3 stuck, 1 parked)" in told
    assert "paused (held)" in told
    assert "l-2 is held: 9 asked for" in told


@pytest.mark.parametrize(
    ("asked", "query", "said"),
    [
        ((), "mode=live", "there are none\n"),
        (("--mode", "test"), "mode=test", "no launch is found with --mode test\n"),
        (
            ("--scenario", "welcome", "--user", "mia"),
            "scenario=welcome&user=mia&mode=live",
            "no launch is found with --scenario welcome --user mia\n",
        ),
    ],
)
def test_a_list_without_launches_says_with_what_none_is_found(
    monkeypatch: pytest.MonkeyPatch, asked: tuple[str, ...], query: str, said: str
) -> None:
    told = slipway(monkeypatch, {f"GET /v1/launches?{query}": (200, {"items": [], "next": None})})
    answer = told("launches", *asked)
    assert (answer.exit_code, answer.stdout, answer.stderr) == (0, "", said)
    assert told("launches", *asked, "--json").stdout == "[]\n"


def test_launches_show_what_an_approver_chooses_by(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: dict[str, object] = {"launch_id": "l-1", "scenario": "s", "state": "awaiting_approval"}
    waits |= {"requested_by": "mia", "drafted_at": "2026-03-03T09:12:44Z", "targeted_expected": 731}
    told = slipway(monkeypatch, {"GET /v1/launches?mode=live": (200, {"items": [waits]})})("launches").output
    assert all(shown in told for shown in ("mia", "2026-03-03T09:12", "731"))


def test_launches_show_what_became_of_their_targets(monkeypatch: pytest.MonkeyPatch) -> None:
    over: dict[str, object] = {"launch_id": "l-1", "scenario": "s", "state": "completed", "requested_by": "mia"}
    figures = {"targeted": 9, "started": 8, "success": 5, "failure": 0, "abandon": 1, "other": 3}
    over |= {"drafted_at": "2026-03-03T09:12:44Z", "ended_at": "2026-03-03T10:01:02Z", "figures": figures}
    told = slipway(monkeypatch, {"GET /v1/launches?mode=live": (200, {"items": [over]})})("launches").output
    assert "success 5, abandon 1, other 3" in told and "2026-03-03T10:01" in told


def test_who_may_not_see_parked_records_sees_launches_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    launches = [{"launch_id": "l-1", "scenario": "s", "state": "running", "figures": None}]
    answers = {
        "GET /v1/launches?mode=live": (200, {"items": launches}),
        "GET /v1/launches/l-1/progress": (200, {"stuck": 2}),
        "GET /v1/parked": (403, {"code": "forbidden", "detail": "no"}),
    }
    assert "running (2 stuck)" in slipway(monkeypatch, answers)("launches").output


def test_the_audit_is_filtered_and_says_whose_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = {"at": "2026-03-03", "subject": "ann", "action": "launch.stopped", "thing": "launch/l-1", "details": {}}
    page = {"items": [entry], "next": None, "unavailable": ["log"]}
    answers = {"GET /v1/audit?subject=ann&thing=launch%2Fl-1&action=launch.stopped": (200, page)}
    asked = ("audit", "--subject", "ann", "--thing", "launch/l-1", "--action", "launch.stopped")
    told = slipway(monkeypatch, answers)(*asked, "--json")
    assert orjson.loads(told.stdout) == [entry]
    assert "log did not answer" in told.stderr


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ((), "nothing is recorded\n"),
        (("--thing", "launch/l-1"), "nothing is recorded of launch/l-1; ids are case-sensitive"),
        (("--thing", "contact/c-1", "--subject", "ann"), "nothing is recorded of contact/c-1 by ann"),
        (("--action", "launch.stopped"), "nothing is recorded\n"),
    ],
)
def test_an_audit_without_entries_says_so(monkeypatch: pytest.MonkeyPatch, asked: tuple[str, ...], said: str) -> None:
    wanted = {name.removeprefix("--"): value for name, value in zip(asked[::2], asked[1::2], strict=True)}
    query = urlencode([(name, wanted[name]) for name in ("subject", "thing", "action") if name in wanted])
    page: dict[str, Any] = {"items": [], "next": None, "unavailable": []}
    answers = {f"GET /v1/audit{'?' if query else ''}{query}": (200, page)}
    told = slipway(monkeypatch, answers)("audit", *asked)
    assert (told.exit_code, told.stdout, told.stderr.startswith(said)) == (0, "", True)
    assert slipway(monkeypatch, answers)("audit", *asked, "--json").stdout == "[]\n"


def test_what_the_audit_has_beside_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    about = {
        "retry_of": "l-0",
        "filter": {"outcome": "failure", "reason": None},
        "grants": ["view", "process:start"],
        "targets": 12345,
        "by_type": {"promotional": 3, "newsletter": 4},
        "restriction": None,
    }
    entry = {"at": "2026-03-03", "subject": "ann", "action": "launch.retried", "thing": "launch/l-1", "details": about}
    page = {"items": [entry], "next": None, "unavailable": []}
    monkeypatch.setattr(output.stdout, "width", 300)
    told = slipway(monkeypatch, {"GET /v1/audit": (200, page)})("audit").stdout
    assert "retry of l-0, filter (outcome failure), grants view process:start, targets 12,345" in told
    assert "by type (promotional 3, newsletter 4)" in told and "restriction" not in told


def test_a_held_launch_is_resumed_only_on_a_persons_word(monkeypatch: pytest.MonkeyPatch) -> None:
    held = {"launch_id": "l-1", "state": "paused", "figures": {"held": {"reason": "9 asked for, 5 planned"}}}
    lifted = {"launch_id": "l-1", "state": "running", "changed": True, "lifted": "9 asked for, 5 planned"}
    answers = {"GET /v1/launches/l-1": (200, held), "POST /v1/launches/l-1/resume": (200, lifted)}
    told = slipway(monkeypatch, answers)
    refused = told("resume", "l-1")
    assert (refused.exit_code, orjson.loads(told.seen[-1].content)) == (2, {"dry_run": True})
    assert "9 asked for, 5 planned" in refused.output
    done = told("resume", "l-1", "--yes")
    assert done.exit_code == 0
    assert "the hold is lifted" in done.output


def test_an_incident_is_tried_again_without_a_question(monkeypatch: pytest.MonkeyPatch) -> None:
    told = slipway(monkeypatch, {"POST /v1/incidents/i-1/retry": (202, INCIDENT)})
    resolved = told("incidents", "resolve", "i-1")
    assert (resolved.exit_code, "c-1" in resolved.stderr) == (0, True)
    assert told("incidents", "resolve", "i-2").exit_code == 1


def test_giving_up_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    told = slipway(monkeypatch, {"POST /v1/incidents/i-1/fail": (202, INCIDENT)})
    asked = told("incidents", "resolve", "i-1", "--fail")
    assert (asked.exit_code, "contact c-1 in launch l-1 as failure?" in asked.stderr) == (2, True)
    assert [orjson.loads(request.content) for request in told.seen] == [{"dry_run": True}]
    assert told("incidents", "resolve", "i-1", "--fail", "--yes").exit_code == 0
    assert [orjson.loads(request.content) for request in told.seen[1:]] == [{}]
    unknown = told("incidents", "resolve", "i-2", "--fail")
    assert (unknown.exit_code, "?" in unknown.stderr) == (1, False), "nobody is asked about what there is not"


def test_figures_of_partitions_are_whole_where_they_count(monkeypatch: pytest.MonkeyPatch) -> None:
    row = {"service": "executor", "number": 0, "slipway_instances_open": 1200.0}
    row |= {"slipway_timers_due": 0.0, "slipway_timers_oldest_due_seconds": 3.14159}
    answers = {"GET /v1/partitions": (200, {"items": [row], "unavailable": []})}
    told = slipway(monkeypatch, answers)("partitions").stdout
    assert "1,200 " in told and "3.1 " in told and "0.0" not in told
