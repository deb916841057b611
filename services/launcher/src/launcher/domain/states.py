"""The states of a launch, as launcher sees it: one table for every (state, event)."""

from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Final

from contracts.words import LaunchState as S


class LaunchEvent(StrEnum):
    PASSED = "passed"
    """launcher's own checks found nothing against it."""
    REFUSED = "refused"
    """Own checks, or those of contacts, found something against a launch that no person follows up."""
    FAULTED = "faulted"
    """The same of a person's draft: they can mend it and have it checked again."""
    CHECKED = "checked"
    """contacts found nothing against it, and nobody has to approve."""
    TO_CONFIRM = "to_confirm"
    """The same, and a person confirms a count first."""
    TO_APPROVE = "to_approve"
    """The same of a program's request: that counts as confirmed."""
    VALIDATE = "validate"
    """A person's command, as those that follow; stop, pause and resume are a CRM's too."""
    CONFIRM = "confirm"
    APPROVE = "approve"
    DECLINE = "decline"
    EXPIRE = "expire"
    """Nobody decided for too long."""
    STOP = "stop"
    PAUSE = "pause"
    RESUME = "resume"
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
Row = dict[E, Advance | Answer]
IGNORE: Final = Answer.IGNORE
REFUSE: Final = Answer.REFUSE
_REPORTS = (E.RUNNING, E.ECHOED, E.COMPLETED, E.STOPPED, E.FAILED)
_NEVER_RAN: Row = dict.fromkeys((*_REPORTS, E.PAUSE, E.RESUME, E.HELD), REFUSE)
_UNDECIDED: Row = {**dict.fromkeys((E.STOP, E.DECLINE, E.EXPIRE), Advance(S.REJECTED)), **_NEVER_RAN}
_NOT_YET: Row = dict.fromkeys((E.CHECKED, E.TO_CONFIRM, E.TO_APPROVE, E.CONFIRM, E.APPROVE), REFUSE)
_JUDGED: Row = {
    **dict.fromkeys((E.PASSED, E.CHECKED, E.TO_CONFIRM, E.TO_APPROVE), IGNORE),
    **dict.fromkeys((E.REFUSED, E.FAULTED), REFUSE),
}
_APPROVED: Row = {
    **_JUDGED,
    **dict.fromkeys((E.VALIDATE, E.CONFIRM, E.DECLINE), REFUSE),
    **dict.fromkeys((E.APPROVE, E.EXPIRE), IGNORE),
}
_ENDS: Row = {E.COMPLETED: Advance(S.COMPLETED), E.STOPPED: Advance(S.STOPPED), E.FAILED: Advance(S.FAILED)}
_PAUSES: Row = {E.PAUSE: Advance(S.PAUSED), E.RESUME: IGNORE, E.HELD: Advance(S.PAUSED)}
_ALIVE: Row = {**_APPROVED, E.STOP: Advance(S.STOPPING), E.RUNNING: IGNORE, E.ECHOED: IGNORE, **_PAUSES, **_ENDS}
_OVER: Row = {
    **_APPROVED,
    E.APPROVE: REFUSE,
    E.STOP: REFUSE,
    **_NEVER_RAN,
    E.RUNNING: IGNORE,
    E.ECHOED: IGNORE,
    E.HELD: IGNORE,
}

TABLE: dict[S, Row] = {
    S.DRAFT: {
        **_NOT_YET,
        **_UNDECIDED,
        E.FAULTED: IGNORE,
        E.PASSED: Advance(S.VALIDATING),
        E.VALIDATE: Advance(S.VALIDATING),
        E.REFUSED: Advance(S.REJECTED),
    },
    S.VALIDATING: {
        **_NOT_YET,
        **_UNDECIDED,
        E.PASSED: IGNORE,
        E.VALIDATE: IGNORE,
        E.REFUSED: Advance(S.REJECTED),
        E.FAULTED: Advance(S.DRAFT),
        E.CHECKED: Advance(S.REQUESTED),
        E.TO_CONFIRM: Advance(S.AWAITING_CONFIRMATION),
        E.TO_APPROVE: Advance(S.AWAITING_APPROVAL),
    },
    S.AWAITING_CONFIRMATION: {
        **_JUDGED,
        **_UNDECIDED,
        E.APPROVE: REFUSE,
        E.VALIDATE: Advance(S.VALIDATING),
        E.CONFIRM: Advance(S.AWAITING_APPROVAL),
    },
    S.AWAITING_APPROVAL: {
        **_JUDGED,
        **_UNDECIDED,
        E.VALIDATE: REFUSE,
        E.CONFIRM: IGNORE,
        E.APPROVE: Advance(S.REQUESTED),
    },
    # Cancelled while contacts was still checking: its answer comes late. A second stop changes nothing.
    S.REJECTED: {
        **_JUDGED,
        **_NEVER_RAN,
        E.REFUSED: IGNORE,
        E.FAULTED: IGNORE,
        **dict.fromkeys((E.VALIDATE, E.CONFIRM, E.APPROVE), REFUSE),
        **dict.fromkeys((E.DECLINE, E.EXPIRE, E.STOP), IGNORE),
    },
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
UNDECIDED: Final = frozenset({S.DRAFT, S.VALIDATING, S.AWAITING_CONFIRMATION, S.AWAITING_APPROVAL})
"""Nothing of it runs yet, and nobody has said no."""


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
