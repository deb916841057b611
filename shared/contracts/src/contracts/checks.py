"""`contacts.checks`: contacts' judgement of a drafted launch. Key: launch id."""

from datetime import datetime
from typing import ClassVar

from contracts.event import Event, Value
from contracts.words import Severity


class Point(Value):
    """A validation point: `place` says where (`participants.groups[0]`, `steps.hello.send.subject`)."""

    code: str
    severity: Severity
    place: str
    remedy: str


class LaunchChecked(Event):
    """By contacts, once per LaunchDrafted when all of its ParticipantsListed are there."""

    TYPE: ClassVar[str] = "com.slipway.launch-checked.v1"
    project: str
    launch_id: str
    points: list[Point]
    """Empty or warnings only: nothing against it."""
    targeted_expected: int | None = None
    check: int = 1
    """The round of LaunchDrafted that was judged."""


class ConsentOverridden(Event):
    """By contacts, once per launch that lifts consent, with TargetingFinished: how many contacts that reached."""

    TYPE: ClassVar[str] = "com.slipway.consent-overridden.v1"
    project: str
    launch_id: str
    by: str
    reason: str
    reached: int
    """Admitted contacts without consent to one of the launch's message types, each once; may be 0."""
    by_type: dict[str, int]
    """The same by message type: a contact counts under each that it has not consented to."""
    at: datetime
