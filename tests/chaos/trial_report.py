"""What of trials is shown: as a line, as a row of the page."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from statistics import median
from typing import Any

from chaos.trial import Finding


def said(finding: Finding) -> Iterable[str]:
    """On the terminal, when it is over."""
    recovered = f"{finding.recovered:5.1f} s" if finding.recovered is not None else "      -"
    yield f"      {finding.verdict:12s} {recovered}  {finding.trial.name} {_figures([finding])}"
    yield from (f"        {what}" for what in (*finding.broken, *finding.left[:10], *finding.violations[:10]))
    if finding.impossible:
        yield f"        {finding.impossible}"


def as_line(finding: Finding) -> dict[str, Any]:
    return {
        "name": finding.trial.name,
        "round": finding.round,
        "verdict": finding.verdict,
        "hits": finding.hits,
        "seconds": finding.seconds,
        "recovered": finding.recovered,
        "unknown": finding.unknown,
        "figures": finding.figures,
        "left": finding.left,
        "broken": finding.broken,
        "violations": [*map(str, finding.violations)],
        "impossible": finding.impossible,
    }


def table(findings: Sequence[Finding]) -> Iterable[str]:
    """A row per trial, whatever its rounds."""
    yield "| trial | fault | must hold | rounds | faults | to rest: median, most | measured (median) |"
    yield "|---|---|---|---|---|---|---|"
    rounds: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        rounds[finding.trial.name].append(finding)
    for name, own in rounds.items():
        one, times = own[0].trial, [found.recovered for found in own if found.recovered is not None]
        verdicts = [found.verdict for found in own]
        counted = [f"{verdict} {verdicts.count(verdict)}" for verdict in dict.fromkeys(verdicts)]
        took = f"{median(times):.1f} s, {max(times):.1f} s" if times else ""
        hits = sum(found.hits for found in own)
        yield f"| `{name}` | {one.fault} | {one.holds} | {', '.join(counted)} | {hits} | {took} | {_figures(own)} |"
    yield ""


def failures(findings: Iterable[Finding]) -> Iterable[str]:
    """Everything that did not hold, and what could not be made here."""
    for finding in findings:
        wrong = (*finding.broken, *finding.left, *map(str, finding.violations), finding.impossible)
        yield from (f"{finding.trial.name}, round {finding.round}: {what}" for what in wrong if what)


def _figures(findings: Sequence[Finding]) -> str:
    values: dict[str, list[float]] = defaultdict(list)
    for finding in findings:
        for name, value in finding.figures.items():
            values[name].append(value)
    return "; ".join(f"{name}: {median(found):g}" for name, found in values.items())
