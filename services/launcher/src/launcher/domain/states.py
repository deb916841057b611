"""The states of a launch, as launcher sees it: one table for every (state, event)."""

from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Final

from contracts.words import LaunchState as S


class LaunchEvent(StrEnum):
    PASSED = "passed"
    """launcher's own checks found nothing against it."""
    REFUSED = "refused"
    """Own checks, or those of contacts, found something against it."""
    CHECKED = "checked"
    """contacts found nothing against it, and nobody has to approve."""
    STOP = "stop"
    """A person's or a CRM's command."""
    PAUSE = "pause"
    """Likewise."""
    RESUME = "resume"
    """Likewise."""
    HELD = "held"
    """messaging holds it: it would have sent more than planned."""
    RUNNING = "running"
    """log counts it as running."""
    ECHOED = "echoed"
    """log repeats what a control record of launcher's own said (requested, paused, stopping)."""
    COMPLETED = "completed"
    STOPPED = "stopped"
    FAILED = "failed"


class Answer(Enum):
    IGNORE = "ignore"
    """Late or repeated: same state, no output."""
    REFUSE = "refuse"
    """An event: a bug. A command: answered `wrong_state`."""


@dataclass(frozen=True, slots=True)
class Advance:
    to: S


E = LaunchEvent
IGNORE: Final = Answer.IGNORE
REFUSE: Final = Answer.REFUSE
_REPORTS = (E.RUNNING, E.ECHOED, E.COMPLETED, E.STOPPED, E.FAILED)
_NEVER_RAN: dict[E, Advance | Answer] = dict.fromkeys((*_REPORTS, E.PAUSE, E.RESUME, E.HELD), REFUSE)
_ENDS = {E.COMPLETED: Advance(S.COMPLETED), E.STOPPED: Advance(S.STOPPED), E.FAILED: Advance(S.FAILED)}
_CHECKED_BEFORE: dict[E, Advance | Answer] = {E.PASSED: IGNORE, E.CHECKED: IGNORE, E.REFUSED: REFUSE}
_WAITING = {E.PASSED: IGNORE, E.CHECKED: IGNORE, E.REFUSED: REFUSE, E.STOP: Advance(S.REJECTED), **_NEVER_RAN}
_PAUSES: dict[E, Advance | Answer] = {E.PAUSE: Advance(S.PAUSED), E.RESUME: IGNORE, E.HELD: Advance(S.PAUSED)}
_ALIVE = {**_CHECKED_BEFORE, E.STOP: Advance(S.STOPPING), E.RUNNING: IGNORE, E.ECHOED: IGNORE, **_PAUSES, **_ENDS}
_OVER = {**_CHECKED_BEFORE, E.STOP: REFUSE, **_NEVER_RAN, E.RUNNING: IGNORE, E.ECHOED: IGNORE, E.HELD: IGNORE}

TABLE: dict[S, dict[E, Advance | Answer]] = {
    S.DRAFT: {
        E.PASSED: Advance(S.VALIDATING),
        E.REFUSED: Advance(S.REJECTED),
        E.CHECKED: REFUSE,
        E.STOP: Advance(S.REJECTED),
        **_NEVER_RAN,
    },
    S.VALIDATING: {
        E.PASSED: IGNORE,
        E.REFUSED: Advance(S.REJECTED),
        E.CHECKED: Advance(S.REQUESTED),
        E.STOP: Advance(S.REJECTED),
        **_NEVER_RAN,
    },
    S.AWAITING_CONFIRMATION: _WAITING,
    S.AWAITING_APPROVAL: _WAITING,
    # Cancelled while contacts was still checking: its answer comes late. A second stop changes nothing.
    S.REJECTED: {E.PASSED: IGNORE, E.REFUSED: IGNORE, E.CHECKED: IGNORE, E.STOP: IGNORE, **_NEVER_RAN},
    S.REQUESTED: {**_ALIVE, E.RUNNING: Advance(S.RUNNING)},
    S.RUNNING: _ALIVE,
    S.PAUSED: {**_ALIVE, E.PAUSE: IGNORE, E.RESUME: Advance(S.RUNNING), E.HELD: IGNORE},
    # If log completes first, the launch is completed, though somebody asked to stop it.
    S.STOPPING: {**_ALIVE, E.STOP: IGNORE, E.PAUSE: REFUSE, E.RESUME: REFUSE, E.HELD: IGNORE},
    S.COMPLETED: {**_OVER, E.COMPLETED: IGNORE},
    S.STOPPED: {**_OVER, E.STOPPED: IGNORE, E.STOP: IGNORE},
    S.FAILED: {**_OVER, E.FAILED: IGNORE},
}

ENDED: Final = frozenset({S.REJECTED, S.COMPLETED, S.STOPPED, S.FAILED})


def answer(state: S, event: LaunchEvent) -> Advance | Answer:
    return TABLE[state][event]


def reported(state: S) -> LaunchEvent:
    """The event that a state on `log.launches` is."""
    match state:
        case S.RUNNING:
            return E.RUNNING
        case S.COMPLETED:
            return E.COMPLETED
        case S.STOPPED:
            return E.STOPPED
        case S.FAILED:
            return E.FAILED
        case _:
            return E.ECHOED
