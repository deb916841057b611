"""Stop, pause and resume in a model of the world: targets not paged, in a chunk, in an open instance, with a message
asked for, and late deliveries; control records repeated, owners killed or overtaken.

No step starts behind a closed gate, each target has exactly one outcome, each message is asked for once and in order.
A failure names its seed, and prints the shortest history that breaks the same invariant.
"""

from collections.abc import Callable

import pytest

from unit.model.chance import Chance
from unit.model.play import found, survives
from unit.model.seeds import MOST, TIMES, seeds
from unit.model.stop import broken
from unit.model.stop.protocol import Control, Process, Walk
from unit.model.stop.world import World

BEHIND_GATE = "I13: a step request was committed behind a closed gate"
FORGOTTEN = "I4: a target has no outcome"
TWO_ENDS = "I4: a target had two outcomes"


def world(part: type[Process] | type[Control] | type[Walk] = Process) -> Callable[[Chance], World]:
    process = part if issubclass(part, Process) else Process
    control = part if issubclass(part, Control) else Control
    walk = part if issubclass(part, Walk) else Walk
    return lambda chance: World(chance, process, control, walk)


def test_nothing_passes_a_closed_gate_and_nobody_is_forgotten_behind_it() -> None:
    survives(world(), seeds(2_000))


@pytest.mark.parametrize(
    ("variant", "found_as"),
    [
        (broken.StopsWithoutLock, BEHIND_GATE),
        (broken.StepsWithoutLock, BEHIND_GATE),
        (broken.ReadsWithTheLock, BEHIND_GATE),
        (broken.AdmitsAnyway, BEHIND_GATE),
        (broken.LastOneWins, FORGOTTEN),
        (broken.WithoutOrders, FORGOTTEN),
        (broken.OrdersAtHome, FORGOTTEN),
        (broken.OnePortion, FORGOTTEN),
        (broken.OrderTakenFirst, FORGOTTEN),
        (broken.PlaceTakenFirst, "a contact's place was used up without an instance"),
        (broken.HearsLateDeliveries, TWO_ENDS),
        (broken.HearsRepeatedDeliveries, "I4: a success before the last message was answered"),
        (broken.ForgetsHeldTimers, FORGOTTEN),
        (broken.StopsWalking, FORGOTTEN),
    ],
)
def test_a_broken_stop_is_found(variant: type[Process] | type[Control] | type[Walk], found_as: str) -> None:
    assert found(world(variant), found_as, range(MOST), TIMES) == TIMES
