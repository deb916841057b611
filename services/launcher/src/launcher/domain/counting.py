"""Counts of a selection: what they say, what they were made of, and whether they still hold."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from contracts.checks import Point
from contracts.crm import ContactsGiven, GroupsGiven, LaunchRequest, OptionsGiven, ParticipantsGiven
from contracts.launches import Options, Participants, ScenarioVersion
from contracts.words import Figure
from runtime.documents import canonical

What = Literal["scenario", "version", "selection", "options"]


@dataclass(frozen=True, slots=True)
class Figures:
    """Numbers of contacts: `targeted` is `starting` and all of `excluded`."""

    targeted: int
    starting: int
    excluded: Mapping[str, int]
    """By `contracts.words.Why`, or `deleted`."""


@dataclass(frozen=True, slots=True)
class MessageFigures:
    """Of one `send` step: how many of those that start it would reach if they all came to it."""

    step: str
    channel: str
    message_type: str
    reached: int
    skipped: Mapping[str, int]
    """By `contracts.words.Why`."""
    at_most: bool = False
    """Not all of them need come to it: a branch, a split or another way leads past it."""


@dataclass(frozen=True, slots=True)
class Selected:
    """What is counted: a launch as it would be asked for."""

    version: ScenarioVersion
    participants: Participants
    options: Options
    context: Mapping[str, Any]
    launched_by: str
    launch_id: str | None = None
    """That launch's own selection: contacts named one by one need not be named again."""
    retry: bool = False
    """Of targets that were this scenario's already: `once` counts as `if_not_running`."""
    approves: bool = False
    """For an approval: nobody who only wants to know keeps it waiting."""


@dataclass(frozen=True, slots=True)
class Counted:
    """contacts' answer. Where a point blocks, the figures mean nothing."""

    figures: Figures
    no_consent: Mapping[str, int]
    """Of `excluded`'s no_consent: by message type."""
    messages: tuple[MessageFigures, ...] = ()
    points: tuple[Point, ...] = ()


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of the contacts behind a figure."""

    reason: str | None = None
    """What they are excluded, or skipped, for."""
    message_type: str | None = None
    """Of `no_consent`: only those whose way ends at this type."""
    cursor: str | None = None
    """The contact before the page's first; None: the list begins."""
    limit: int = 1000
    place: str | None = None
    """Of a result set: the cursor of the page of it in which this page begins; None: its first."""
    figure: Figure | None = None
    """None: whom the reason keeps out; if that is nobody, whom a message skips for it."""
    step: str | None = None
    """Reached, or skipped, by this step's message alone."""


@dataclass(frozen=True, slots=True)
class Found:
    """contacts' answer: a page of ids, in byte order."""

    figure: Figure
    contact_ids: list[str]
    next: str | None
    """Cursor of the next page; None: this is the last."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A page as it is told."""

    figure: Figure
    contact_ids: list[str]
    following: Listing | None = None
    """The next page; None: this is the last."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Of a message: how many get it, and why the others do not."""

    reached: int
    skipped: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Basis:
    """What a count was made of, and what it said: a person decides on it."""

    project: str
    subject: str
    """Who counted."""
    scenario: str
    version: int
    selection: str
    """`selection_digest` of what was asked for."""
    options: str
    """`options_digest`."""
    figures: Figures
    messages: Mapping[str, Reach] = field(default_factory=dict)
    """By step."""


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far a count may be off at the approval: both bounds have to be passed before it is too far."""

    contacts: int = 10
    percent: float = 5.0


def merged(parts: Sequence[Counted]) -> Counted:
    """Of contacts that are counted portion by portion, each once: what was said of all together.

    There is one part at least, all of the same launch. What stands against some of them alone stands against none.
    """
    messages = [
        replace(
            each,
            reached=sum(part.messages[at].reached for part in parts),
            skipped=_sum(part.messages[at].skipped for part in parts),
        )
        for at, each in enumerate(parts[0].messages)
    ]
    figures = Figures(
        targeted=sum(part.figures.targeted for part in parts),
        starting=sum(part.figures.starting for part in parts),
        excluded=_sum(part.figures.excluded for part in parts),
    )
    points = [point for point in parts[0].points if all(point in part.points for part in parts)]
    return Counted(figures, _sum(part.no_consent for part in parts), tuple(messages), tuple(points))


def selection_digest(participants: ParticipantsGiven, context: Mapping[str, Any]) -> str:
    """Equal for what selects the same: groups and contacts count once each, in any order."""
    said: dict[str, Any] = participants.model_dump(mode="json")
    match participants:
        case GroupsGiven(groups=groups):
            said["groups"] = sorted(set(groups))
        case ContactsGiven(contacts=contacts):
            said["contacts"] = sorted(set(contacts))
    return _digest({"participants": said, "context": dict(context)})


def options_digest(options: OptionsGiven) -> str:
    """Of what decides who starts: that consent is lifted, not why."""
    lifted = options.consent_override is not None
    return _digest({"consent_override": lifted, "intersect_with_launcher": options.intersect_with_launcher})


def basis_of(
    request: LaunchRequest, version: int, subject: str, figures: Figures, messages: Iterable[MessageFigures] = ()
) -> Basis:
    return Basis(
        project=request.project,
        subject=subject,
        scenario=request.scenario,
        version=version,
        selection=selection_digest(request.participants, request.context),
        options=options_digest(request.options),
        figures=figures,
        messages={each.step: Reach(each.reached, each.skipped) for each in messages},
    )


def mismatch(counted: Basis, scenario: str, version: int, selection: str, options: str) -> What | None:
    """What was counted otherwise than it is to be launched; None: it is the same."""
    if counted.scenario != scenario:
        return "scenario"
    if counted.version != version:
        return "version"
    if counted.selection != selection:
        return "selection"
    return "options" if counted.options != options else None


def drift(counted: Figures, now: Figures, tolerance: Tolerance) -> bool:
    """Whether so many more or fewer are targeted, or would start, that a person has to look again."""
    pairs = ((counted.targeted, now.targeted), (counted.starting, now.starting))
    return any(_too_far(before, after, tolerance) for before, after in pairs)


def _sum(figures: Iterable[Mapping[str, int]]) -> dict[str, int]:
    found = Counter[str]()
    for each in figures:
        found.update(each)
    return dict(found)


def _too_far(before: int, after: int, tolerance: Tolerance) -> bool:
    off = abs(after - before)
    return off > tolerance.contacts and off * 100 > tolerance.percent * before


def _digest(said: dict[str, Any]) -> str:
    return hashlib.sha256(canonical(said)).hexdigest()
