"""The state machine of a launch: every cell of (state, event)."""

import pytest

from contracts.words import LaunchState as S
from launcher.domain.states import ENDED, TABLE, UNDECIDED, Advance, Answer, answer, reported
from launcher.domain.states import LaunchEvent as E

# One row per state; columns in the order of LaunchEvent. A state: advance to it. `.`: ignore. `x`: refuse.
CHECKS = """
                      passed     refused  faulted checked   to_confirm            to_approve
draft                 validating rejected .       x         x                     x
validating            .          rejected draft   requested awaiting_confirmation awaiting_approval
awaiting_confirmation .          x        x       .         .                     .
awaiting_approval     .          x        x       .         .                     .
rejected              .          .        .       .         .                     .
requested             .          x        x       .         .                     .
running               .          x        x       .         .                     .
paused                .          x        x       .         .                     .
stopping              .          x        x       .         .                     .
completed             .          x        x       .         .                     .
stopped               .          x        x       .         .                     .
failed                .          x        x       .         .                     .
"""
DECISIONS = """
                      validate   confirm           approve   decline  expire   stop
draft                 validating x                 x         rejected rejected rejected
validating            .          x                 x         rejected rejected rejected
awaiting_confirmation validating awaiting_approval x         rejected rejected rejected
awaiting_approval     x          .                 requested rejected rejected rejected
rejected              x          x                 x         .        .        .
requested             x          x                 .         x        .        stopping
running               x          x                 .         x        .        stopping
paused                x          x                 .         x        .        stopping
stopping              x          x                 .         x        .        .
completed             x          x                 x         x        .        x
stopped               x          x                 x         x        .        .
failed                x          x                 x         x        .        x
"""
RUNS = """
                      pause  resume  held   running echoed completed stopped failed
draft                 x      x       x      x       x      x         x       x
validating            x      x       x      x       x      x         x       x
awaiting_confirmation x      x       x      x       x      x         x       x
awaiting_approval     x      x       x      x       x      x         x       x
rejected              x      x       x      x       x      x         x       x
requested             paused .       paused running .      completed stopped failed
running               paused .       paused .       .      completed stopped failed
paused                .      running .      .       .      completed stopped failed
stopping              x      x       .      .       .      completed stopped failed
completed             x      x       .      .       .      .         x       x
stopped               x      x       .      .       .      x         .       x
failed                x      x       .      .       .      x         x       .
"""
PAIRS = [
    (state, event, cell)
    for header, *rows in ([line.split() for line in cells.strip().splitlines()] for cells in (CHECKS, DECISIONS, RUNS))
    for state, *row in rows
    for event, cell in zip(header, row, strict=True)
]


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


def test_nothing_runs_before_every_check_passed_and_whoever_has_to_approve_did() -> None:
    into_requested = [
        (state, event) for state, row in TABLE.items() for event, to in row.items() if to == Advance(S.REQUESTED)
    ]
    assert into_requested == [(S.VALIDATING, E.CHECKED), (S.AWAITING_APPROVAL, E.APPROVE)]


@pytest.mark.parametrize("state", S)
def test_every_state_that_log_reports_is_an_event(state: S) -> None:
    ends = {S.COMPLETED: E.COMPLETED, S.STOPPED: E.STOPPED, S.FAILED: E.FAILED, S.RUNNING: E.RUNNING}
    assert reported(state) == ends.get(state, E.ECHOED)


def test_whatever_is_undecided_can_be_declined_and_expires() -> None:
    assert {state for state, row in TABLE.items() if isinstance(row[E.EXPIRE], Advance)} == UNDECIDED
    assert {state for state, row in TABLE.items() if isinstance(row[E.DECLINE], Advance)} == UNDECIDED
