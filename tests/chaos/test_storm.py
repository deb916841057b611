"""A small storm and a replay of all topics: the part of `make chaos` that a test run can afford."""

from pathlib import Path

import pytest

from chaos.stage import Stage
from chaos.storm import storm_on

CONTACTS = 1_000
KILLS = 4


@pytest.mark.timeout(600)
def test_a_small_storm_breaks_no_promise(made: Stage, seed: int, tmp_path: Path) -> None:
    after = storm_on(made, seed, CONTACTS, KILLS, tmp_path)
    assert (after.left, [*map(str, after.violations)]) == ([], [])
    assert len(after.blows) == KILLS and after.replayed > CONTACTS
