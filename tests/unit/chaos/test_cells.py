"""The grid has a cell for every failpoint that the code has."""

import random
import re
from pathlib import Path

from chaos.cells import POINTS, Action, grid

ROOT = Path(__file__).parents[3]


def test_every_failpoint_of_the_code_is_in_the_grid() -> None:
    sources = [*ROOT.glob("services/*/src/**/*.py"), *ROOT.glob("shared/runtime/src/**/*.py")]
    hit = {name for file in sources for name in re.findall(r"failpoints\.hit\(\"([\w.]+)\"", file.read_text())}
    assert hit == {point.failpoint for point in POINTS}


def test_every_action_comes_at_every_failpoint_of_every_service() -> None:
    cells = grid(random.Random(1))
    places = sum(len(point.services) for point in POINTS)
    assert len({(cell.service, cell.point, cell.action) for cell in cells}) == places * len(Action) == len(cells)


def test_a_seed_repeats_its_order() -> None:
    assert grid(random.Random(7), 20) == grid(random.Random(7), 20) != grid(random.Random(8), 20)
