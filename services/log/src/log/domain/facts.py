"""What an event tells about a launch, as far as its figures and state are concerned."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from contracts.words import ControlState, LaunchMode, Outcome
from log.domain.launch import Request


@dataclass(frozen=True, slots=True)
class Described:
    """The immutable part: which scenario version, since when. LaunchRequested and every LaunchOpened tell it."""

    scenario: str
    version: int
    requested_at: datetime
    retry_of: str | None = None
    mode: LaunchMode = LaunchMode.LIVE
    ends: tuple[str, ...] = ()
    """End steps of the version."""
    steps: tuple[str, ...] = ()
    """All of its steps."""
    sends: tuple[str, ...] = ()
    """Those that send."""
    arms: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Where each branch and split leads, by step."""
    waits: bool = False
    """Its targets come to waits, which take their time."""


@dataclass(frozen=True, slots=True)
class Requested:
    request: Request


@dataclass(frozen=True, slots=True)
class Opened:
    """contacts has begun to walk the audience."""


@dataclass(frozen=True, slots=True)
class Controlled:
    state: ControlState
    revision: int
    lifted: int = 0
    """How many holds people have lifted."""


@dataclass(frozen=True, slots=True)
class Held:
    reason: str
    number: int = 1


@dataclass(frozen=True, slots=True)
class Targeted:
    count: int


@dataclass(frozen=True, slots=True)
class TargetingEnded:
    total: int
    failed: str | None


@dataclass(frozen=True, slots=True)
class Started:
    count: int


@dataclass(frozen=True, slots=True)
class Ended:
    """Outcomes of targets that had none before."""

    outcomes: Mapping[Outcome, int]
    by_reason: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Delivered:
    """Net change per delivery state: up by one for the new state of a message, down by one for its former."""

    change: Mapping[str, int]


Count = Targeted | Started | Ended | Delivered
"""Added to what the partition has counted."""
State = Described | Requested | Opened | Controlled | Held | TargetingEnded
"""Of the launch as a whole, told once or once per partition."""
Fact = Count | State
