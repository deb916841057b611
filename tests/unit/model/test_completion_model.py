"""Counts and completion in a model of the world: records in any order and repeated, two partitions that end at once,
owners killed, overtaken, and publishing late.

Counts equal rows at every commit; one end, announced after the last outcome; the newest figures last on the topic.
A failure names its seed, and prints the shortest history that breaks the same invariant.
"""

from collections.abc import Callable

import pytest

from unit.model.chance import Chance
from unit.model.completion import broken
from unit.model.completion.protocol import Process
from unit.model.completion.world import World
from unit.model.play import found, survives
from unit.model.seeds import MOST, TIMES, seeds

COUNTS = "I5: counts differ from the rows"
UNTOLD = "I5: the last figures are not the truth"
EARLY = "I8: announced before the last outcome was on the topic"


def world(process: type[Process] = Process, made: type[World] = World) -> Callable[[Chance], World]:
    return lambda chance: made(chance, process)


def test_counts_are_exact_and_the_end_is_announced_once_and_last() -> None:
    survives(world(), seeds(300))


@pytest.mark.parametrize(
    ("variant", "found_as"),
    [
        (broken.CountsRepeated, COUNTS),
        (broken.CountsTogether, COUNTS),
        (broken.EndsWithTheChunks, "I8: ended before the last target"),
        (broken.EndsWithTheTotal, "I19: the launch never ends"),
        (broken.EndsAgain, "I8: the end changed"),
        (broken.AnnouncesWhereItEnds, EARLY),
        (broken.AnnouncesAtOnce, EARLY),
        (broken.AsksItsOwnOutbox, EARLY),
        (broken.DeletesEarly, EARLY),
        (broken.WithoutReadBack, "compaction: what is last on the topic is not the newest"),
        (broken.AnyLeasePublishes, "I5: a figure went down"),
        (broken.CountsSilently, UNTOLD),
        (broken.RestsForGood, UNTOLD),
        (broken.WithoutSweep, UNTOLD),
        (broken.OwnRevision, "I10: one revision, two contents"),
    ],
)
def test_a_broken_completion_is_found(variant: type[Process], found_as: str) -> None:
    assert found(world(variant), found_as, range(MOST), TIMES) == TIMES


def test_a_reader_that_lets_a_lower_revision_win_is_found() -> None:
    assert found(world(made=broken.LastOneWins), "I5: a figure went down", range(MOST), TIMES) == TIMES
