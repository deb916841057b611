"""A time that a request gives is RFC 3339."""

from datetime import datetime, timedelta

import pytest
from pydantic import TypeAdapter, ValidationError

from runtime.cloudevents import rfc3339
from runtime.invalid import in_words
from runtime.times import GivenTime

TIME = TypeAdapter[datetime](GivenTime)


@pytest.mark.parametrize(
    "given",
    ["2026-11-22T09:30:00Z", "2026-11-22t09:30:00.000z", "2026-11-22 10:30:00+01:00", "2026-11-22T09:30:00-00:00"],
)
def test_a_time_is_written_with_its_zone(given: str) -> None:
    at = TIME.validate_python(given)
    assert rfc3339(at) == "2026-11-22T09:30:00.000Z"


@pytest.mark.parametrize(
    "given", ["yesterday", "2026", "1763640000", "-5", "1.5", 2026, "", "2026-11-22", "2026-11-22T09:30Z", "२०२६"]
)
def test_a_number_is_no_time_and_neither_is_a_day(given: object) -> None:
    with pytest.raises(ValidationError) as refused:
        TIME.validate_python(given)
    assert [in_words(each) for each in refused.value.errors()] == ["write a time, such as 2026-11-22T09:30:00Z"]


@pytest.mark.parametrize(
    "given", ["0001-01-01T00:00:00+00:01", "0001-01-01T00:00:00+23:00", "9999-12-31T23:59:59-00:01"]
)
def test_a_time_that_is_of_no_year_in_utc_is_told(given: str) -> None:
    with pytest.raises(ValidationError) as refused:
        TIME.validate_python(given)
    assert [in_words(each) for each in refused.value.errors()] == ["write a time, such as 2026-11-22T09:30:00Z"]


@pytest.mark.parametrize("given", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z", "0001-01-01T23:00:00+23:00"])
def test_the_first_and_the_last_time_that_there_is_are_taken(given: str) -> None:
    assert TIME.validate_python(given).utcoffset() == timedelta(0)


def test_a_zone_that_is_missing_is_told() -> None:
    with pytest.raises(ValidationError) as refused:
        TIME.validate_python("2026-11-22T09:30:00")
    assert in_words(refused.value.errors()[0]).startswith("write a time with its zone")
