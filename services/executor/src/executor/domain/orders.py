"""What a person orders for one contact of a launch."""

from dataclasses import dataclass
from typing import Final

from contracts.launches import OrderKind
from contracts.outcomes import OrderResult
from executor.domain.advance import Answer, answer
from executor.domain.cohort import Event, MovedOn, Removed, Status


@dataclass(frozen=True, slots=True)
class ContactOrder:
    order_id: str
    launch_id: str
    project: str
    contact_id: str
    kind: OrderKind
    by: str
    trace: str | None = None


MEETS: Final[dict[OrderKind, Event]] = {"remove": Removed(), "advance": MovedOn()}
"""The event that the instance meets."""

_DONE: Final[dict[OrderKind, OrderResult]] = {"remove": "removed", "advance": "moved_on"}


def result_for(kind: OrderKind, status: Status) -> OrderResult:
    """Of an order that finds an open instance in this status."""
    return _DONE[kind] if answer(status, type(MEETS[kind])) is Answer.ADVANCE else "not_waiting"
