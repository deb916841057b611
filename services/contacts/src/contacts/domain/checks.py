"""Whether a drafted launch can find its audience: what only contacts can tell."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from contacts.domain.segments import SegmentFacts, segment_points
from contracts.checks import Point
from contracts.words import LaunchMode, Severity
from runtime.did_you_mean import did_you_mean

Kind = Literal["all", "groups", "contacts", "segment"]

ADMINISTRATOR = "admin"
"""Who administers the installation: in every project, and no user of any."""


@dataclass(frozen=True, slots=True)
class Member:
    """A user or key of the project, as far as it is known here."""

    disabled: bool
    restriction: str | None = None
    """CEL over `contact`: only contacts for which it holds may be sent to."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Selected ids of which there never was a contact."""

    contacts: int = 0
    first: tuple[str, ...] = ()
    """The first few of them."""


@dataclass(frozen=True, slots=True)
class KnownGroups:
    """Of the groups that are asked for."""

    there: frozenset[str] = frozenset()
    """Those that there are."""
    others: frozenset[str] = frozenset()
    """Where one is missing: which there are besides, for it may be mistyped."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known when all participants were listed."""

    kind: Kind
    creator: str
    member: Member | None
    """The creator; None: nobody of that name."""
    groups: tuple[str, ...] = ()
    known_groups: KnownGroups = KnownGroups()
    selected: int = 0
    """Contacts selected one by one, each once."""
    existing: int | None = None
    """How many contacts there are among those that it targets; None: too many to count here."""
    unknown: Unknown = Unknown()
    """Of those that were selected one by one."""
    segment: SegmentFacts = field(default_factory=SegmentFacts)
    """Of kind segment: its condition."""
    mode: LaunchMode = LaunchMode.LIVE


def points(facts: Facts) -> list[Point]:
    """What stands against the launch, and what it is warned of; empty: nothing."""
    found = [*_selection(facts), *_creator(facts)]
    return (
        found
        if any(point.severity is Severity.ERROR for point in found)
        else [*found, *_nobody(facts), *_unknown(facts.unknown)]
    )


def _selection(facts: Facts) -> Iterator[Point]:
    if facts.kind == "segment":
        yield from segment_points(facts.segment, "participants.where")
    for index, group in enumerate(facts.groups):
        if group not in facts.known_groups.there:
            close = did_you_mean(group, facts.known_groups.there | facts.known_groups.others)
            yield _error(
                "unknown_group",
                f"participants.groups[{index}]",
                f"There is no group {group}{close or '.'} `GET /v1/groups` lists them.",
            )
    if facts.kind == "groups" and not facts.groups:
        yield _error("empty_selection", "participants.groups", "Name a group, or say kind all for everybody.")
    if facts.kind == "contacts" and not facts.selected:
        yield _error("empty_selection", "participants.contacts", "Name a contact, or say kind all for everybody.")
    elif facts.kind == "contacts" and facts.existing == 0:
        yield _error(
            "empty_selection",
            "participants.contacts",
            "None of the selected contacts exists in this project: import them, or correct the ids.",
        )
    if facts.mode is LaunchMode.TEST and facts.kind == "all" and facts.existing == 0:
        yield _error(
            "empty_selection",
            "contact_id",
            "A test's mails are filled with a contact's data, and this project has none: import one.",
        )


def _nobody(facts: Facts) -> Iterator[Point]:
    """It may run, to the end of nobody."""
    if facts.existing != 0:
        return
    match facts.kind:
        case "all":
            yield _empty("participants", "This project has no contacts: import some (`POST /v1/contacts`).")
        case "groups":
            are = "Group {} is" if len(facts.groups) == 1 else "The groups {} are"
            remedy = f"empty: put contacts in (`POST /v1/groups/{facts.groups[0]}/contacts`), or choose another."
            yield _empty("participants.groups", f"{are.format(', '.join(facts.groups))} {remedy}")
        case "segment":
            yield _empty("participants.where", "This holds for no contact: look it over, or import contacts first.")
        case "contacts":  # none of them exists: that is an error
            pass


def _unknown(unknown: Unknown) -> Iterator[Point]:
    """They end as those who are deleted, and one that is mistyped would look like that."""
    if unknown.contacts:
        ids = ", ".join(unknown.first) + (" …" if unknown.contacts > len(unknown.first) else "")
        who = "1 selected contact was" if unknown.contacts == 1 else f"{unknown.contacts:,} selected contacts were"
        remedy = f"{who} never in this project ({ids}) and would count as deleted: correct the ids, or import them."
        yield Point(code="unknown_contact", severity=Severity.WARNING, place="participants.contacts", remedy=remedy)


def _empty(place: str, remedy: str) -> Point:
    return Point(code="nobody_targeted", severity=Severity.WARNING, place=place, remedy=f"Nobody is targeted. {remedy}")


def _creator(facts: Facts) -> Iterator[Point]:
    if facts.member is None:
        yield _error(
            "unknown_user",
            "scenario.creator",
            f"The scenario's creator {facts.creator} is no user of this project: transfer the scenario.",
        )
    elif facts.member.disabled:
        yield _error(
            "forbidden",
            "scenario.creator",
            f"The scenario's creator {facts.creator} is disabled: transfer the scenario, or enable the user.",
        )


def _error(code: str, place: str, remedy: str) -> Point:
    return Point(code=code, severity=Severity.ERROR, place=place, remedy=remedy)
