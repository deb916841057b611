"""`executor.outcomes`: what became of targets, in chunks of one launch and partition. Key: launch id; where contacts
of several launches are meant, the project."""

from datetime import datetime
from typing import ClassVar, Literal

from contracts.event import Event, Value
from contracts.launches import OrderKind
from contracts.words import Outcome

OrderResult = Literal["removed", "moved_on", "not_waiting", "ended", "unknown_target"]


class TargetsStarted(Event):
    """By executor, in the transaction that made the instances."""

    TYPE: ClassVar[str] = "com.slipway.targets-started.v1"
    project: str
    launch_id: str
    contact_ids: list[str]
    at: datetime


class TargetsRefused(Event):
    """By executor: targets that never start. A reason is `recurrence_once|recurrence_running|stopped|deleted`."""

    TYPE: ClassVar[str] = "com.slipway.targets-refused.v1"
    project: str
    launch_id: str
    contact_ids: list[str]
    reasons: list[str]
    at: datetime


class TargetsEnded(Event):
    """By executor, in the transaction that ended the instances. A reason is `end:won`, `error:send`, `stopped`, …

    `outcomes`, `reasons` and `started_at` have one entry per contact, or a single one that is of all
    (`contracts.columns`).
    """

    TYPE: ClassVar[str] = "com.slipway.targets-ended.v1"
    project: str
    launch_id: str
    contact_ids: list[str]
    outcomes: list[Outcome]
    reasons: list[str]
    started_at: list[datetime]
    at: datetime


class Place(Value):
    """Where an instance rests: a step, and how many times it has come to it."""

    step: str
    occurrence: int = 1


class Passage(Value):
    """A wait that was entered or left, the arm of a fork that was taken, or an update that contacts has carried out."""

    what: Literal["waiting", "waited", "branch", "split", "updated"]
    step: str
    until: datetime | None = None
    """Of `waiting`: when it will be over, if nobody ends it before."""
    arm: int | None = None
    """Of a fork: its place among the step's arms, from 1. None: none could be taken, and the instance failed."""
    says: str | None = None
    """The arm's condition, or `otherwise`; at a split its weight; of an update the names of the attributes."""
    next: str | None = None
    """Where the arm leads."""


class Way(Value):
    """What an instance passed in one transaction, from where it rested to where it came to rest."""

    left: Place | None = None
    """None: it has only just started."""
    passed: tuple[Passage, ...]
    """In order; sends and ends, of which other events tell, are not among them."""
    reached: Place
    part: int = 0
    """Of ways of one contact at the same time the lower was gone first."""


class StepsPassed(Event):
    """By executor, in the transaction that moved the instances: contacts who went the same way through waits, forks and
    updates.

    Nothing is said of steps that are none of these: scenarios without them have no such events.
    """

    TYPE: ClassVar[str] = "com.slipway.steps-passed.v1"
    project: str
    launch_id: str
    contact_ids: list[str]
    way: Way
    at: datetime


class ContactsErased(Event):
    """By executor, on the contacts' partition, behind everything that it has told of them: they were deleted.

    Which way somebody went says what was known of them: whoever keeps ways forgets theirs.
    """

    TYPE: ClassVar[str] = "com.slipway.contacts-erased.v1"
    project: str
    contact_ids: list[str]
    at: datetime


class StepsCounted(Event):
    """By executor: how many instances of one partition entered each step, absolute.

    At most once a second, and whenever no instance of the launch is open there any more, ahead of the last outcome:
    whoever has read all outcomes of a launch has its final counts.
    """

    TYPE: ClassVar[str] = "com.slipway.steps-counted.v1"
    project: str
    launch_id: str
    number: int
    """The partition counted."""
    revision: int
    """Rises per partition and launch; keep the highest."""
    entered: dict[str, int]


class IncidentsOpened(Event):
    """By executor: instances that cannot go on without a person."""

    TYPE: ClassVar[str] = "com.slipway.incidents-opened.v1"
    project: str
    launch_id: str
    contact_ids: list[str]
    steps: list[str]
    details: list[str]
    at: datetime


class IncidentsClosed(Event):
    """By executor: resolved, or ended otherwise."""

    TYPE: ClassVar[str] = "com.slipway.incidents-closed.v1"
    project: str
    launch_id: str
    contact_ids: list[str]
    at: datetime


class OrdersCarriedOut(Event):
    """By executor: what became of orders for single contacts (ContactOrdered). All lists are as long."""

    TYPE: ClassVar[str] = "com.slipway.orders-carried-out.v1"
    project: str
    launch_id: str
    contact_ids: list[str]
    order_ids: list[str]
    kinds: list[OrderKind]
    results: list[OrderResult]
    """`not_waiting`: to be moved on, but at no wait. `ended`: it had ended before. `unknown_target`: not a target."""
    by: list[str]
    """Who gave each order."""
    at: datetime
