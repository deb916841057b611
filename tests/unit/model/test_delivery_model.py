"""The delivery protocol in a model of the world: 6,000 seeded runs with kills, zombies, rebalances and lost answers
at every boundary. Exactly one effect per input, repeated records identical, every committed row published, in order.

A failure names its seed: `MODEL_SEED=<seed> pytest tests/unit/model` repeats it alone. `MODEL_SEEDS` sets how many.
"""

import os

import pytest

from unit.model.delivery import broken
from unit.model.delivery.protocol import Lease, Task
from unit.model.delivery.run import run
from unit.model.delivery.world import Violation

MOST = 6_000
SEEDS = int(os.environ.get("MODEL_SEEDS", MOST))
TIMES = 3
"""A broken variant must be found so many times within the first MOST seeds, the ones that the protocol survives."""

LOST_INPUT = "loss: an input had no effect"
LOST_RESULT = "loss: a result was not published"
MISCOUNTED = "counts: not equal to the rows"
NEVER_PUBLISHED = "publication: a committed row never reached the topic"
DIFFERENT = "identity: a repeated record differs"
FENCED = "fencing: a fenced owner committed"


def test_the_protocol_is_exact_under_every_fault() -> None:
    alone = os.environ.get("MODEL_SEED")
    for seed in [int(alone)] if alone else range(SEEDS):
        run(seed, Lease)


@pytest.mark.parametrize(
    ("variant", "found_as"),
    [
        (broken.AcknowledgesFirst, LOST_INPUT),
        (broken.CountsDeliveries, MISCOUNTED),
        (broken.InboxThenPublish, LOST_RESULT),
        (broken.WithoutEpoch, NEVER_PUBLISHED),
        (broken.LooksOnlyAtWork, NEVER_PUBLISHED),
        (broken.ForgetsLeftovers, NEVER_PUBLISHED),
        (broken.DeletesEarly, NEVER_PUBLISHED),
        (broken.AnswersAgain, DIFFERENT),
    ],
)
def test_a_broken_variant_is_found_by_what_comes_of_it(variant: Task, found_as: str) -> None:
    assert found(variant, found_as, watching=False) == TIMES


def test_a_fenced_owner_that_commits_is_noticed_at_once() -> None:
    assert found(broken.WithoutEpoch, FENCED, watching=True) == TIMES


def test_a_failure_names_the_seed_that_repeats_it() -> None:
    with pytest.raises(Violation) as first:
        for seed in range(MOST):
            run(seed, broken.InboxThenPublish)
    seed = int(str(first.value).partition("(seed ")[2].rstrip(")"))
    with pytest.raises(Violation) as again:
        run(seed, broken.InboxThenPublish)
    assert str(again.value) == str(first.value)


def found(variant: Task, kind: str, *, watching: bool) -> int:
    times = 0
    for seed in range(MOST):
        try:
            run(seed, variant, watching=watching)
        except Violation as violation:
            times += str(violation).startswith(kind)
            if times == TIMES:
                break
    return times
