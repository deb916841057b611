"""Where global options may stand, and what is said of what does not exist."""

import pytest
from typer.testing import CliRunner

from cli.app import app, global_options_first
from unit.cli.answering import slipway


@pytest.mark.parametrize(
    ("typed", "meant"),
    [(["lanch", "welcome"], "launch"), (["partition"], "partitions"), (["scenario", "psuh"], "push")],
)
def test_who_mistypes_a_command_is_told_which_may_be_meant(typed: list[str], meant: str) -> None:
    answer = CliRunner().invoke(app, typed)
    assert (answer.exit_code, f"Did you mean '{meant}'" in answer.stderr) == (2, True), answer.stderr


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        (["launches", "--project", "demo"], ["--project", "demo", "launches"]),
        (["--project", "demo", "launches"], ["--project", "demo", "launches"]),
        (
            ["launches", "--project=demo", "--as", "ann", "--json"],
            ["--project=demo", "--as", "ann", "launches", "--json"],
        ),
        (["contacts", "show", "--", "--project"], ["contacts", "show", "--", "--project"]),
        (["launches", "--project"], ["--project", "launches"]),
    ],
)
def test_global_options_may_stand_anywhere(typed: list[str], read: list[str]) -> None:
    assert global_options_first(typed) == read


@pytest.mark.parametrize(
    ("typed", "asked", "place", "told"),
    [
        (("user", "create", "ann", "--role", "aprover"), "users", "body.roles.0", "--role"),
        (("user", "create", "-", "--role", "viewer"), "users", "body.user", "USER"),
        (("test", "welcome", "--to", "a@b.c", "--to", "x"), "tests", "body.to.1", "--to (number 2)"),
        (("count", "welcome", "--contact", ""), "counts", "body.participants.contacts.contacts.0", "--contact"),
        (("count", "welcome", "--segment", "a b"), "counts", "body.participants.segment.where", "--segment"),
        (("key", "create", "--launches-per-hour", "9"), "keys", "body.launches_per_hour", "--launches-per-hour"),
        (("count", "welcome", "--all"), "counts", "body.options.other", "options.other"),
    ],
)
def test_what_the_api_refuses_is_named_as_it_was_typed(
    monkeypatch: pytest.MonkeyPatch, typed: tuple[str, ...], asked: str, place: str, told: str
) -> None:
    problem = {"code": "invalid", "errors": [{"place": place, "message": "it is wrong"}]}
    answer = slipway(monkeypatch, {f"POST /v1/{asked}": (422, problem)})(*typed)
    assert (answer.exit_code, f"slipway: {told}: it is wrong" in answer.stderr) == (2, True), answer.stderr


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (("outcomes", "l-1", "--limit", "-5"), "greater than or equal to 0"),
        (("project", "set", "shop", "--launches-per-hour", "-1"), "Give 0 or more, or none."),
        (("project", "set", "shop", "--second-approver-above", "many"), "many is no whole number"),
    ],
)
def test_a_number_that_cannot_be_is_refused_before_anything_is_asked(
    monkeypatch: pytest.MonkeyPatch, typed: tuple[str, ...], told: str
) -> None:
    asked = slipway(monkeypatch, {})
    answer = asked(*typed)
    assert (answer.exit_code, told in answer.stderr, asked.seen) == (2, True, []), answer.stderr
