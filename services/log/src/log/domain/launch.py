"""A launch as log counts it: the facts that were told, the figures derived from them, and its state."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from contracts.words import BY_STOP, NOT_STARTED, ControlState, LaunchMode, LaunchState, Outcome


@dataclass(frozen=True, slots=True)
class Request:
    """Who asked for the launch and how: from the first control record."""

    requested_by: str
    command_id: str | None = None
    command_source: str | None = None


@dataclass(frozen=True, slots=True)
class Launch:
    """One row of `launch`, and the sums of what partitions counted for it (`log.domain.tally`). Facts may come in any
    order, so everything but identity may still be unknown."""

    launch_id: str
    project: str
    scenario: str | None = None
    version: int | None = None
    requested_at: datetime | None = None
    retry_of: str | None = None
    mode: LaunchMode = LaunchMode.LIVE
    ends: tuple[str, ...] | None = None
    """End steps of its scenario version; None: not known, or of a launch from before they were kept."""
    steps: tuple[str, ...] | None = None
    """All of its steps; None: as for `ends`."""
    sends: tuple[str, ...] = ()
    """Those that send."""
    arms: Mapping[str, tuple[str, ...]] | None = None
    """Where each branch and split leads, by step; None: as for `ends`."""
    waits: bool = False
    """Whether its scenario has waits that take their time: a rehearsal's are over at once."""
    request: Request | None = None

    control: ControlState = ControlState.RUNNING
    control_revision: int = 0
    hold: int = 0
    """The newest of messaging's holds; 0: there was none."""
    hold_reason: str | None = None
    lifted: int = 0
    """How many holds people have lifted."""
    opened: bool = False
    total: int | None = None
    """The launch's targets, once targeting has finished."""
    failed: str | None = None
    """Why targeting could not go on."""

    chunked: int = 0
    """Targets in the chunks seen so far."""
    begun: int = 0
    """Instances that executor said it started."""
    outcomes: Mapping[Outcome, int] = field(default_factory=dict)
    by_reason: Mapping[str, int] = field(default_factory=dict)
    deliveries: Mapping[str, int] = field(default_factory=dict)
    changes: int = 0
    """How often partitions have counted something."""

    end: LaunchState | None = None
    """Set once: `completed`, `stopped` or `failed`."""
    ended_at: datetime | None = None
    own_revision: int = 0
    """Rises with every change of the row that is no count."""

    published: int = 0
    """The revision that went out last."""
    published_at: datetime | None = None
    announced: bool = False
    """The end went out."""
    seen: int = 0
    """The highest revision read back from `log.launches`."""
    live: bool = True
    """Looked after by its home: until its end was told, and again once something is counted after that."""

    trace: str | None = None

    @property
    def revision(self) -> int:
        """Rises with every change of the figures; what is committed follows in one line: one revision, one content."""
        return self.own_revision + self.changes

    @property
    def public(self) -> bool:
        """Told on the public topics."""
        return self.mode is LaunchMode.LIVE

    @property
    def ended(self) -> int:
        return sum(self.outcomes.values())

    @property
    def not_started(self) -> int:
        return sum(count for reason, count in self.by_reason.items() if reason.startswith(NOT_STARTED))

    @property
    def started(self) -> int:
        """An instance that ended had started, also when its start is told later."""
        return max(self.begun, self.ended - self.not_started)

    @property
    def targeted(self) -> int:
        """The total; until it is known, what was heard of so far."""
        if self.total is not None:
            return self.total
        return max(self.chunked, self.started + self.not_started)

    @property
    def in_progress(self) -> int:
        return self.targeted - self.ended

    @property
    def held(self) -> str | None:
        """Why messaging holds it. A person's resume ends that; so do a stop and the launch's own end."""
        over = self.end is not None or self.control is ControlState.STOPPED
        return None if over or self.hold <= self.lifted else self.hold_reason

    @property
    def was_stopped(self) -> bool:
        """A target that ended because of a stop tells of it even before the control record is read here."""
        return self.control is ControlState.STOPPED or any(self.by_reason.get(reason) for reason in BY_STOP.values())

    @property
    def state(self) -> LaunchState:
        if self.end is not None:
            return self.end
        if self.control is ControlState.STOPPED:
            return LaunchState.STOPPING
        if self.control is ControlState.PAUSED:
            return LaunchState.PAUSED
        return LaunchState.RUNNING if self.opened else LaunchState.REQUESTED
