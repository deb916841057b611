"""`slipway suppress`: contacts and addresses, each an entry of its own."""

import json

import pytest

from unit.cli.answering import slipway

NOBODY_UNKNOWN: dict[str, list[str]] = {"unknown_contacts": [], "unknown_addresses": []}


def test_contacts_and_addresses_are_put_on_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    told = slipway(monkeypatch, {"POST /v1/suppressions": (200, NOBODY_UNKNOWN)})
    answer = told("suppress", "add", "c-1", "c-2", "--address", "ann@example.org")
    assert (answer.exit_code, answer.stderr) == (0, "on the list: 2 contacts, 1 addresses\n")
    assert json.loads(told.seen[0].content) == {"contacts": ["c-1", "c-2"], "addresses": ["ann@example.org"]}


def test_who_does_not_exist_is_put_on_the_list_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    unknown = {"unknown_contacts": ["C-1"], "unknown_addresses": ["ann@example.org"]}
    told = slipway(monkeypatch, {"POST /v1/suppressions": (200, unknown)})
    answer = told("suppress", "add", "C-1", "--address", "ann@example.org")
    assert answer.exit_code == 0
    assert "no contact has the id C-1 so far" in answer.stderr and "capitals" in answer.stderr
    assert "no contact has the address ann@example.org so far" in answer.stderr


def test_each_is_taken_off_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {"DELETE /v1/suppressions/c-1": (204, None), "DELETE /v1/suppressions?address=ann%40x.example": (204, None)}
    told = slipway(monkeypatch, asked)
    answer = told("suppress", "remove", "c-1", "--address", "ann@x.example")
    assert (answer.exit_code, len(told.seen)) == (0, 2)
    assert "c-1 is off the list; if its address is on it, that stays" in answer.stderr
    assert "ann@x.example is off the list" in answer.stderr


@pytest.mark.parametrize("command", ["add", "remove"])
def test_nobody_is_no_answer(monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    told = slipway(monkeypatch, {})
    answer = told("suppress", command)
    assert (answer.exit_code, told.seen, "--address" in answer.stderr) == (2, [], True)
