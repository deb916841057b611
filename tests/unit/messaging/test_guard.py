"""What a share of a launch may send."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.domain.bounds import Bounds
from messaging.domain.guard import Share, objection

TWO_WAYS = Bounds({"a": 1, "b": 1}, most=1)
LOOP = Bounds({"a": 3}, most=3)


@pytest.mark.parametrize(
    ("share", "bounds", "highest", "sends", "objects"),
    [
        (Share(admitted=10), TWO_WAYS, 1, 10, False),
        (Share(admitted=10), TWO_WAYS, 1, 11, True),
        (Share(), TWO_WAYS, 1, 1, True),
        (Share(), TWO_WAYS, 1, 0, False),
        (Share(admitted=10, asked={"a": 9}), TWO_WAYS, 1, 1, False),
        (Share(admitted=10, asked={"a": 9}), TWO_WAYS, 1, 2, True),
        (Share(admitted=10), TWO_WAYS, 2, 1, True),
        (Share(admitted=10, asked={"b": 4}), TWO_WAYS, 1, 6, False),
        (Share(admitted=10, asked={"b": 4}), TWO_WAYS, 1, 7, True),
        (Share(admitted=10, asked={"a": 10, "b": 2}, surplus={"b": 2}), TWO_WAYS, 1, 1, True),
        (Share(admitted=2), LOOP, 3, 6, False),
        (Share(admitted=2), LOOP, 4, 1, True),
        (Share(admitted=2, asked={"a": 6}, surplus={"a": 1}, allowed={"a": 6}), LOOP, 4, 1, False),
    ],
)
def test_more_than_planned_is_objected_to(
    share: Share, bounds: Bounds, highest: int, sends: int, objects: bool
) -> None:
    assert (objection(share, bounds, "a", highest, sends) is not None) is objects


def test_a_step_that_the_version_does_not_have_is_refused_elsewhere() -> None:
    assert objection(Share(), TWO_WAYS, "nowhere", 1, 9) is None


def test_what_is_surplus_uses_up_nothing_of_the_plan() -> None:
    share = Share(admitted=10).counted("a", 5, surplus=True)
    assert share.let_go("a", [1] * 5, 1) == share
    assert objection(share, TWO_WAYS, "a", 1, 10) is None
    assert objection(share.counted("a", 10), TWO_WAYS, "a", 1, 1) is not None


def test_a_person_who_lets_a_loop_go_allows_as_many_rounds_again() -> None:
    share = Share(admitted=1, asked={"a": 3}).counted("a", 1, surplus=True).let_go("a", [4], 3)
    assert share.allowed == {"a": 6}
    assert objection(share, LOOP, "a", 6, 1) is None
    assert objection(share, LOOP, "a", 7, 1) is not None


@given(st.lists(st.integers(1, 9), max_size=20), st.integers(0, 60))
def test_never_more_is_let_through_than_planned(chunks: list[int], admitted: int) -> None:
    share, through = Share(admitted=admitted), 0
    for sends in chunks:
        if objection(share, TWO_WAYS, "a", 1, sends) is None:
            share, through = share.counted("a", sends), through + sends
    assert through <= admitted
    assert through == sum(chunks) or any(through + sends > admitted for sends in chunks)
