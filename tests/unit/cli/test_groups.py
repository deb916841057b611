"""`slipway groups`: what was done, and which ids are nobody's."""

import pytest

from cli.output import told
from unit.cli.answering import slipway


@pytest.mark.parametrize(("command", "done"), [("add", "1 put into vip"), ("remove", "1 taken out of vip")])
def test_who_does_not_exist_is_told(monkeypatch: pytest.MonkeyPatch, command: str, done: str) -> None:
    run = slipway(monkeypatch, {"POST /v1/groups/vip/contacts": (200, {"changed": 1, "unknown": ["p-77"]})})
    answer = run("groups", command, "vip", "p-1", "p-77")
    assert (answer.exit_code, done in answer.stderr, "no contact p-77" in answer.stderr) == (1, True, True)


def test_that_nobody_is_in_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    run = slipway(monkeypatch, {"GET /v1/groups/vip/contacts": (200, {"items": [], "next": None})})
    answer = run("groups", "show", "vip")
    assert (answer.exit_code, answer.stdout, answer.stderr) == (0, "", "there are none\n")


def test_a_group_that_there_is_not_is_told_with_the_command_that_lists_them() -> None:
    remedy = "There is no group vpi. `GET /v1/groups` lists them."
    point = {"code": "unknown_group", "place": "participants.groups[0]", "remedy": remedy}
    assert told([point])[0].endswith("There is no group vpi. `slipway groups list` lists them.")


def test_all_who_exist_are_put_into_it(monkeypatch: pytest.MonkeyPatch) -> None:
    run = slipway(monkeypatch, {"POST /v1/groups/vip/contacts": (200, {"changed": 1, "unknown": []})})
    answer = run("groups", "add", "vip", "p-1", "p-2")
    assert (answer.exit_code, answer.stderr) == (0, "1 put into vip, 1 in it already\n")
