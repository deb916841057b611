"""`make bench`: end to end beside the limit, in one run; what else is measured, see README.md.

Prints a table and writes `tests/bench/results/latest.jsonl`, a line per measure. Nothing is asserted here.
"""

import argparse
import logging
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bench.figures import Measure, NotMeasured, show, write
from bench.ground import commit, people, platform
from bench.options import Options
from bench.parts import ALONE, SHARED

RESULTS = Path(__file__).parent / "results" / "latest.jsonl"
MILLION = 1_000_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--contacts", type=int, default=100_000)
    parser.add_argument("--partitions", type=int, default=8)
    parser.add_argument("--executors", type=int, default=2)
    parser.add_argument("--mails", type=int, default=20_000, help="contacts of the launches that send e-mails")
    parser.add_argument("--rounds", type=int, default=3, help="launches and limit runs, in turn; medians are shown")
    parser.add_argument("--full", action="store_true", help="growth up to a million contacts")
    parser.add_argument("--only", default="", help=f"these parts alone: {' '.join([*SHARED, *ALONE])}")
    parser.add_argument("--without", default="", help="all parts but these")
    parser.add_argument("--out", type=Path, default=RESULTS, help="results file")
    args = parser.parse_args()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # it tells of topics that are only just being made
    growth = tuple(sorted({min(10_000, args.contacts), args.contacts, *([MILLION] if args.full else [])}))
    options = Options(args.contacts, args.mails, args.partitions, args.executors, args.rounds, growth)
    parts, missing = chosen(args.only, args.without), dict[str, str]()
    measures = run(parts, options, missing)
    write(measures, args.out)
    show(measures, f"{args.contacts:,} contacts, {args.partitions} partitions, {args.executors} executors")
    if missing:
        sys.exit("\n".join(f"not measured: {part}: {why}" for part, why in missing.items()))


def chosen(only: str, without: str) -> list[str]:
    known = [*SHARED, *ALONE]
    if unknown := {*only.split(), *without.split()} - {*known}:
        sys.exit(f"there is no part {', '.join(sorted(unknown))}; there are: {' '.join(known)}")
    return [part for part in known if part not in without.split() and (not only or part in only.split())]


def run(parts: list[str], options: Options, missing: dict[str, str]) -> list[Measure]:
    """What could not be measured is added to `missing`."""
    measures: list[Measure] = []
    began, of = time.monotonic(), commit()

    def measure(part: str, how: Callable[[], list[Measure]]) -> None:
        print(f"{time.monotonic() - began:6.0f} s  {part}", file=sys.stderr, flush=True)
        try:
            measures.extend({**measure, "part": part, "commit": of} for measure in how())
        except NotMeasured as error:
            missing[part] = str(error)

    if any(part in SHARED for part in parts):
        with platform(options.partitions, options.executors) as ground:
            everybody = people(ground, "bench", options.contacts, options.mails)
            for part in parts:
                if part in SHARED:
                    measure(part, partial(SHARED[part], everybody, options))
    for part in parts:
        if part in ALONE:
            measure(part, partial(ALONE[part], options))
    return measures


if __name__ == "__main__":
    main()
