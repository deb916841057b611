"""A launch as launcher keeps it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from contracts.checks import Point
from contracts.crm import (
    CommandAt,
)
from contracts.words import LaunchMode, LaunchState, Permission
from launcher.domain.parties import KEY_PREFIX, Grants


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


def lacked(grants: Grants, *, lifts: bool) -> Permission | None:
    """What whoever asks for a launch needs, and lacks; None: nothing. `lifts`: it lifts consent."""
    needed = (Permission.PROCESS_START, *((Permission.CONSENT_OVERRIDE,) if lifts else ()))
    return next((permission for permission in needed if permission not in grants), None)


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
    recounted: dict[str, Any] | None = None
    """What was counted at the approval; None: nobody has approved it."""
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
    def lifts_consent(self) -> bool:
        return bool(self.options.get("consent_override"))

    @property
    def held(self) -> str | None:
        """Why messaging holds it; None: it does not, as far as is known here."""
        if self.hold <= self.lifted:
            return None
        shown = (self.figures or {}).get("held") or {}
        return str(shown.get("reason") or "it would send more than planned")
