"""A few cells of the grid, drawn by SEED: the part of `make chaos` that a test run can afford."""

import random
from pathlib import Path

import pytest

from chaos.cells import Action, grid
from chaos.grid import run_cells
from chaos.stage import Stage

QUICK = 5
"""Cells without a freeze, which takes as long as three others; one with it comes on top."""


@pytest.mark.timeout(900)
def test_a_few_faults_break_no_promise(made: Stage, seed: int, tmp_path: Path) -> None:
    drawn = grid(random.Random(seed))
    freezes = [cell for cell in drawn if cell.action is Action.FREEZE]
    cells = [cell for cell in drawn if cell.action is not Action.FREEZE][:QUICK] + freezes[:1]

    outcomes = list(run_cells(made, cells, tmp_path))

    assert [
        (str(one.cell), one.left, [*map(str, one.violations)]) for one in outcomes if one.verdict == "violated"
    ] == []
    assert sum(one.verdict == "held" for one in outcomes) > len(cells) // 2, "hardly any failpoint was reached"
