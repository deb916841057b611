"""Which of two forms an `Accept` asks for."""

import pytest

from runtime.media import wants_csv


@pytest.mark.parametrize(
    "accept",
    [
        "text/csv",
        "Text/CSV; charset=utf-8",
        "text/csv, application/json;q=0.9",
        "text/csv, */*;q=0.1",
        "text/csv, */*",
        "application/json;q=0.2,text/csv;q=0.3",
        "text/*",
        "text/csv;q=0.1",
        "text/csv;q=two",
        "application/json;q=0, text/csv;q=0.001",
    ],
)
def test_csv_is_for_who_would_rather_have_it(accept: str) -> None:
    assert wants_csv(accept)


@pytest.mark.parametrize(
    "accept",
    [
        "*/*",
        "",
        "application/json",
        "application/json, text/csv;q=0.1",
        "text/csv;q=0.5, */*",
        "text/csv;q=0",
        "text/csv;q=0, */*;q=0",
        "text/html,application/xhtml+xml,*/*;q=0.8",
        "text/csv-schema",
        "application/x-ndjson",
    ],
)
def test_everybody_else_gets_json(accept: str) -> None:
    assert not wants_csv(accept)
