"""A launch as launcher keeps it, and the records that its decisions are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from contracts.checks import Point
from contracts.crm import (
    AllGiven,
    CommandAt,
    ContactsGiven,
    GroupsGiven,
    LaunchAccepted,
    LaunchApproved,
    LaunchDeclined,
    LaunchRejected,
    LaunchRequest,
    Reply,
    ResultsGiven,
    SegmentGiven,
)
from contracts.launches import (
    All,
    Contacts,
    Groups,
    LaunchControlled,
    LaunchDrafted,
    LaunchRequested,
    Participants,
    ParticipantsListed,
    ScenarioVersion,
    Segment,
)
from contracts.words import ControlState, LaunchMode, LaunchState, Permission
from launcher.domain.parties import KEY_PREFIX, Grants

CHUNK = 500
"""So many selected contacts travel inside LaunchDrafted itself; more of them in ParticipantsListed of this size."""


class Kind(StrEnum):
    """What was asked for."""

    LAUNCH = "launch"
    SINGLE = "single"
    """One contact, from its page or the scenario's."""
    RETRY = "retry"
    RELAUNCH = "relaunch"
    TEST = "test"
    REHEARSAL = "rehearsal"


class Flow(StrEnum):
    """Who has to say yes before it runs."""

    DIRECT = "direct"
    """Nobody: who asks may, or nobody is reached that a person has not named."""
    CRM = "crm"
    """An approver; a program's request counts as confirmed."""
    PERSON = "person"
    """Who asks confirms a count, then an approver."""


class Rejected(StrEnum):
    """Why a launch never ran."""

    POINTS = "points"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    APPROVAL_EXPIRED = "approval_expired"


def flow(subject: str, grants: Grants, kind: Kind) -> Flow:
    """Of a launch that this subject asks for."""
    if Permission.LAUNCH_PREAPPROVED in grants or kind in (Kind.SINGLE, Kind.TEST, Kind.REHEARSAL):
        return Flow.DIRECT
    return Flow.CRM if subject.startswith(KEY_PREFIX) else Flow.PERSON


@dataclass(frozen=True, slots=True)
class Way:
    """How a launch was asked for, beyond the request itself."""

    kind: Kind = Kind.LAUNCH
    mode: LaunchMode = LaunchMode.LIVE
    retry_of: str | None = None
    relaunch_of: str | None = None
    to: str | None = None
    """Of a test: the address that its mails go to."""
    version: int | None = None
    """Of a test: the version that is tried; None: the active one, else the newest."""


PLAIN = Way()


@dataclass(frozen=True, slots=True)
class Origin:
    """The CRM's command that asked for it."""

    id: str
    source: str
    at: CommandAt


@dataclass(frozen=True, slots=True)
class Selection:
    """Participants as they travel: what LaunchDrafted carries, and the chunks beside it."""

    participants: Participants | None
    """None: of a request that was refused."""
    chunks: tuple[tuple[str, ...], ...] = ()
    selected: int | None = None
    """How many contacts were named, each once; None where they were not named one by one."""


@dataclass(frozen=True, slots=True)
class Collected:
    """How far the result set has been read whose contacts are a launch's participants."""

    cursor: str | None = None
    """Where the next page begins."""
    last: str = ""
    """The contact read last."""
    chunks: int = 0
    targets: int = 0
    done: bool = False


@dataclass(frozen=True, slots=True)
class Launch:
    launch_id: str
    project: str
    scenario: str
    version: int | None
    creator: str | None
    zone: str
    state: LaunchState
    revision: int
    """Of the newest control record; 0 before the first."""
    participants: dict[str, Any]
    participants_chunks: int
    selected: int | None
    options: dict[str, Any]
    context: dict[str, Any]
    requested_by: str
    origin: Origin | None
    """None: asked for over HTTP."""
    points: tuple[Point, ...]
    targeted_expected: int | None
    drafted_at: datetime
    requested_at: datetime | None = None
    ended_at: datetime | None = None
    figures: dict[str, Any] | None = None
    figures_revision: int = 0
    hold: int = 0
    """The newest of messaging's holds that is known here; 0: there was none."""
    lifted: int = 0
    """The newest hold that a person has lifted."""
    mode: LaunchMode = LaunchMode.LIVE
    kind: Kind = Kind.LAUNCH
    flow: Flow = Flow.DIRECT
    retry_of: str | None = None
    """The launch whose targets these are."""
    relaunch_of: str | None = None
    """The launch of the same scenario that this one was begun from."""
    check_round: int = 1
    """Rises each time that contacts is asked to judge it again; answers of earlier rounds are late."""
    summary: dict[str, Any] | None = None
    """What was confirmed, figures included: never changed after."""
    confirmed_by: str | None = None
    confirmed_at: datetime | None = None
    approved_by: str | None = None
    approved_at: datetime | None = None
    rejected: Rejected | None = None
    collected: Collected | None = None
    """How far the result set was read that its participants are; None: they are none, or it was not begun."""
    paused_because: str | None = None
    """Why launcher itself has paused it; None: it has not, or somebody has resumed it."""

    @property
    def collecting(self) -> bool:
        """Nobody can judge or count it before its participants are known."""
        return self.state is LaunchState.DRAFT and self.collected is not None and not self.collected.done

    @property
    def held(self) -> str | None:
        """Why messaging holds it; None: it does not, as far as is known here."""
        if self.hold <= self.lifted:
            return None
        shown = (self.figures or {}).get("held") or {}
        return str(shown.get("reason") or "it would send more than planned")


