"""What a trial is: one fault (or a series of one kind) on a platform of its own in the middle of launches, then judged.

    @trial(fault="Kafka is frozen for 90 s and thawed", holds="base, and no process dies")
    def kafka_frozen(case: Case) -> None:
        with case.platform(contacts=3_000) as ground:
            ground.launch()
            ground.until_mails(300)
            with case.fault():
                …
            case.rest(ground)

A module in `trials/` is all it takes; `make chaos TRIALS=kafka_frozen` runs it. *Base* is what every trial must hold:
the oracle finds nothing, every launch ends by itself, every process is ready again.
"""

import importlib
import pkgutil
import random
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from chaos.oracle.plain import Violation

if TYPE_CHECKING:
    from chaos.case import Case


@dataclass(frozen=True, slots=True)
class Trial:
    name: str
    fault: str
    holds: str
    """What must, in words."""
    run: "Callable[[Case], None]"


class ImpossibleHere(Exception):
    """This machine cannot make the fault (not root, no compiler): said, and no trial."""


@dataclass(slots=True)
class Finding:
    """What became of one trial."""

    trial: Trial
    round: int
    seconds: float = 0.0
    hits: int = 0
    """How often the fault happened."""
    recovered: float | None = None
    """Seconds from the end of the (last) fault to rest: all ended, all published, every process ready."""
    unknown: int = 0
    figures: dict[str, float] = field(default_factory=dict)
    """What else was measured."""
    left: list[str] = field(default_factory=list)
    """What still moved when patience ran out."""
    broken: list[str] = field(default_factory=list)
    """What the trial itself claims and did not hold."""
    violations: list[Violation] = field(default_factory=list)
    impossible: str = ""

    @property
    def verdict(self) -> str:
        if self.violations or self.left or self.broken:
            return "violated"
        if self.impossible:
            return "impossible here"
        return "held" if self.hits else "not reached"


TRIALS: dict[str, Trial] = {}


def trial(*, fault: str, holds: str) -> "Callable[[Callable[[Case], None]], Callable[[Case], None]]":
    """Its name is the function's."""

    def register(run: "Callable[[Case], None]") -> "Callable[[Case], None]":
        name = str(run.__name__)
        assert name not in TRIALS, f"there are two trials {name}"
        TRIALS[name] = Trial(name, fault, holds, run)
        return run

    return register


def load() -> None:
    """Imports every module of `trials/`."""
    from chaos import trials

    for module in sorted(found.name for found in pkgutil.iter_modules(trials.__path__)):
        importlib.import_module(f"chaos.trials.{module}")


def chosen(names: str) -> Sequence[Trial]:
    """`kafka_frozen,postgres_*`; `all`, `none`. In the order of their modules."""
    load()
    if names in ("", "none", "0"):
        return []
    patterns = ["*"] if names == "all" else [name.strip() for name in names.split(",")]
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in TRIALS):
            raise SystemExit(f"there is no trial {pattern}; there are: {' '.join(TRIALS)}")
    return [found for name, found in TRIALS.items() if any(fnmatchcase(name, pattern) for pattern in patterns)]


def run_trials(trials: Sequence[Trial], rounds: int, seed: int, evidence: Path) -> Iterator[Finding]:
    """Each so many times; what is drawn in a round of a trial depends on `seed`, whatever runs beside it."""
    from chaos.case import Case

    for number in range(rounds):
        for one in trials:
            chance = random.Random(f"{seed}/{one.name}/{number}")
            finding = Finding(one, number)
            began = time.monotonic()
            try:
                one.run(Case(finding, chance, evidence / f"{one.name}-{number}"))
            except ImpossibleHere as reason:
                finding.impossible = str(reason)
            except Exception as error:  # the next trial has a platform of its own
                finding.broken.append(f"{error!r}\n{traceback.format_exc()}")
            finding.seconds = time.monotonic() - began
            yield finding
