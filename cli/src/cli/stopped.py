"""What a stop left behind, once all of the launch has ended."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cli.connection import Client, at
from contracts.words import BY_STOP, Outcome, not_by_stop

ENDED = ("completed", "stopped", "failed")
LOOK_SECONDS = 0.25
QUIET_SECONDS = 1.5
"""Messages end after their targets, and messaging tells of them up to a second later: figures that say nothing new for
so long, of a launch without a message that waits, are final."""
WAITING = ("planned", "held")


@dataclass(frozen=True, slots=True)
class Ended:
    figures: dict[str, Any]
    """Of the launch, each of whose targets has ended."""
    final: bool
    """Its messages have come to their end, too."""


def stopped(client: Client, launch_id: str, seconds: float) -> Ended | None:
    """The launch at its end; None if it has not ended by then, or who stopped it may not look."""
    if client.get_if_allowed(at("launches", launch_id, "progress")) is None:
        return None
    figures: dict[str, Any] = {}
    since = time.monotonic()
    deadline = since + seconds
    while time.monotonic() < deadline:
        seen = client.get_patiently(at("launches", launch_id, "progress"))
        if seen["revision"] != figures.get("revision"):
            figures, since = seen, time.monotonic()
        waiting = any(figures["deliveries"].get(state) for state in WAITING)
        if figures["state"] in ENDED and not waiting and time.monotonic() - since >= QUIET_SECONDS:
            return Ended(figures, final=True)
        time.sleep(LOOK_SECONDS)
    return Ended(figures, final=False) if figures.get("state") in ENDED else None


def whole(answer: Mapping[str, Any], ended: Ended) -> dict[str, Any]:
    """The answer to a stop, with the launch's figures at its end: each target is either done or cancelled. The answer
    itself is of figures a second old, so that who ended in between would be neither."""
    state, done = ended.figures["state"], not_by_stop(ended.figures)
    return {**answer, "state": state, "done": done, "to_cancel": 0, "cancelled": cancelled_of(ended)}


def cancelled_of(ended: Ended) -> dict[str, Any]:
    """Targets that the stop ended, and messages of theirs that were not handed over: of these all, if `final`, else
    so many as were told of so far."""
    figures = ended.figures
    return {
        "abandoned": figures["by_reason"].get(BY_STOP[Outcome.ABANDON], 0),
        "not_started": figures["by_reason"].get(BY_STOP[Outcome.OTHER], 0),
        "messages": figures["deliveries"].get("cancelled", 0),
        "final": ended.final,
    }
