"""`make behaviours`: what the product promises, number by number, with the end-to-end tests that show it.

    cd tests && ../.venv/bin/python -m behaviours [--only 8 9]

A test says what it shows by `@pytest.mark.behaviour(8, 9)`. Exit 1 if a wanted behaviour has no test, or one that did
not pass: a skipped test shows nothing.
"""

import argparse
import ast
import sys
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
E2E = ROOT / "tests" / "e2e"

BEHAVIOURS = {
    1: "only what may be launched is launched, anything else is refused with a reason",
    2: "`process:start` is needed on every path",
    3: "the creator's reach filters contacts; it may be narrowed to the launcher's",
    4: "consent per message type, at the count and at the sending; an override is an event of its own",
    5: "participants: all, groups, contacts, a segment, one contact",
    6: "the count before a launch is exact, by reason",
    7: "a count token binds confirmation and approval; drift is refused",
    8: "draft, validate, confirm, approve; nothing runs before; ended as rejected, and the CRM hears it",
    9: "validation points with code, severity, place and remedy; they block and can be checked again",
    10: "the same idempotency key is the same launch, another body a conflict",
    11: "relaunch, and retry over a result set",
    12: "test launch and rehearsal: nothing is counted, nothing is sent",
    13: "one process instance per target; recurrence refuses single contacts, across launches",
    14: "steps of every kind",
    15: "pacing",
    16: "exit criteria",
    17: "version policy",
    18: "triggers and schedules",
    19: "stop: at any time, again harmless, covers what is not created yet",
    20: "pause and resume; what became due is sent at most once per contact",
    21: "one contact is removed, or moved on from a wait",
    22: "progress live, with rate and estimated end",
    23: "targeted is always the sum; each figure opens its list, exportable",
    24: "the log lists every launch, filtered, with targets per outcome",
    25: "a contact's instances; a start from there, with a picker",
    26: "a scenario's contacts; a start from there, and from a group",
    27: "a timeline per target says why",
    28: "audit: who did what",
    29: "outcome topics: one record per target, absolute counts per launch, replayable",
    30: "a CRM's launch is answered: accepted or rejected, then progress, then result",
    31: "delivery states stay apart; `unknown` is never sent again by itself",
    32: "one-click unsubscribe; bounces and complaints suppress before the next send",
}
WANTED = frozenset(BEHAVIOURS) - {14, 15, 16, 17, 18}
SIDE_BY_SIDE = ("-n", "2", "--dist", "loadfile", "--no-loadscope-reorder")
"""As `make e2e` runs them."""


@dataclass
class Watch:
    """A pytest plugin: how the tests that show behaviours ended."""

    tests: Mapping[int, Sequence[str]]
    """By behaviour, as `marks` has them: a test with parameters, or a class, stands for several."""
    passed: set[str] = field(default_factory=set)
    """By node id."""
    spoiled: set[str] = field(default_factory=set)
    """Failed or skipped in any phase."""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.outcome != "passed" or hasattr(report, "wasxfail"):
            self.spoiled.add(report.nodeid)
        elif report.when == "call":
            self.passed.add(report.nodeid)

    def run(self, number: int) -> list[str]:
        """Node ids."""
        return [node for node in self.passed | self.spoiled for test in self.tests.get(number, ()) if _is(node, test)]

    def shown(self, number: int) -> bool:
        run = self.run(number)
        all_run = all(any(_is(node, test) for node in run) for test in self.tests.get(number, ()))
        return bool(run) and all_run and not self.spoiled.intersection(run)

    def result(self, number: int) -> str:
        if self.shown(number):
            return "passed"
        return "NOT PASSED" if self.tests.get(number) else "NO TEST"


def _is(node: str, test: str) -> bool:
    return f"/{test}::" in f"/{node.partition('[')[0]}::"


def marks(folder: Path) -> dict[int, list[str]]:
    """Behaviours by the tests that say they show them, read from the files alone: `test_x.py::test_y`.

    Raises ValueError for a mark whose numbers are not written out or are none of ours.
    """
    found: dict[int, list[str]] = defaultdict(list)
    for file in sorted(folder.rglob("test_*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                for number in _marked(node.decorator_list):
                    found[number].append(f"{file.relative_to(folder)}::{node.name}")
    return dict(found)


def _marked(decorators: Iterable[ast.expr]) -> Iterator[int]:
    for decorator in decorators:
        if ast.unparse(decorator).startswith("pytest.mark.behaviour"):
            given = decorator.args if isinstance(decorator, ast.Call) else []
            yield from _known(*(ast.literal_eval(number) for number in given))


def _known(*numbers: object) -> list[int]:
    known = [number for number in numbers if isinstance(number, int) and number in BEHAVIOURS]
    if not numbers or len(known) < len(numbers):
        raise ValueError(f"behaviour{numbers}: name some of 1 to {len(BEHAVIOURS)}")
    return known


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", type=int, nargs="*", default=[], metavar="N", help="these behaviours alone")
    parser.add_argument("--tests", type=Path, default=E2E, help="where the tests are")
    args = parser.parse_args(arguments)
    if unknown := set(args.only) - set(BEHAVIOURS):
        parser.error(f"there is no behaviour {', '.join(map(str, sorted(unknown)))}")
    asked = sorted(args.only or BEHAVIOURS)
    watch = Watch(marks(args.tests))
    wanted = set(asked) if args.only else WANTED
    ended = pytest.ExitCode.NO_TESTS_COLLECTED
    if tests := sorted({str(args.tests / test) for number in asked for test in watch.tests.get(number, ())}):
        where = ["-c", str(ROOT / "pyproject.toml"), "--rootdir", str(args.tests), "--confcutdir", str(ROOT)]
        ended = pytest.ExitCode(pytest.main([*where, *SIDE_BY_SIDE, *tests], [watch]))
    show(watch, asked, wanted)
    odd = ended not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED)
    return int(odd or not all(watch.shown(number) for number in wanted))


def show(watch: Watch, asked: Iterable[int], wanted: Collection[int]) -> None:
    width = max(map(len, BEHAVIOURS.values()))
    print(f"\nnumber | {'behaviour':{width}} | tests | result")
    for number in asked:
        tests = len(watch.run(number))
        result = watch.result(number) if tests or number in wanted else "later"
        print(f"{number:6} | {BEHAVIOURS[number]:{width}} | {tests:5} | {result}")
    lacking = [number for number in wanted if not watch.shown(number)]
    print(f"\n{len(wanted) - len(lacking)} of {len(wanted)} wanted behaviours are shown")


if __name__ == "__main__":
    sys.exit(main())
