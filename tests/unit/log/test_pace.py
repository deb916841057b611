"""How fast a launch goes: pauses do not count, and nothing is estimated that cannot be."""

from dataclasses import replace
from datetime import timedelta

import pytest

from contracts.words import ControlState, LaunchState, Outcome
from fakes.launch_story import later
from fakes.transaction import NOON
from log.domain.controls import Control
from log.domain.launch import Launch
from log.domain.pace import Pace, pace

RUNNING = Launch("l-1", "acme", requested_at=NOON, opened=True, total=100, begun=100, outcomes={Outcome.SUCCESS: 40})


def turned(*turns: tuple[str, float]) -> list[Control]:
    return [Control(f"e-{place}", what, later(seconds), {}) for place, (what, seconds) in enumerate(turns)]


def test_the_end_is_as_far_as_the_rest_takes_at_this_rate() -> None:
    assert pace(RUNNING, [], later(20)) == Pace(2.0, later(50))


@pytest.mark.parametrize(
    "turns",
    [
        [("paused", 5), ("resumed", 15)],
        [("resumed", 15), ("paused", 5)],
        [("paused", 1), ("resumed", 4), ("paused", 6), ("paused", 7), ("resumed", 13)],
    ],
)
def test_the_time_of_pauses_does_not_count(turns: list[tuple[str, float]]) -> None:
    assert pace(RUNNING, turned(*turns), later(20)).rate == 4.0


def test_a_pause_that_goes_on_keeps_the_rate_as_it_was_and_estimates_nothing() -> None:
    paused = replace(RUNNING, control=ControlState.PAUSED)
    for seconds in (10, 100):
        assert pace(paused, turned(("paused", 10)), later(seconds)) == Pace(4.0, None)


def test_a_stop_ends_a_pause() -> None:
    stopped = replace(RUNNING, control=ControlState.STOPPED)
    assert pace(stopped, turned(("paused", 10), ("stopped", 30)), later(40)) == Pace(2.0, None)


@pytest.mark.parametrize(
    "launch",
    [
        replace(RUNNING, total=None),
        replace(RUNNING, outcomes={}),
        replace(RUNNING, opened=False),
        replace(RUNNING, requested_at=None),
        replace(RUNNING, waits=True),
    ],
)
def test_nothing_is_estimated_while_it_cannot_be(launch: Launch) -> None:
    assert pace(launch, [], later(20)).estimated_end is None


def test_an_end_beyond_all_calendars_is_no_end() -> None:
    slow = replace(RUNNING, total=10**15, begun=10**15, outcomes={Outcome.SUCCESS: 1})
    assert pace(slow, [], later(1000)).estimated_end is None


def test_what_has_ended_keeps_its_rate() -> None:
    ended = replace(RUNNING, total=40, end=LaunchState.COMPLETED, ended_at=later(10))
    assert pace(ended, [], NOON + timedelta(days=9)) == Pace(4.0, None)
