"""`make bench-docs`: tables and plot of `docs/performance.md`, from the results that lie in `docs/performance/`.

    before.jsonl, after.jsonl     results of `make bench`, before and after the work that the page tells of

A table of the page lies between `<!-- table: NAME -->` and `<!-- end -->`; nothing in it is written by hand.
"""

import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from bench.figures import Measure, read
from bench.paint import plot, tables

DOCS = Path(__file__).parents[3] / "docs"
PAGE, FOLDER = DOCS / "performance.md", DOCS / "performance"
TABLE = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
PAINTERS: Final[Mapping[str, Callable[[list[Measure], list[Measure]], str]]] = {
    "figures": tables.figures,
    "processes": tables.processes,
    "mail_processes": tables.mail_processes,
    "statements": tables.statements,
    "growth": tables.growth,
    "peers": tables.peers,
    "storage": tables.storage,
}


def main() -> None:
    before, after = read(FOLDER / "before.jsonl"), read(FOLDER / "after.jsonl")
    plot.growth(before, after, FOLDER / "growth.svg")
    page = PAGE.read_text()
    if unknown := {found[2] for found in TABLE.finditer(page)} - {*PAINTERS}:
        sys.exit(f"{PAGE.name} wants tables that nobody paints: {', '.join(sorted(unknown))}")
    PAGE.write_text(TABLE.sub(lambda found: found[1] + PAINTERS[found[2]](before, after) + found[3], page))


if __name__ == "__main__":
    main()
