"""The failpoint grid on real processes: arm one cell, launch, let it happen, wait for rest, judge. Then the next."""

import asyncio
import os
import random
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from chaos.cells import Cell, Provoked, grid
from chaos.collect import collect
from chaos.dump import save
from chaos.faults import pids, until_ready
from chaos.oracle.judge import judge
from chaos.oracle.plain import Run, Violation
from chaos.rest import until_rest
from chaos.stage import Stage, stage
from chaos.witnesses import Witnesses
from e2e.slipway import Slipway

CONTACTS = 40
PROCESSES = 2
PATIENCE = 120.0
SCENARIO = "two"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one cell."""

    cell: Cell
    hits: int
    """How often the fault happened: both processes of a service are armed."""
    recovered: float | None
    """Seconds from the fault to rest: all ended, all published, every process ready."""
    unknown: int
    """Sends of which nobody can know, so far."""
    left: list[str] = field(default_factory=list)
    """What still moved when patience ran out."""
    violations: list[Violation] = field(default_factory=list)

    @property
    def verdict(self) -> str:
        if self.violations or self.left:
            return "violated"
        return "held" if self.hits else "not reached"


def run_grid(seed: int, count: int | None, evidence: Path, only: str = "") -> Iterator[Outcome]:
    """Cells in the seed's order on one platform; dumps of violated ones lie in `evidence`."""
    with stage(PROCESSES) as made:
        yield from run_cells(made, grid(random.Random(seed), count, only), evidence)


def run_cells(made: Stage, cells: Sequence[Cell], evidence: Path) -> Iterator[Outcome]:
    """On a platform with two processes of every service."""
    project = made.project("grid", SCENARIO, CONTACTS)
    key = project.key("process:start", "launch:preapproved")
    known: set[Violation] = set()
    with Witnesses(made.place, made.slipway.supervisor().pid) as seen:
        for number, cell in enumerate(cells):
            outcome, run = _run_cell(made, project, key, cell, seen, known)
            if outcome.violations:
                save(run, evidence / f"cell-{number}")
            if outcome.verdict == "violated":
                _start_anew(made, cell.service)
            known.update(outcome.violations)
            yield outcome


def _start_anew(made: Stage, service: str) -> None:
    """So that the next cell is judged for its own fault."""
    for pid in pids(made.place.home, service).values():
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    until_ready(made.place.home, PATIENCE)


def _run_cell(
    made: Stage, project: Slipway, key: list[str], cell: Cell, seen: Witnesses, known: set[Violation]
) -> tuple[Outcome, Run]:
    before = len(made.faults.hits())
    left = [f"{slot} is not ready" for slot in until_ready(made.place.home, PATIENCE)]
    first = 1 if cell.point.provoked is Provoked.LEFT else 0
    made.faults.arm([f"{cell.service}-{number}" for number in range(first, PROCESSES)], cell.armed)
    _provoke(made, project, key, cell)
    left += asyncio.run(until_rest(made.place, made.launches, PATIENCE))
    made.faults.disarm()
    left += [f"{slot} is not ready" for slot in until_ready(made.place.home, PATIENCE)]
    rested = time.time()
    hits = made.faults.hits()[before:]
    run = asyncio.run(collect(made.place, sightings=tuple(seen.sightings), samples=tuple(seen.samples)))
    new = [violation for violation in judge(run) if violation not in known]
    unknown = sum(row["state"] == "unknown" for row in run.table("messaging", "send"))
    recovered = rested - hits[0]["at"] if hits else None
    return Outcome(cell, len(hits), recovered, unknown, left, new), run


def _provoke(made: Stage, project: Slipway, key: list[str], cell: Cell) -> None:
    match cell.point.provoked:
        case Provoked.HTTP if cell.service == "contacts":
            made.import_again(project, CONTACTS)
            made.launch(project, key, SCENARIO)
        case Provoked.HTTP:
            made.launch_over_http(project, SCENARIO)
        case Provoked.RETRY:
            ended = made.launch_over_http(project, SCENARIO)
            project("watch", ended, "--json", timeout=PATIENCE)
            made.retry_over_http(project, ended, "success")
        case Provoked.LAUNCH:
            made.launch(project, key, SCENARIO)
        case Provoked.RESTART | Provoked.LEFT:
            made.launch(project, key, SCENARIO)
            if (pid := pids(made.place.home, cell.service).get(f"{cell.service}-0")) is not None:
                os.kill(pid, signal.SIGTERM)
