"""How much is tried. `MODEL_SEED=<seed>` repeats one run alone, `MODEL_RUNS` sets how many there are."""

import os
from collections.abc import Iterable

MOST = 4_000
"""A broken variant must be found within so many seeds,"""
TIMES = 2
"""so many times."""


def seeds(most: int = 3_000) -> Iterable[int]:
    alone = os.environ.get("MODEL_SEED")
    return [int(alone)] if alone else range(int(os.environ.get("MODEL_RUNS", str(most))))
