"""`launcher.launches`: what launcher decides about a launch. Key: launch id."""

from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from contracts.event import Event, Value
from contracts.scenario import Scenario
from contracts.words import ControlState, LaunchMode


class All(Value):
    """Every contact of the project: said in so many words, never by an empty selection."""

    kind: Literal["all"] = "all"


class Groups(Value):
    kind: Literal["groups"] = "groups"
    groups: list[str]


class Contacts(Value):
    """Selected ids. Above 500 of them `contacts` is empty and ParticipantsListed chunks carry them."""

    kind: Literal["contacts"] = "contacts"
    contacts: list[str] = Field(default_factory=list)


class Segment(Value):
    """Contacts for which a condition holds."""

    kind: Literal["segment"] = "segment"
    where: str
    """CEL over `contact`."""


Participants = Annotated[All | Groups | Contacts | Segment, Field(discriminator="kind")]
OrderKind = Literal["remove", "advance"]


class Options(Value):
    consent_override: bool = False
    override_reason: str | None = None
    intersect_with_launcher: bool = False
    """Only contacts that the one who launches may send to as well."""
    mode: LaunchMode = LaunchMode.LIVE
    to: str | None = None
    """Of a test: the address that its mails go to."""


class ScenarioVersion(Value):
    """A published version: never changes. `creator` first pushed the key; their reach decides who is sent to."""

    project: str
    version: int
    creator: str
    zone: str = "UTC"
    """The project's zone."""
    body: Scenario

    @property
    def key(self) -> str:
        return self.body.key


class LaunchDrafted(Event):
    """By launcher, once a request passed its own checks: contacts now judges what it owns (LaunchChecked)."""

    TYPE: ClassVar[str] = "com.slipway.launch-drafted.v1"
    project: str
    launch_id: str
    version: ScenarioVersion
    participants: Participants
    participants_chunks: int = 0
    """How many ParticipantsListed records belong to it; they may come before or after."""
    options: Options
    context: dict[str, Any]
    launched_by: str
    check: int = 1
    """The round: a draft that is validated again is drafted again, with the next one."""
    retry_of: str | None = None
    """The launch whose targets these are."""
    undecided_until: datetime | None = None
    """Until then somebody may confirm and approve it; None: at most 30 days from now."""


class ParticipantsListed(Event):
    """By launcher, beside LaunchDrafted, when more than 500 contacts were selected."""

    TYPE: ClassVar[str] = "com.slipway.participants-listed.v1"
    project: str
    launch_id: str
    index: int
    contact_ids: list[str]


class LaunchRequested(Event):
    """By launcher, when every check passed: the first control record. Nothing runs before it."""

    TYPE: ClassVar[str] = "com.slipway.launch-requested.v1"
    project: str
    launch_id: str
    revision: int
    state: ControlState
    version: ScenarioVersion
    participants: Participants
    participants_chunks: int = 0
    options: Options
    context: dict[str, Any]
    launched_by: str
    """User or key that launched."""
    approved_by: str | None = None
    """Who approved it; None: nobody had to."""
    command_id: str | None = None
    command_source: str | None = None
    retry_of: str | None = None
    asked_at: datetime | None = None
    """When somebody asked for it; None: at `requested_at`, for nobody had to approve it."""
    requested_at: datetime
    """When it was let run: with the approval, if there had to be one."""


class LaunchControlled(Event):
    """By launcher, at each stop, pause or resume: the whole control state; the highest revision wins."""

    TYPE: ClassVar[str] = "com.slipway.launch-controlled.v1"
    project: str
    launch_id: str
    revision: int
    state: ControlState
    by: str
    reason: str | None = None
    lifted: int = 0
    """How many of the launch's holds (LaunchHeld) people have lifted: nothing else ends them in messaging."""
    at: datetime


class ContactOrdered(Event):
    """By launcher, on the launch's home: a person takes one contact out of it, or past a wait. One record per order."""

    TYPE: ClassVar[str] = "com.slipway.contact-ordered.v1"
    project: str
    launch_id: str
    contact_id: str
    order_id: str
    """Derived from the command: the same order again is the same."""
    kind: OrderKind
    by: str
    at: datetime
