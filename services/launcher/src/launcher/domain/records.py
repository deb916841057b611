"""What is said of a launch: the events that its decisions are, and what the CRM hears of its request."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from contracts.crm import (
    AllGiven,
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
from contracts.words import ControlState, LaunchState
from launcher.domain.launch import Launch, Origin, Rejected

CHUNK = 500
"""So many selected contacts travel inside LaunchDrafted itself; more of them in ParticipantsListed of this size."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Participants as they travel: what LaunchDrafted carries, and the chunks beside it."""

    participants: Participants | None
    """None: of a request that was refused."""
    chunks: tuple[tuple[str, ...], ...] = ()
    selected: int | None = None
    """How many contacts were named, each once; None where they were not named one by one."""


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


def drafted(launch: Launch, version: ScenarioVersion, undecided: timedelta | None = None) -> LaunchDrafted:
    """`undecided`: for so long after it was asked for it may be decided."""
    return LaunchDrafted.model_validate(
        _wanted(launch, version)
        | {
            "check": launch.check_round,
            "undecided_until": None if undecided is None else launch.drafted_at + undecided,
        }
    )


def listed(launch: Launch, index: int, chunk: Sequence[str]) -> ParticipantsListed:
    return ParticipantsListed(project=launch.project, launch_id=launch.launch_id, index=index, contact_ids=list(chunk))


def requested(launch: Launch, version: ScenarioVersion, now: datetime) -> LaunchRequested:
    """The first control record, of a launch that is in state `requested` already."""
    return LaunchRequested.model_validate(
        _wanted(launch, version)
        | {
            "revision": launch.revision,
            "state": ControlState.RUNNING,
            "approved_by": launch.approved_by,
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


def _wanted(launch: Launch, version: ScenarioVersion) -> dict[str, Any]:
    """What was asked for, as records of it tell."""
    return {
        "project": launch.project,
        "launch_id": launch.launch_id,
        "version": version,
        "participants": _travelling(launch),
        "participants_chunks": launch.participants_chunks,
        "options": launch.options,
        "context": launch.context,
        "launched_by": launch.requested_by,
        "retry_of": launch.retry_of,
    }


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
