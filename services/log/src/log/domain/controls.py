"""What people decided about a launch as a whole, as its targets' timelines tell it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from contracts.launches import LaunchControlled, LaunchRequested
from contracts.words import ControlState

REQUESTED: Final = "requested"
APPROVED: Final = "approved"
OVERRIDDEN: Final = "consent_overridden"
PAUSED: Final = "paused"
RESUMED: Final = "resumed"
STOPPED: Final = "stopped"
FROM_THE_BEGINNING: Final = (REQUESTED, OVERRIDDEN, APPROVED)
"""What was decided before the first target was chosen, in this order: who approves has seen that consent is lifted."""

_TURNS: Final = {ControlState.PAUSED: PAUSED, ControlState.RUNNING: RESUMED, ControlState.STOPPED: STOPPED}


@dataclass(frozen=True, slots=True)
class Control:
    """Kept once by event and `what`."""

    event_id: str
    what: str
    at: datetime
    detail: Mapping[str, str]


def controls(event: LaunchRequested | LaunchControlled, event_id: str) -> Sequence[Control]:
    match event:
        case LaunchRequested():
            asked_at = event.asked_at or event.requested_at
            retried = {} if event.retry_of is None else {"retry_of": event.retry_of}
            told = [Control(event_id, REQUESTED, asked_at, {"by": event.launched_by} | retried)]
            if event.options.consent_override:
                why = {"reason": event.options.override_reason} if event.options.override_reason else {}
                told.append(Control(event_id, OVERRIDDEN, asked_at, {"by": event.launched_by} | why))
            if event.approved_by is not None:
                told.append(Control(event_id, APPROVED, event.requested_at, {"by": event.approved_by}))
            return told
        case LaunchControlled():
            why = {} if event.reason is None else {"reason": event.reason}
            return [Control(event_id, _TURNS[event.state], event.at, {"by": event.by} | why)]