def select(request: LaunchRequest) -> Selection:
    """Each named group or contact once, in the order given. The contacts of a result set are collected later."""
    match request.participants:
        case GroupsGiven(groups=groups):
            return Selection(Groups(groups=list(dict.fromkeys(groups))))
        case ContactsGiven(contacts=named):
            contacts = tuple(dict.fromkeys(named))
            if len(contacts) <= CHUNK:
                return Selection(Contacts(contacts=list(contacts)), selected=len(contacts))
            chunks = tuple(contacts[start : start + CHUNK] for start in range(0, len(contacts), CHUNK))
            return Selection(Contacts(), chunks, len(contacts))
        case SegmentGiven(where=where):
            return Selection(Segment(where=where))
        case ResultsGiven():
            return Selection(Contacts())
        case AllGiven():
            return Selection(All())


def drafted(launch: Launch, version: ScenarioVersion) -> LaunchDrafted:
    return LaunchDrafted.model_validate(
        {
            "project": launch.project,
            "launch_id": launch.launch_id,
            "version": version,
            "participants": _travelling(launch),
            "participants_chunks": launch.participants_chunks,
            "options": launch.options,
            "context": launch.context,
            "launched_by": launch.requested_by,
            "check": launch.check_round,
            "retry_of": launch.retry_of,
        }
    )


def listed(launch: Launch, index: int, chunk: Sequence[str]) -> ParticipantsListed:
    return ParticipantsListed(project=launch.project, launch_id=launch.launch_id, index=index, contact_ids=list(chunk))


def requested(launch: Launch, version: ScenarioVersion, now: datetime) -> LaunchRequested:
    """The first control record, of a launch that is in state `requested` already."""
    return LaunchRequested.model_validate(
        {
            "project": launch.project,
            "launch_id": launch.launch_id,
            "revision": launch.revision,
            "state": ControlState.RUNNING,
            "version": version,
            "participants": _travelling(launch),
            "participants_chunks": launch.participants_chunks,
            "options": launch.options,
            "context": launch.context,
            "launched_by": launch.requested_by,
            "approved_by": launch.approved_by,
            "retry_of": launch.retry_of,
            "command_id": launch.origin.id if launch.origin else None,
            "command_source": launch.origin.source if launch.origin else None,
            "asked_at": launch.drafted_at,
            "requested_at": now,
        }
    )


def controlled(
    launch: Launch, state: ControlState, by: str, now: datetime, reason: str | None = None
) -> LaunchControlled:
    """The control record of this launch as it is now, revision included."""
    return LaunchControlled(
        project=launch.project,
        launch_id=launch.launch_id,
        revision=launch.revision,
        state=state,
        by=by,
        reason=reason,
        lifted=launch.lifted,
        at=now,
    )


def outcome_of_request(launch: Launch, origin: Origin, by: str | None = None) -> Reply:
    """What the CRM hears about its launch.request as the launch is now. `by`: who declined or cancelled it."""
    about = _about(launch, origin)
    if launch.state is not LaunchState.REJECTED:
        return LaunchAccepted(
            **about, launch_id=launch.launch_id, state=launch.state, targeted_expected=launch.targeted_expected
        )
    match launch.rejected:
        case None | Rejected.POINTS:
            return LaunchRejected(**about, points=list(launch.points))
        case why:
            return LaunchDeclined(**about, launch_id=launch.launch_id, reason=why.value, by=by)


def approval(launch: Launch, origin: Origin) -> Reply:
    """What it hears after it was told that its launch waits: somebody has approved."""
    return LaunchApproved(**_about(launch, origin), launch_id=launch.launch_id, by=launch.approved_by or "")


def _travelling(launch: Launch) -> dict[str, Any]:
    """A result set travels as the contacts that it was when it was collected, all of them in chunks."""
    return {"kind": "contacts"} if launch.participants["kind"] == "results" else launch.participants


def _about(launch: Launch, origin: Origin) -> dict[str, Any]:
    return {
        "project": launch.project,
        "command_id": origin.id,
        "command_source": origin.source,
        "command_at": origin.at,
    }
