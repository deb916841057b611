"""messaging's hand-over in a model of the world: kills, zombies, lost answers, stops and withdrawals at every boundary.

Each mail at most once, each result true or `unknown`, no `dot` behind a closed gate or after a withdrawal.
A failure names its seed, and prints the shortest history that breaks the same invariant.
"""

from collections.abc import Callable

import pytest

from unit.model.chance import Chance
from unit.model.handover import broken
from unit.model.handover.control import Control
from unit.model.handover.protocol import Process
from unit.model.handover.world import World
from unit.model.play import found, survives
from unit.model.seeds import MOST, TIMES, seeds

TWICE = "I6: the provider took a mail twice"
UNTRUE = "I7: accepted, and the provider does not have it"
HIDDEN = "I7: the provider has a mail that is neither accepted nor unknown"
STUCK = "I19: a send stays sending"
BEHIND_GATE = "I13: a dot was committed behind a closed gate"
WITHDRAWN = "I15: a dot was committed after the withdrawal"


def world(process: type[Process] = Process, control: type[Control] = Control) -> Callable[[Chance], World]:
    return lambda chance: World(chance, process, control)


def test_no_mail_goes_twice_and_every_result_is_true() -> None:
    survives(world(), seeds())


@pytest.mark.parametrize(
    ("variant", "found_as"),
    [
        (broken.RecordsBeforeTheAnswer, UNTRUE),
        (broken.HandsOverBeforeTheDot, TWICE),
        (broken.WithoutEpoch, STUCK),
        (broken.WithoutEpochWatched, "I9: a fenced owner committed"),
        (broken.DotWithoutGate, BEHIND_GATE),
        (broken.DotWithoutLock, BEHIND_GATE),
        (broken.ConsentFromBefore, WITHDRAWN),
        (broken.RepeatsForeignDots, TWICE),
        (broken.LeavesForeignDots, STUCK),
        (broken.WithoutRestamp, "honesty: unknown to the very process that knows"),
        (broken.RepeatsWithoutAnswer, TWICE),
        (broken.NoAnswerIsFailure, HIDDEN),
        (broken.KnowsBetter, "I4: a send had two ends"),
        (broken.CancelsTheDotted, HIDDEN),
        (broken.LosesWhatHasNotLeft, STUCK),
        (broken.ExpiresWhileDeciding, STUCK),
        (broken.TakesLostForRolledBack, STUCK),
    ],
)
def test_a_broken_hand_over_is_found(variant: type[Process], found_as: str) -> None:
    assert found(world(variant), found_as, range(MOST), TIMES) == TIMES


def test_a_stop_without_the_exclusive_lock_is_found() -> None:
    assert found(world(control=broken.GateMovedWithoutLock), BEHIND_GATE, range(MOST), TIMES) == TIMES
