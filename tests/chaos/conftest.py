"""The reduced set of `make test`: a few cells, a small storm with a replay, and the oracle, on one platform."""

import os
import time
from collections.abc import Iterator

import pytest

from chaos.stage import Stage, stage

PROCESSES = 2


@pytest.fixture(scope="session")
def made() -> Iterator[Stage]:
    """Two processes of every service. Each test has its project on it, and is judged with all that was before."""
    with stage(PROCESSES) as made:
        yield made


@pytest.fixture
def seed() -> int:
    """`SEED=` repeats a run."""
    seed = int(os.environ.get("SEED", str(time.time_ns() % 100_000)))
    print(f"SEED={seed}")
    return seed
