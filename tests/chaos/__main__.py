"""`make chaos`: the failpoint grid, the trials, then random chaos on large launches; everything drawn from one seed."""

import argparse
import logging
import signal
import sys
import time
from pathlib import Path

from chaos.grid import run_grid
from chaos.report import Report
from chaos.storm import storm
from chaos.trial import chosen, run_trials

RESULTS = Path(__file__).parent / "results"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0, help="0: drawn, and printed")
    parser.add_argument("--cells", type=int, default=-1, help="so many cells of the grid (default: all)")
    parser.add_argument("--only", default="", help="only cells with this in their name")
    parser.add_argument("--trials", default="all", help="names, with * and commas; none")
    parser.add_argument("--rounds", type=int, default=1, help="so many times each trial")
    parser.add_argument("--contacts", type=int, default=20_000)
    parser.add_argument("--kills", type=int, default=20, help="0: no storm")
    parser.add_argument("--results", type=Path, default=RESULTS)
    given = parser.parse_args()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL + 1)  # of those who look on while a server is away
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is ended
    trials = chosen(given.trials)
    seed = given.seed or time.time_ns() % 1_000_000
    print(f"SEED={seed}", flush=True)
    report = Report(given.results, seed)
    try:
        if given.cells:
            for outcome in run_grid(seed, None if given.cells < 0 else given.cells, given.results, given.only):
                report.cell(outcome)
        for finding in run_trials(trials, given.rounds, seed, given.results):
            report.trial(finding)
        if given.kills:
            report.storm(storm(seed, given.contacts, given.kills, given.results))
    finally:
        print(f"{report.finish()} (SEED={seed} repeats it)", flush=True)
    raise SystemExit(report.broken)


if __name__ == "__main__":
    main()
