"""Where process instances stand, and what can happen to them.

Instances of one launch that stand at the same place and meet the same event move together, as one cohort: the work
per contact is to be sliced out of columns. A cohort of one is a process instance.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any, Final

from contracts.outcomes import Passage
from contracts.targets import Snapshot
from contracts.words import DeliveryState, Outcome
from executor.domain.contact_data import laid_over


class Status(StrEnum):
    """`ready` and running exist only inside a transaction; the others are stored."""

    READY = "ready"
    TIMER = "waiting_timer"
    DELIVERY = "waiting_delivery"
    UPDATE = "waiting_update"
    PAUSED = "waiting_paused"
    INCIDENT = "incident"
    ENDED = "ended"


SENT: Final = "sent"
"""`Cohort.messages` once a message was not skipped."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The cohort as it is stored."""

    number: int
    size: int
    """Instances that are of it; those at hand may be fewer."""
    facts: bool
    """Their contact data is kept with them."""
    started_at: datetime


@dataclass(frozen=True, slots=True)
class Cohort:
    members: Sequence[int]
    """Places in the columns of the `Roll` they are handled with, rising."""
    status: Status
    step: str
    occurrences: Mapping[str, int] = field(default_factory=dict)
    """How many times they came to each repeatable step; a step that is missing counts once."""
    messages: str | None = None
    """None: no message yet; `sent`: not all were skipped; else the `<why>` of the first of them, all skipped."""
    due_at: datetime | None = None
    outcome: Outcome | None = None
    reason: str | None = None
    """Of the outcome; of an incident, what a person has to know."""
    entered: tuple[str, ...] = ()
    """Steps that this advance ran through, for the counts per step."""
    passed: tuple[Passage, ...] = ()
    """Waits, forks with the arm that was taken, and updates among them; what was left first."""
    origin: Origin | None = None
    """Where they were read from; None: they are new."""
    overlay: Mapping[str, Any] | None = None
    """Attributes that updates of a trial would have set; None: none did."""

    @property
    def occurrence(self) -> int:
        """How many times they came to the step they stand at."""
        return self.occurrences.get(self.step, 1)

    def of(self, members: Sequence[int]) -> "Cohort":
        """Some of its members."""
        return self if len(members) == len(self.members) else replace(self, members=members)


@dataclass(frozen=True)
class Roll:
    """Columns of the contacts that are handled together."""

    contact_ids: list[str]
    started_at: list[datetime]
    load: Callable[[], Snapshot | None]
    sizes: list[int] | None = None
    """Bytes of each contact's data, where it may be more than one record should carry."""

    @cached_property
    def snapshot(self) -> Snapshot | None:
        """Worked out when a step asks for it; None: nothing ahead of these instances reads contact data."""
        return self.load()

    def seen_by(self, cohort: Cohort) -> "Roll":
        """With what the cohort's updates would have set in place."""
        if cohort.overlay is None:
            return self
        overlays = dict.fromkeys(cohort.members, cohort.overlay)
        return replace(self, load=lambda: None if self.snapshot is None else laid_over(self.snapshot, overlays))


@dataclass(frozen=True, slots=True)
class Started:
    """A new instance is to run its first step."""


@dataclass(frozen=True, slots=True)
class TimerDue:
    """A wait is over, a paused instance may go on, or an update was not answered in time."""


@dataclass(frozen=True, slots=True)
class DeliverySettled:
    """What became of a message, as far as the step is concerned."""

    step: str
    occurrence: int
    state: DeliveryState
    reason: str | None


@dataclass(frozen=True, slots=True)
class UpdateAnswered:
    """contacts has carried out the update that the instance waits for."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """The launch was stopped."""


@dataclass(frozen=True, slots=True)
class Deleted:
    """The contact is gone."""


@dataclass(frozen=True, slots=True)
class Retried:
    """A person has the instance try the step again at which it could not go on."""


@dataclass(frozen=True, slots=True)
class GivenUp:
    """A person has the instance end where it could not go on."""


@dataclass(frozen=True, slots=True)
class Removed:
    """A person takes the contact out of the launch; also one that is only just about to start."""


@dataclass(frozen=True, slots=True)
class MovedOn:
    """A person has the instance go on from a wait that is not over."""


Event = (
    Started | TimerDue | DeliverySettled | UpdateAnswered | Stopped | Deleted | Retried | GivenUp | Removed | MovedOn
)
