"""Where global options may stand."""

import pytest

from cli.app import global_options_first


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
