"""`slipway groups`: what was done, and which ids are nobody's."""

import pytest

from unit.cli.answering import slipway


@pytest.mark.parametrize(("command", "done"), [("add", "1 put into vip"), ("remove", "1 taken out of vip")])
def test_who_does_not_exist_is_told(monkeypatch: pytest.MonkeyPatch, command: str, done: str) -> None:
    told = slipway(monkeypatch, {"POST /v1/groups/vip/contacts": (200, {"changed": 1, "unknown": ["p-77"]})})
    answer = told("groups", command, "vip", "p-1", "p-77")
    assert (answer.exit_code, done in answer.stderr, "no contact p-77" in answer.stderr) == (1, True, True)


def test_all_who_exist_are_put_into_it(monkeypatch: pytest.MonkeyPatch) -> None:
    told = slipway(monkeypatch, {"POST /v1/groups/vip/contacts": (200, {"changed": 1, "unknown": []})})
    answer = told("groups", "add", "vip", "p-1", "p-2")
    assert (answer.exit_code, answer.stderr) == (0, "1 put into vip, 1 in it already\n")
