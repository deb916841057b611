"""What of a chunk is kept: whom it is about and what it says of each, for lists and timelines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from contracts.deliveries import DeliveriesRecorded
from contracts.outcomes import StepsPassed


class Kind(StrEnum):
    ADMITTED = "admitted"
    STARTED = "started"
    MESSAGE = "message"
    INCIDENT = "incident"
    RESOLVED = "resolved"
    KEPT_OUT = "kept_out"
    """Targets that never start: the ids of the records that said so."""
    ORDER = "order"
    """A person's order for single contacts, carried out."""
    UNSUBSCRIBED = "unsubscribed"
    """Withdrew consent by a message's link: to which type."""
    WAY = "way"
    """Waits, forks and updates passed. Forgotten when a contact is deleted: it says what was known of them."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Kept once by `event_id`. `said[i]` is of `contact_ids[i]`; a single entry is of all, none of nobody."""

    event_id: str
    launch_id: str
    project: str
    kind: Kind
    at: datetime
    contact_ids: Sequence[str]
    said: Sequence[str] = ()
    step: str | None = None
    occurrences: Sequence[int] = ()


def delivery_chunk(event: DeliveriesRecorded, event_id: str) -> Chunk:
    """`said` is `state`, `state:reason` or `state:reason: detail`. Occurrences are left out where all are the first."""
    said = [
        state if reason is None else f"{state}:{reason}"
        for state, reason in zip(event.states, event.reasons, strict=True)
    ]
    if event.details:
        said = [
            each if detail is None else f"{each}: {detail}" for each, detail in zip(said, event.details, strict=True)
        ]
    return Chunk(
        event_id,
        event.launch_id,
        event.project,
        Kind.MESSAGE,
        event.at,
        event.contact_ids,
        said=said[:1] if len(set(said)) == 1 else said,
        step=event.step,
        occurrences=() if set(event.occurrences) == {1} else event.occurrences,
    )


def delivery_said(said: str) -> Mapping[str, str]:
    """What `delivery_chunk` has one message say: `state`, and `reason` and `detail` where it has them."""
    state, _, rest = said.partition(":")
    reason, _, detail = rest.partition(": ")
    return {name: text for name, text in (("state", state), ("reason", reason), ("detail", detail)) if text}


def way_chunk(event: StepsPassed, event_id: str) -> Chunk:
    """All of them went the same way: it is said once."""
    said = [event.way.model_dump_json(exclude_none=True)]
    return Chunk(event_id, event.launch_id, event.project, Kind.WAY, event.at, event.contact_ids, said)
