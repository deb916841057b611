"""What people type, and what they are told."""

from pathlib import Path
from urllib.parse import quote

import orjson
import pytest
from typer.testing import CliRunner

from cli.app import app
from unit.cli.answering import slipway

UNKNOWN = {"code": "unknown_launch", "detail": "no launch l-1 is known", "remedy": "list them"}


@pytest.mark.parametrize(
    ("status", "launch", "told"),
    [
        (404, UNKNOWN, "no launch l-1 is known"),
        (200, {"state": "rejected"}, "was rejected, so it has no targets to recount"),
        (200, {"state": "awaiting_approval"}, "is awaiting_approval, so it has no targets yet"),
    ],
)
def test_what_was_never_requested_does_not_reconcile(
    monkeypatch: pytest.MonkeyPatch, status: int, launch: dict[str, str], told: str
) -> None:
    answer = slipway(monkeypatch, {"GET /v1/launches/l-1": (status, launch)})("reconcile", "l-1")
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert told in answer.stderr and "Traceback" not in answer.stderr


@pytest.mark.parametrize("contact_id", ["a/b", "ä", "a b", "100%", "x?y#z", "..a"])
def test_an_id_may_hold_anything(monkeypatch: pytest.MonkeyPatch, contact_id: str) -> None:
    told = slipway(monkeypatch, {})
    assert told("contacts", "show", contact_id).exit_code == 1
    assert told.seen[-1].url.path == f"/v1/contacts/{contact_id}"
    assert told.seen[-1].url.raw_path.count(b"/") == 3


@pytest.mark.parametrize("contact_id", ["", ".", "..", "a\nb", "\x9f"])
def test_what_cannot_stand_in_an_address_is_refused(monkeypatch: pytest.MonkeyPatch, contact_id: str) -> None:
    told = slipway(monkeypatch, {})
    assert told("contacts", "show", contact_id).exit_code == 2
    assert told.seen == []


def test_a_missing_project_is_told_in_the_words_of_the_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    missing = {"code": "project_missing", "detail": "which project is meant?", "remedy": "send the header …"}
    answer = slipway(monkeypatch, {"GET /v1/keys": (400, missing)})("key", "list")
    assert (answer.exit_code, "--project KEY" in answer.stderr, "header" in answer.stderr) == (2, True, False)


def test_a_list_is_a_table_or_one_document(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = [{"key_id": "k-1", "grants": ["view", "process:start"], "revoked": False, "created_at": None}]
    told = slipway(monkeypatch, {"GET /v1/keys": (200, {"items": keys, "next": None})})
    assert orjson.loads(told("key", "list", "--json").stdout) == keys
    assert "view, process:start" in told("key", "list").stdout


@pytest.mark.parametrize(
    "typed", ["status", "status --json", "scale executor=2", "launches", "migrate", "reconcile l-1"]
)
def test_where_nothing_runs_it_is_told_where_was_looked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, typed: str
) -> None:
    for name in ("HOME", "HTTP", "TOKEN", "KAFKA", "POSTGRES"):
        monkeypatch.delenv(f"SLIPWAY_{name}", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    answer = CliRunner().invoke(app, typed.split())
    assert (answer.exit_code, answer.stdout) == (3, "")
    assert str(tmp_path / ".slipway") in answer.stderr
    assert "SLIPWAY_HOME is not set" in answer.stderr


def test_an_option_that_makes_no_sense_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    errors = [{"place": "query.since", "message": "Input should be a valid datetime"}]
    problem = {"code": "invalid", "detail": "…", "remedy": "… /openapi.json", "errors": errors}
    answer = slipway(monkeypatch, {"GET /v1/audit?since=x": (422, problem)})("audit", "--since", "x")
    assert (answer.exit_code, "since: Input should be a valid datetime" in answer.stderr) == (2, True)


@pytest.mark.parametrize(
    ("remedy", "shown"),
    [
        ("`GET /v1/groups` lists them", "`slipway groups list` lists them"),
        ("capitals and blanks count", "capitals and blanks count"),
    ],
)
def test_what_to_do_is_said_in_the_words_of_the_command_line(
    monkeypatch: pytest.MonkeyPatch, remedy: str, shown: str
) -> None:
    problem = {"code": "not_found", "detail": "there is no contact c", "remedy": remedy}
    answer = slipway(monkeypatch, {"GET /v1/contacts/c": (404, problem)})("contacts", "show", "c")
    assert (answer.exit_code, answer.stderr.removeprefix("slipway: there is no contact c").strip()) == (1, shown)


@pytest.mark.parametrize("contact_id", ["[red]", "[/]", "c[0]", ":smile:"])
def test_brackets_are_shown_as_they_are(monkeypatch: pytest.MonkeyPatch, contact_id: str) -> None:
    problem = {"code": "unknown_contact", "detail": f"there is no contact {contact_id}", "remedy": "look"}
    entry = {"launch_id": contact_id, "scenario": "s", "status": "ended", "step": "won"}
    quoted = f"/v1/contacts/{quote(contact_id, safe='')}"
    told = slipway(
        monkeypatch,
        {
            f"GET {quoted}": (404, problem),
            f"DELETE {quoted}": (200, None),
            f"GET {quoted}/instances": (200, {"items": [entry], "next": None}),
        },
    )
    assert contact_id in told("contacts", "show", contact_id).stderr
    assert f"contact {contact_id} is deleted" in told("contacts", "delete", contact_id, "--yes").stderr
    assert contact_id in told("contacts", "instances", contact_id).stdout


def test_an_invalid_value_without_places_is_told_by_its_detail(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = {"code": "invalid", "detail": "there is no zone Mars", "remedy": "name one of the IANA zones"}
    answer = slipway(monkeypatch, {"POST /v1/projects": (422, problem)})("project", "create", "a", "--zone", "Mars")
    assert (answer.exit_code, "there is no zone Mars" in answer.stderr) == (1, True)


def test_ctrl_c_at_a_question_is_an_interruption(monkeypatch: pytest.MonkeyPatch) -> None:
    told = slipway(monkeypatch, {})
    monkeypatch.setenv("SLIPWAY_TOKEN", "")
    assert told("login", "http://slipway.test", keyboard="").exit_code == 130
    assert told.seen == []


def test_a_contact_is_not_deleted_before_somebody_has_said_yes(monkeypatch: pytest.MonkeyPatch) -> None:
    told = slipway(monkeypatch, {"DELETE /v1/contacts/c-1": (200, None)})
    answer = told("contacts", "delete", "c-1")
    assert (answer.exit_code, told.seen) == (2, [])
    assert "What runs for it is abandoned" in answer.stderr
    assert "Say --yes." in answer.stderr
