"""What a stop left behind, once all of the launch has ended."""

import time
from collections.abc import Mapping
from typing import Any

from cli.connection import Client, at
from contracts.words import BY_STOP, Outcome, not_by_stop

ENDED = ("completed", "stopped", "failed")
LOOK_SECONDS = 0.25


def stopped(client: Client, launch_id: str, seconds: float) -> dict[str, Any] | None:
    """The figures of the launch at its end; None if it has not ended by then, or who stopped it may not look."""
    if client.get_if_allowed(at("launches", launch_id, "progress")) is None:
        return None
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        figures: dict[str, Any] = client.get_patiently(at("launches", launch_id, "progress"))
        if figures["state"] in ENDED:
            return figures
        time.sleep(LOOK_SECONDS)
    return None


def whole(answer: Mapping[str, Any], figures: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to a stop, with the launch's figures at its end: each target is either done or cancelled. The answer
    itself is of figures a second old, so that who ended in between would be neither."""
    done = not_by_stop(figures)
    return {**answer, "state": figures["state"], "done": done, "to_cancel": 0, "cancelled": cancelled_of(figures)}


def cancelled_of(figures: Mapping[str, Any]) -> dict[str, int]:
    """Targets that the stop ended, and messages of theirs that were not handed over."""
    return {
        "abandoned": figures["by_reason"].get(BY_STOP[Outcome.ABANDON], 0),
        "not_started": figures["by_reason"].get(BY_STOP[Outcome.OTHER], 0),
        "messages": figures["deliveries"].get("cancelled", 0),
    }
