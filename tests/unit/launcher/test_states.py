"""The state machine of a launch: every cell of (state, event)."""

import pytest

from contracts.words import LaunchState as S
from launcher.domain.states import ENDED, TABLE, Advance, Answer, answer, reported
from launcher.domain.states import LaunchEvent as E

# One row per state; columns in the order of LaunchEvent. A state: advance to it. `.`: ignore. `x`: refuse.
CELLS = """
                      passed     refused  checked   stop     pause  resume  held   running echoed completed stopped failed
draft                 validating rejected x         rejected x      x       x      x       x      x         x       x
validating            .          rejected requested rejected x      x       x      x       x      x         x       x
awaiting_confirmation .          x        .         rejected x      x       x      x       x      x         x       x
awaiting_approval     .          x        .         rejected x      x       x      x       x      x         x       x
rejected              .          .        .         .        x      x       x      x       x      x         x       x
requested             .          x        .         stopping paused .       paused running .      completed stopped failed
running               .          x        .         stopping paused .       paused .       .      completed stopped failed
paused                .          x        .         stopping .      running .      .       .      completed stopped failed
stopping              .          x        .         .        x      x       .      .       .      completed stopped failed
completed             .          x        .         x        x      x       .      .       .      .         x       x
stopped               .          x        .         .        x      x       .      .       .      x         .       x
failed                .          x        .         x        x      x       .      .       .      x         x       .
"""  # noqa: E501 - one table
ROWS = [line.split() for line in CELLS.strip().splitlines()]
PAIRS = [(row[0], event, cell) for row in ROWS[1:] for event, cell in zip(ROWS[0], row[1:], strict=True)]


@pytest.mark.parametrize(("state", "event", "cell"), PAIRS)
def test_each_state_answers_each_event(state: str, event: str, cell: str) -> None:
    expected = {".": Answer.IGNORE, "x": Answer.REFUSE}.get(cell) or Advance(S(cell))
    assert answer(S(state), E(event)) == expected


def test_the_table_is_whole() -> None:
    assert set(TABLE) == set(S)
    assert all(set(row) == set(E) for row in TABLE.values())
    assert len(PAIRS) == len(S) * len(E)


def test_no_event_leads_out_of_an_end() -> None:
    assert not any(isinstance(found, Advance) for state in ENDED for found in TABLE[state].values())


def test_nothing_runs_before_every_check_passed() -> None:
    into_requested = [
        (state, event) for state, row in TABLE.items() for event, to in row.items() if to == Advance(S.REQUESTED)
    ]
    assert into_requested == [(S.VALIDATING, E.CHECKED)]


@pytest.mark.parametrize("state", S)
def test_every_state_that_log_reports_is_an_event(state: S) -> None:
    ends = {S.COMPLETED: E.COMPLETED, S.STOPPED: E.STOPPED, S.FAILED: E.FAILED, S.RUNNING: E.RUNNING}
    assert reported(state) == ends.get(state, E.ECHOED)
