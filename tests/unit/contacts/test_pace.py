"""Pages of an audience get shorter where contacts take long, and no shorter where they do not."""

from dataclasses import replace

import pytest

from contacts.domain.audience import page_size
from contacts.jobs import pace
from contacts.jobs.pace import FIRST_AT_MOST, PAGE_SECONDS, Pace
from contacts.ports import Walk
from contracts.words import ControlState
from fakes.transaction import NOON


def walk() -> Walk:
    return Walk(
        launch_id="l-1",
        project="acme",
        kind="all",
        groups=(),
        where=None,
        launched_by="ann",
        version="{}",
        options={},
        context={},
        retry_of=None,
        requested_at=NOON,
        cursor="",
        page=0,
        opened=(),
        targeted=0,
        overridden=(),
        gate=ControlState.RUNNING,
    )


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(pace, "time", clock)
    return clock


@pytest.mark.parametrize(("per_contact", "fits"), [(0.001, 2000), (0.1, 20), (30.0, 1)])
def test_a_page_takes_about_two_seconds(clock: Clock, per_contact: float, fits: int) -> None:
    paced, one = Pace(), replace(walk(), targeted=100_000)
    first = paced.limit(one, 8)
    assert first == FIRST_AT_MOST
    with pytest.raises(TimeoutError), paced.measured(one.launch_id, first):
        clock.now += first * per_contact
        raise TimeoutError
    assert paced.limit(one, 8) == pytest.approx(fits, rel=0.01)
    assert fits == max(1, PAGE_SECONDS / per_contact // 1)
    paced.forget(one.launch_id)
    assert paced.limit(one, 8) == FIRST_AT_MOST


def test_usual_pages_are_as_long_as_ever(clock: Clock) -> None:
    paced, one = Pace(), walk()
    assert paced.limit(one, 8) == page_size(0, 8)
    with paced.measured(one.launch_id, page_size(0, 8)):
        clock.now += 0.05
    assert paced.limit(replace(one, targeted=100_000), 8) == page_size(100_000, 8)
