"""The public topics: what a CRM writes and reads.

Names here are fixed; a breaking change is a new topic beside the old one.
"""

from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field, StringConstraints

from contracts.checks import Point
from contracts.event import Event, Value
from contracts.words import LaunchState, Name, Outcome

ContactId = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f-\x9f]+$")]
"""1-128 bytes of UTF-8 without control characters, compared byte for byte (contacts checks the bytes)."""


class Input(Event):
    """Input is read strictly: an unknown field is answered, not ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Given(Value):
    model_config = ConfigDict(frozen=True, extra="forbid")


# crm.commands


class AllGiven(Given):
    kind: Literal["all"]


class GroupsGiven(Given):
    kind: Literal["groups"]
    groups: list[Name] = Field(max_length=1000)


class ContactsGiven(Given):
    kind: Literal["contacts"]
    contacts: list[ContactId] = Field(max_length=10_000)


class SegmentGiven(Given):
    kind: Literal["segment"]
    where: str = Field(max_length=4096)


class ResultsGiven(Given):
    """Targets of an earlier launch that has ended, by exactly one of outcome, reason, delivery."""

    kind: Literal["results"]
    launch_id: str = Field(min_length=1, max_length=64)
    outcome: Outcome | None = None
    reason: str | None = Field(None, min_length=1, max_length=200)
    delivery: str | None = Field(None, min_length=1, max_length=64)
    """`unknown`: whoever was sent a message of which nobody can know whether it arrived."""


ParticipantsGiven = Annotated[
    AllGiven | GroupsGiven | ContactsGiven | SegmentGiven | ResultsGiven, Field(discriminator="kind")
]


class ConsentOverride(Given):
    reason: str = Field(min_length=1, max_length=1000)


class OptionsGiven(Given):
    consent_override: ConsentOverride | None = None
    intersect_with_launcher: bool = False
    pacing: dict[str, Any] | None = None


class LaunchRequest(Input):
    """Launch a scenario. Answered by launch.accepted or launch.rejected on `launcher.replies`."""

    TYPE: ClassVar[str] = "com.slipway.launch.request.v1"
    project: Name
    scenario: Name
    participants: ParticipantsGiven
    options: OptionsGiven = Field(default_factory=OptionsGiven)
    context: dict[str, Any] = Field(default_factory=dict)
    count_token: str | None = None


class LaunchCommand(Input):
    project: Name
    launch_id: str = Field(min_length=1, max_length=64)


class LaunchStop(LaunchCommand):
    TYPE: ClassVar[str] = "com.slipway.launch.stop.v1"


class LaunchPause(LaunchCommand):
    TYPE: ClassVar[str] = "com.slipway.launch.pause.v1"


class LaunchResume(LaunchCommand):
    TYPE: ClassVar[str] = "com.slipway.launch.resume.v1"


class LaunchRemoveContact(LaunchCommand):
    TYPE: ClassVar[str] = "com.slipway.launch.remove-contact.v1"
    contact_id: ContactId


# crm.contacts


class ContactGiven(Given):
    """A contact as in the NDJSON file. A field left out stays as it is, null removes."""

    id: ContactId
    email: str | None = None
    phone: str | None = None
    zone: str | None = None
    active: bool | None = None
    groups: list[Name] | None = None
    consent: dict[Name, bool | None] | None = None
    attributes: dict[str, Any] | None = None


class ContactUpserted(Input):
    TYPE: ClassVar[str] = "com.slipway.contact.upserted.v1"
    project: Name
    contact: ContactGiven


class ContactDeleted(Input):
    TYPE: ClassVar[str] = "com.slipway.contact.deleted.v1"
    project: Name
    contact_id: ContactId


class ConsentChanged(Input):
    TYPE: ClassVar[str] = "com.slipway.consent.changed.v1"
    project: Name
    contact_id: ContactId
    message_type: Name
    given: bool
    source: str | None = None


class GroupMembershipChanged(Input):
    TYPE: ClassVar[str] = "com.slipway.group.membership-changed.v1"
    project: Name
    contact_id: ContactId
    added: list[Name] = Field(default_factory=list)
    removed: list[Name] = Field(default_factory=list)


class ContactEvent(Input):
    TYPE: ClassVar[str] = "com.slipway.contact.event.v1"
    project: Name
    contact_id: ContactId
    name: Name
    data: dict[str, Any] = Field(default_factory=dict)


# launcher.replies, contacts.replies


class CommandAt(Value):
    """Where the command lay."""

    topic: str
    partition: int
    offset: int


class Reply(Event):
    project: str | None = None
    command_id: str
    command_source: str
    command_at: CommandAt


class LaunchAccepted(Reply):
    TYPE: ClassVar[str] = "com.slipway.launch.accepted.v1"
    launch_id: str
    state: LaunchState
    targeted_expected: int | None = None


class LaunchRejected(Reply):
    TYPE: ClassVar[str] = "com.slipway.launch.rejected.v1"
    points: list[Point]


class LaunchApproved(Reply):
    TYPE: ClassVar[str] = "com.slipway.launch.approved.v1"
    launch_id: str
    by: str


class LaunchDeclined(Reply):
    TYPE: ClassVar[str] = "com.slipway.launch.declined.v1"
    launch_id: str
    reason: Literal["declined", "cancelled", "approval_expired"]
    by: str | None = None


class CommandAccepted(Reply):
    TYPE: ClassVar[str] = "com.slipway.command.accepted.v1"
    launch_id: str
    state: LaunchState


RejectionCode = Literal[
    "unsigned",
    "unknown_key",
    "bad_signature",
    "too_old",
    "malformed",
    "too_large",
    "unsupported",
    "project_mismatch",
    "conflict",
    "forbidden",
    "unknown_launch",
    "wrong_state",
    "quota",
]


class CommandRejected(Reply):
    TYPE: ClassVar[str] = "com.slipway.command.rejected.v1"
    code: RejectionCode
    detail: str
    """What is wrong and what to do."""


# log.outcomes, log.launches


class OutcomeRecorded(Event):
    """One per target, when it ends. Dedupe by (launch_id, contact_id)."""

    TYPE: ClassVar[str] = "com.slipway.outcome.recorded.v1"
    project: str
    launch_id: str
    scenario: str
    scenario_version: int
    contact_id: str
    outcome: Outcome
    reason: str
    started_at: datetime | None = None
    ended_at: datetime


class Held(Value):
    """The launch would have sent more than planned: nothing goes out until a person resumes or stops it."""

    reason: str
    number: int = 1
    """The launch's first, second, … hold."""


class LaunchFigures(Event):
    """Absolute counts of one launch. Keep the highest `revision`."""

    project: str
    launch_id: str
    revision: int
    scenario: str
    scenario_version: int
    state: LaunchState
    targeting: Literal["open", "finished"]
    targeted: int
    started: int
    not_started: int
    in_progress: int
    success: int
    failure: int
    abandon: int
    other: int
    by_reason: dict[str, int]
    deliveries: dict[str, int]
    held: Held | None = None
    requested_by: str
    command_id: str | None = None
    command_source: str | None = None
    retry_of: str | None = None
    requested_at: datetime
    ended_at: datetime | None = None


class LaunchProgressed(LaunchFigures):
    TYPE: ClassVar[str] = "com.slipway.launch.progressed.v1"


class LaunchCompleted(LaunchFigures):
    TYPE: ClassVar[str] = "com.slipway.launch.completed.v1"


class LaunchStopped(LaunchFigures):
    TYPE: ClassVar[str] = "com.slipway.launch.stopped.v1"


class LaunchFailed(LaunchFigures):
    TYPE: ClassVar[str] = "com.slipway.launch.failed.v1"
