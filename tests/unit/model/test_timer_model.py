"""Timers in a model of the world: claimed in portions, records repeated, owners killed in mid-claim or overtaken.

No timer early, none twice, none lost.
A failure names its seed, and prints the shortest history that breaks the same invariant.
"""

from collections.abc import Callable

import pytest

from unit.model.chance import Chance, Violation
from unit.model.play import found, play, survives
from unit.model.seeds import MOST, TIMES, seeds
from unit.model.timers import broken
from unit.model.timers.protocol import Process
from unit.model.timers.world import World

TWICE = "I12: a timer went off twice"
EARLY = "I12: a timer went off early"
NEVER = "I19"


def world(process: type[Process] = Process) -> Callable[[Chance], World]:
    return lambda chance: World(chance, process)


def test_no_timer_goes_off_early_or_twice_or_never() -> None:
    survives(world(), seeds())


@pytest.mark.parametrize(
    ("variant", "found_as"),
    [
        (broken.WithoutCompareAndSet, TWICE),
        (broken.ComparesBeforeTheLock, TWICE),
        (broken.ClaimsBeforeTheTransaction, TWICE),
        (broken.ClaimsFirst, NEVER),
        (broken.FiresFirst, TWICE),
        (broken.OwnClock, EARLY),
        (broken.StartsAgain, TWICE),
        (broken.OnePortion, NEVER),
    ],
)
def test_broken_timers_are_found(variant: type[Process], found_as: str) -> None:
    assert found(world(variant), found_as, range(MOST), TIMES) == TIMES


def test_a_failure_names_its_seed_and_prints_a_history_without_what_does_not_matter() -> None:
    with pytest.raises(Violation) as failure:
        survives(world(broken.StartsAgain), range(MOST))
    first, *history = str(failure.value).splitlines()
    assert first.startswith(TWICE)
    seed = int(first.partition("(seed ")[2].rstrip(")"))
    whole = world(broken.StartsAgain)(Chance(seed))
    with pytest.raises(Violation, match=TWICE):
        play(whole)
    assert 0 < len(history) < len(whole.history)
