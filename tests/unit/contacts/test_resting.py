"""A launch whose pages fail waits for itself."""

import pytest

from contacts.jobs import resting
from contacts.jobs.resting import MOST_SECONDS, Resting


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(resting, "time", clock)
    return clock


def test_it_waits_longer_each_time_and_alone(clock: Clock) -> None:
    rests, waited = Resting(), []
    for _ in range(9):
        rests.failed("l-1", 3, "ValueError: no")
        assert (rests.launches(), rests.problems(3), rests.problems(4)) == (["l-1"], ["launch l-1: ValueError: no"], [])
        began = clock.now
        while rests.launches():
            clock.now += 0.5
        assert not rests.problems(3)
        waited.append(clock.now - began)
    assert waited == [0.5, 1, 2, 4, 8, 16, *[MOST_SECONDS] * 3]


def test_a_page_that_goes_well_ends_it(clock: Clock) -> None:
    rests = Resting()
    rests.failed("l-1", 3, "ValueError: no")
    rests.failed("l-1", 3, "ValueError: no")
    rests.passed("l-1")
    rests.passed("l-2")
    assert not rests.launches()
    rests.failed("l-1", 3, "ValueError: no")
    clock.now += 0.5
    assert not rests.launches(), "it begins anew"
