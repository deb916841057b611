"""What `make chaos` leaves to read: a line per fault as it happens (jsonl), and a page in the end (Markdown)."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

from chaos.cells import Action, Provoked
from chaos.grid import Outcome
from chaos.storm import Aftermath
from chaos.trial import Finding
from chaos.trial_report import as_line, failures, said, table

SIGNS = {"held": "held", "violated": "**violated**", "not reached": "not reached"}


class Report:
    """In one folder: `chaos.jsonl`, `chaos.md`, and the dumps of what was violated."""

    def __init__(self, folder: Path, seed: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.outcomes: list[Outcome] = []
        self.findings: list[Finding] = []
        self.aftermath: Aftermath | None = None
        self._seed = seed
        self._lines = folder / "chaos.jsonl"
        self._lines.write_text("")

    @property
    def broken(self) -> bool:
        stormy = self.aftermath is not None and bool(self.aftermath.violations or self.aftermath.left)
        return stormy or "violated" in [one.verdict for one in self.outcomes] + [one.verdict for one in self.findings]

    def cell(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        recovered = f"{outcome.recovered:5.1f} s" if outcome.recovered is not None else "      -"
        print(f"{len(self.outcomes):4d}  {outcome.verdict:12s} {recovered}  {outcome.cell}", flush=True)
        for what in (*outcome.left[:10], *outcome.violations[:10]):
            print(f"        {what}", flush=True)
        self._line(
            kind="cell",
            service=outcome.cell.service,
            failpoint=outcome.cell.armed,
            verdict=outcome.verdict,
            hits=outcome.hits,
            recovered=outcome.recovered,
            unknown=outcome.unknown,
            left=outcome.left,
            violations=[*map(str, outcome.violations)],
        )

    def trial(self, finding: Finding) -> None:
        self.findings.append(finding)
        print(*said(finding), sep="\n", flush=True)
        self._line(kind="trial", **as_line(finding))

    def storm(self, aftermath: Aftermath) -> None:
        self.aftermath = aftermath
        for blow in aftermath.blows:
            self._line(kind="blow", **asdict(blow))
        whole = {name: value for name, value in asdict(aftermath).items() if name not in ("blows", "violations")}
        self._line(kind="storm", **whole, violations=[*map(str, aftermath.violations)])

    def finish(self) -> Path:
        page = self.folder / "chaos.md"
        page.write_text(
            "\n".join([f"# Chaos, seed {self._seed}", "", *self._grid(), *self._trials(), *self._storm()]) + "\n"
        )
        return page

    def _line(self, **fields: Any) -> None:
        with self._lines.open("a") as file:
            file.write(json.dumps(fields) + "\n")

    def _grid(self) -> Iterable[str]:
        if not self.outcomes:
            return
        reached = [outcome for outcome in self.outcomes if outcome.hits]
        violated = [outcome for outcome in self.outcomes if outcome.verdict == "violated"]
        trials, failures = len(reached), len(violated)
        yield from (
            "## Failpoints",
            "",
            f"{len(self.outcomes)} cells, {trials} reached, {failures} violated. {bound(trials, failures)}",
            "",
            "| failpoint | service | " + " | ".join(action.name.lower() for action in Action) + " |",
            "|---|---|" + "---|" * len(Action),
        )
        rows: dict[tuple[str, str], dict[Action, Outcome]] = defaultdict(dict)
        for outcome in self.outcomes:
            point = outcome.cell.point
            name = f"`{point.failpoint}`" + (" in who stays" if point.provoked is Provoked.LEFT else "")
            rows[name, outcome.cell.service][outcome.cell.action] = outcome
        for (failpoint, service), actions in sorted(rows.items()):
            cells = (_cell(actions.get(action)) for action in Action)
            yield f"| {failpoint} | {service} | " + " | ".join(cells) + " |"
        yield ""
        yield "Seconds are from the fault to rest: every launch ended, everything published, every process ready."
        yield ""
        for action in Action:
            times = [outcome.recovered for outcome in reached if outcome.cell.action == action and outcome.recovered]
            if times:
                yield f"- {action.name.lower()}: median {median(times):.1f} s, at most {max(times):.1f} s"
        yield ""
        yield from _listed(str(outcome.cell) for outcome in violated)
        yield from _listed(str(what) for outcome in violated for what in (*outcome.left, *outcome.violations))

    def _trials(self) -> Iterable[str]:
        if not self.findings:
            return
        verdicts = [finding.verdict for finding in self.findings]
        violated = verdicts.count("violated")
        trials = violated + verdicts.count("held")
        yield from ("## Trials", "", f"{trials} trials, {violated} violated. {bound(trials, violated)}", "")
        yield from table(self.findings)
        yield from _listed(failures(self.findings))

    def _storm(self) -> Iterable[str]:
        found = self.aftermath
        if found is None:
            return
        kills = sum(blow.action == "kill" for blow in found.blows)
        verdict = "violated" if found.violations or found.left else "every promise held"
        yield from (
            "## Storm",
            "",
            f"{found.launches} launches on {found.contacts:,} contacts, {found.mails:,} mails; "
            f"{kills} kills and {len(found.blows) - kills} freezes in {found.seconds:.0f} s: {verdict}. "
            f"{bound(len(found.blows), int(bool(found.violations)))}",
            "",
            f"- last fault to rest: {found.recovered:.1f} s",
            f"- outcomes/s: median {median(found.rates or [0]):,.0f}, at most {max(found.rates, default=0):,.0f}",
            f"- unknown: {found.unknown}",
            f"- records written a second time in the end: {found.replayed:,}",
            f"- most memory of one process: {found.most_memory / 1e6:.0f} MB",
            "",
        )
        yield from _listed([*found.left, *map(str, found.violations)])


def bound(trials: int, failures: int) -> str:
    """What a clean run means."""
    if failures or not trials:
        return ""
    return f"No failure in {trials} trials: the rate is below {3 / trials:.2%} (3/n, at 95 %)."


def _cell(outcome: Outcome | None) -> str:
    if outcome is None:
        return ""
    return SIGNS[outcome.verdict] + (f" {outcome.recovered:.1f} s" if outcome.recovered is not None else "")


def _listed(items: Iterable[str]) -> Sequence[str]:
    shown = [f"- {item}" for item in list(items)[:200]]
    return [*shown, ""] if shown else []
