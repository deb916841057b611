"""A target's timeline: what happened to this contact in this launch, in order."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from log.domain.chunks import Kind
from log.domain.controls import FROM_THE_BEGINNING, Control
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
    Kind.KEPT_OUT: "not_started",
}
ORDERED = {"removed": "removed", "moved_on": "moved_on"}
"""What a carried out order is called; one without effect is an `order`."""
ORDER = (
    *("targeted", "started", "paused", "resumed", "stopped", "order", "removed", "moved_on"),
    *("message", "incident", "incident_closed", "not_started", "ended"),
)
"""At the same instant."""


def timeline(said: Iterable[Said], result: Result | None, controls: Iterable[Control] = ()) -> list[Entry]:
    """What was decided about the launch before, then by time. A target is targeted before anything else: that entry's
    time is when log heard of it. Of pauses, only those in the target's life. Empty for who is no target."""
    entries = [Entry(each.at, _what(each), _detail(each), each.event_id) for each in said]
    if result is not None and not any(entry.what == "not_started" for entry in entries):
        what = "not_started" if result.reason.startswith(NOT_STARTED) else "ended"
        detail = {"outcome": result.outcome, "reason": result.reason}
        entries.append(Entry(result.at, what, detail, result.event_id))
    if not entries:
        return []
    born, died = min(entry.at for entry in entries), result.at if result is not None else None
    told = [Entry(each.at, each.what, each.detail, each.event_id) for each in controls]
    first = [entry for entry in told if entry.what in FROM_THE_BEGINNING]
    turns = [
        entry
        for entry in told
        if entry.what not in FROM_THE_BEGINNING and born <= entry.at and (died is None or entry.at <= died)
    ]
    entries = sorted([*entries, *turns], key=lambda entry: (entry.what != "targeted", entry.at, _place(entry)))
    return sorted(first, key=lambda entry: FROM_THE_BEGINNING.index(entry.what)) + entries


def _place(entry: Entry) -> int:
    return ORDER.index(entry.what)


def _what(said: Said) -> str:
    if said.kind is not Kind.ORDER:
        return WHAT[said.kind]
    return ORDERED.get((said.said or "").split(":")[1], "order")


def _detail(said: Said) -> Mapping[str, object]:
    match said.kind:
        case Kind.MESSAGE:
            state, _, reason = (said.said or "").partition(":")
            repeated = {"occurrence": said.occurrence} if said.occurrence > 1 else {}
            return {"step": said.step, **repeated, "state": state, **({"reason": reason} if reason else {})}
        case Kind.INCIDENT:
            step, _, detail = (said.said or "").partition(": ")
            return {"step": step, "detail": detail}
        case Kind.KEPT_OUT:
            return {"outcome": "other", "reason": f"{NOT_STARTED}{said.said}"}
        case Kind.ORDER:
            kind, result, by = (said.said or "").split(":", 2)
            return {"by": by} if result in ORDERED else {"by": by, "kind": kind, "result": result}
        case _:
            return {}
