"""The life of one delivery, as one table: what each act does in each state."""

from enum import StrEnum

from contracts.words import DeliveryState as State


class Act(StrEnum):
    """What happens to a send."""

    HAND_OVER = "hand_over"
    """The `dot` is committed: from now on the provider may have it."""
    ACCEPT = "accept"
    """The provider said 2xx to the final dot."""
    REFUSE = "refuse"
    """It can never be sent: 5xx, an impossible address, a template that does not render."""
    DEFER = "defer"
    """The provider said 4xx: later."""
    LOSE = "lose"
    """No answer after the dot, or an owner that is gone: nobody can know."""
    GIVE_BACK = "give_back"
    """Known not to have been handed over: not one byte of the message left."""
    SKIP = "skip"
    CANCEL = "cancel"
    HOLD = "hold"
    """It must not go out for now: more than planned, or contacts' latest word is not known."""
    RELEASE = "release"
    DELIVER = "deliver"
    """The provider reports: it lies in the mailbox. Like the next two, it is about a message that was accepted."""
    BOUNCE = "bounce"
    """It came back for good."""
    COMPLAIN = "complain"
    """Its receiver calls it spam."""


class Stay(StrEnum):
    """The state stays, nothing is told to anybody."""

    IGNORE = "ignore"
    """Late or repeated."""
    REFUSE = "refuse"
    """Cannot happen: a bug. It is logged, and nothing is sent or counted because of it."""


_NO, _BUG = Stay.IGNORE, Stay.REFUSE
_ACTS = tuple(Act)
_END = (_NO, _BUG, *(_NO,) * 11)
_ROWS: dict[State, tuple[State | Stay, ...]] = {
    # in order: hand over, accept, refuse, defer, lose, give back, skip, cancel, hold, release; deliver, bounce,
    # complain
    State.PLANNED: (
        *(State.SENDING, _BUG, State.FAILED, State.PLANNED, _BUG, _NO),
        *(State.SKIPPED, State.CANCELLED, State.HELD, _NO, _NO, _NO, _NO),
    ),
    # held while a worker had its mail in hand: it is not handed over
    State.HELD: (
        *(_NO, _BUG, State.FAILED, _NO, _BUG, _NO),
        *(State.SKIPPED, State.CANCELLED, _NO, State.PLANNED, _NO, _NO, _NO),
    ),
    State.SENDING: (
        *(_BUG, State.ACCEPTED, State.FAILED, State.PLANNED, State.UNKNOWN, State.PLANNED),
        *(_NO,) * 7,
    ),
    State.ACCEPTED: (*_END[:-3], State.DELIVERED, State.BOUNCED, State.COMPLAINED),
    State.DELIVERED: (*_END[:-3], _NO, State.BOUNCED, State.COMPLAINED),
    State.BOUNCED: (*_END[:-3], _NO, _NO, State.COMPLAINED),
    State.COMPLAINED: _END,
    State.FAILED: _END,
    State.SKIPPED: _END,
    State.CANCELLED: _END,
    State.UNKNOWN: (_NO,) * len(_ACTS),
}
_TABLE = {(state, act): answer for state, row in _ROWS.items() for act, answer in zip(_ACTS, row, strict=True)}

OPEN = frozenset({State.PLANNED, State.HELD, State.SENDING})
"""States in which the address and what the template reads are still needed."""


def advance(state: State, act: Act) -> State | Stay:
    """The state after `act`. A second acceptance is refused; after an end everything else is late, but for reports.

    `unknown` stays unknown even if an acceptance turns up: it was counted, and nobody acts on it by themselves.
    """
    return _TABLE[state, act]
