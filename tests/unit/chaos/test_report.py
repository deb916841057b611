"""The report says what was done, what held, and what that proves."""

import json
from pathlib import Path

from chaos.cells import POINTS, Action, Cell
from chaos.grid import Outcome
from chaos.oracle.plain import Violation
from chaos.report import Report, bound


def cell(action: Action) -> Cell:
    return Cell("executor", POINTS[0], action, 1)


def test_a_clean_run_states_its_bound() -> None:
    assert "below 1.00%" in bound(300, 0)
    assert bound(300, 1) == bound(0, 0) == ""


def test_a_violated_cell_is_shown_with_what_was_violated(tmp_path: Path) -> None:
    report = Report(tmp_path, seed=7)
    violation = Violation(6, "no_mail_twice", "launch", "ann", "the provider accepted it 2 times")
    report.cell(Outcome(cell(Action.KILL), 1, 3.25, 0))
    report.cell(Outcome(cell(Action.FREEZE), 1, 14.0, 0, violations=[violation]))
    report.cell(Outcome(cell(Action.RAISE), 0, None, 0))
    page = report.finish().read_text()
    assert report.broken
    assert "| `stream.fetched` | executor | held 3.2 s | **violated** 14.0 s | not reached |  |" in page
    assert f"- {violation}" in page and "3 cells, 2 reached, 1 violated." in page
    lines = [json.loads(line) for line in (tmp_path / "chaos.jsonl").read_text().splitlines()]
    assert [line["verdict"] for line in lines] == ["held", "violated", "not reached"]
