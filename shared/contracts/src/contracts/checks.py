"""`contacts.checks`: contacts' judgement of a drafted launch. Key: launch id."""

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
