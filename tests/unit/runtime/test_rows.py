"""Rows that a statement met, against those that were decided about."""

import pytest

from fakes.transaction import FakeTransaction
from runtime.poison import Poison, judge
from runtime.rows import Missed, expect, written


def test_a_status_says_how_many_rows_were_written() -> None:
    assert [written(status) for status in ("UPDATE 0", "DELETE 12", "INSERT 0 3")] == [0, 12, 3]


@pytest.mark.parametrize("moved", [0, 1, 3])
def test_other_rows_than_expected_are_named(moved: int) -> None:
    with pytest.raises(Missed) as missed:
        expect(FakeTransaction(number=5), 2, moved, "cohorts of launch l-1")
    assert str(missed.value) == f"cohorts of launch l-1, partition 5: 2 rows expected, {moved} moved"
    assert isinstance(judge(missed.value, connection_open=True), Poison), "no retry helps: a person has to look"


def test_as_many_as_expected_are_fine() -> None:
    expect(FakeTransaction(), 2, 2, "rows")
