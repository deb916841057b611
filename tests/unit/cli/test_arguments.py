"""Where global options may stand, and what is said of what does not exist."""

import pytest
from typer.testing import CliRunner

from cli.app import app, global_options_first


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
