"""A target's timeline: what happened to this contact in this launch, in order."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from log.domain.chunks import Kind
from log.domain.launch import NOT_STARTED


@dataclass(frozen=True, slots=True)
class Said:
    """What one kept chunk says of one contact."""

    event_id: str
    kind: Kind
    at: datetime
    step: str | None
    said: str | None
    occurrence: int


@dataclass(frozen=True, slots=True)
class Result:
    """The contact's outcome; `event_id` is that of its record on `log.outcomes`."""

    event_id: str
    outcome: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Entry:
    at: datetime
    what: str
    detail: Mapping[str, object]
    event_id: str


WHAT = {
    Kind.ADMITTED: "targeted",
    Kind.STARTED: "started",
    Kind.MESSAGE: "message",
    Kind.INCIDENT: "incident",
    Kind.RESOLVED: "incident_closed",
}
ORDER = ("targeted", "started", "message", "incident", "incident_closed", "not_started", "ended")
"""At the same instant."""


def timeline(said: Iterable[Said], result: Result | None) -> list[Entry]:
    """By time. A target is targeted before anything else: that entry's time is when log heard of it."""
    entries = [Entry(each.at, WHAT[each.kind], _detail(each), each.event_id) for each in said]
    if result is not None:
        what = "not_started" if result.reason.startswith(NOT_STARTED) else "ended"
        detail = {"outcome": result.outcome, "reason": result.reason}
        entries.append(Entry(result.at, what, detail, result.event_id))
    return sorted(entries, key=lambda entry: (entry.what != "targeted", entry.at, ORDER.index(entry.what)))


def _detail(said: Said) -> Mapping[str, object]:
    match said.kind:
        case Kind.MESSAGE:
            state, _, reason = (said.said or "").partition(":")
            repeated = {"occurrence": said.occurrence} if said.occurrence > 1 else {}
            return {"step": said.step, **repeated, "state": state, **({"reason": reason} if reason else {})}
        case Kind.INCIDENT:
            step, _, detail = (said.said or "").partition(": ")
            return {"step": step, "detail": detail}
        case _:
            return {}
