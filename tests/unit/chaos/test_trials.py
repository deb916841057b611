"""Trials are found by name, drawn by seed, and what fails in one is shown and breaks the run."""

from pathlib import Path

import pytest

from chaos.case import Case
from chaos.report import Report
from chaos.trial import TRIALS, ImpossibleHere, Trial, chosen, run_trials


def test_trials_are_chosen_by_name_and_pattern() -> None:
    assert [trial.name for trial in chosen("kafka_frozen")] == ["kafka_frozen"]
    assert {trial.name for trial in chosen("*_frozen")} == {"kafka_frozen", "postgres_frozen"}
    assert len(chosen("all")) == len(TRIALS) > 0
    assert chosen("none") == []


def test_an_unknown_trial_is_refused_with_those_there_are() -> None:
    with pytest.raises(SystemExit, match="kafka_frozen"):
        chosen("kafka_melted")


def test_every_trial_says_what_it_does_and_what_must_hold() -> None:
    assert [trial.name for trial in chosen("all") if not (trial.fault and trial.holds)] == []


def test_a_seed_repeats_a_trial_whatever_runs_beside_it(tmp_path: Path) -> None:
    drawn: list[float] = []
    draw = Trial("draw", "", "", lambda case: drawn.append(case.chance.random()))
    other = Trial("other", "", "", lambda case: None)
    for trials in ([draw], [other, draw]):
        list(run_trials(trials, 2, 7, tmp_path))
    assert drawn[:2] == drawn[2:] and drawn[0] != drawn[1]


def _held(case: Case) -> None:
    with case.fault():
        case.figure("seconds until ready", 3.21)


def _not_reached(case: Case) -> None:
    pass


def _claims(case: Case) -> None:
    with case.fault():
        case.claim(1 > 2, "one is more than two")


def _raises(case: Case) -> None:
    raise AssertionError("it did not start")


def _impossible(case: Case) -> None:
    raise ImpossibleHere("only root can mount")


def test_the_report_says_what_held_and_what_did_not(tmp_path: Path) -> None:
    report = Report(tmp_path, seed=7)
    for run in (_held, _not_reached, _impossible):
        [finding] = run_trials([Trial(run.__name__, "a fault", "base", run)], 1, 7, tmp_path)
        report.trial(finding)
    assert not report.broken
    for run in (_claims, _raises):
        [finding] = run_trials([Trial(run.__name__, "a fault", "base", run)], 1, 7, tmp_path)
        report.trial(finding)
    assert report.broken
    page = report.finish().read_text()
    assert "3 trials, 2 violated." in page
    assert "| `_held` | a fault | base | held 1 | 1 |  | seconds until ready: 3.21 |" in page
    assert "- _claims, round 0: one is more than two" in page
    assert "it did not start" in page and "only root can mount" in page
    assert "`_not_reached` | a fault | base | not reached 1 |" in page
