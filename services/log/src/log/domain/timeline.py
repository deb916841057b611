"""A target's timeline: what happened to this contact in this launch, in order."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from contracts.outcomes import Passage, Place, Way
from contracts.words import BY_STOP, NOT_STARTED, DeliveryState
from log.domain.causes import Entry, Told, in_order
from log.domain.chunks import Kind, delivery_said
from log.domain.controls import FROM_THE_BEGINNING, STOPPED, Control
from log.domain.times import written


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


WHAT = {
    Kind.ADMITTED: "targeted",
    Kind.STARTED: "started",
    Kind.RESOLVED: "incident_closed",
}
ORDERED = {"removed": "removed", "moved_on": "moved_on"}
"""What a carried out order is called; one without effect is an `order`."""


def timeline(said: Iterable[Said], result: Result | None, controls: Iterable[Control] = ()) -> list[Entry]:
    """What was decided about the launch first, then as one thing led to another. Of pauses, only those in the target's
    life; the stop that ended it, whenever its time says it was. Empty for who is no target."""
    told = [_told(each) for each in said]
    if result is not None and not any(each.what == "not_started" for each in told):
        what = "not_started" if result.reason.startswith(NOT_STARTED) else "ended"
        detail = {"outcome": result.outcome, "reason": result.reason}
        told.append(Told(what, (Entry(result.at, what, detail, result.event_id),), reason=result.reason))
    if not told:
        return []
    born, died = min(each.entries[0].at for each in told), result.at if result is not None else None
    decided = [Entry(each.at, each.what, each.detail, each.event_id) for each in controls]
    first = [entry for entry in decided if entry.what in FROM_THE_BEGINNING]
    for entry in decided:
        during = born <= entry.at and (died is None or entry.at <= died)
        ended_it = entry.what == STOPPED and result is not None and result.reason in BY_STOP.values()
        if entry.what not in FROM_THE_BEGINNING and (during or ended_it):
            told.append(Told(entry.what, (entry,)))
    first.sort(key=lambda entry: FROM_THE_BEGINNING.index(entry.what))
    return first + [entry for each in in_order(told) for entry in each.entries]


def _told(said: Said) -> Told:
    match said.kind:
        case Kind.MESSAGE:
            told = delivery_said(said.said or "")
            repeated = {"occurrence": said.occurrence} if said.occurrence > 1 else {}
            detail = {"step": said.step, **repeated, **told}
            place = Place(step=said.step or "", occurrence=said.occurrence)
            state = DeliveryState(told["state"])
            return Told("message", (_entry(said, "message", detail),), message=place, state=state)
        case Kind.WAY:
            way = Way.model_validate_json(said.said or "")
            entries = tuple(_entry(said, passage.what, _passed(passage)) for passage in way.passed)
            return Told("way", entries, way=way)
        case Kind.KEPT_OUT:
            reason = f"{NOT_STARTED}{said.said}"
            entry = _entry(said, "not_started", {"outcome": "other", "reason": reason})
            return Told("not_started", (entry,), reason=reason)
        case Kind.INCIDENT:
            step, _, text = (said.said or "").partition(": ")
            return Told("incident", (_entry(said, "incident", {"step": step, "detail": text}),))
        case Kind.UNSUBSCRIBED:
            return Told("unsubscribed", (_entry(said, "unsubscribed", {"message_type": said.said}),))
        case Kind.ORDER:
            kind, ended, by = (said.said or "").split(":", 2)
            what = ORDERED.get(ended, "order")
            detail = {"by": by} if ended in ORDERED else {"by": by, "kind": kind, "result": ended}
            return Told(what, (_entry(said, what, detail),))
        case Kind.ADMITTED | Kind.STARTED | Kind.RESOLVED:
            what = WHAT[said.kind]
            return Told(what, (_entry(said, what, {}),))


def _entry(said: Said, what: str, detail: Mapping[str, object]) -> Entry:
    return Entry(said.at, what, detail, said.event_id)


def _passed(passage: Passage) -> Mapping[str, object]:
    match passage.what:
        case "waiting":
            return {"step": passage.step, "until": passage.until and written(passage.until)}
        case "waited":
            return {"step": passage.step}
        case "updated":
            return {"step": passage.step, "set": passage.says}
        case "branch" | "split" if passage.arm is None:
            return {"step": passage.step}
        case "branch" | "split":
            says = {"branch": "when", "split": "weight"}[passage.what]
            return {"step": passage.step, "arm": passage.arm, says: passage.says, "next": passage.next}
