"""The words of the product that cross a service boundary; `docs/glossary.md` explains them."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Any, Final

from pydantic import StringConstraints

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
"""Key of a project, scenario, group or message type."""

StepName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]


class Permission(StrEnum):
    PROCESS_START = "process:start"
    LAUNCH_APPROVE = "launch:approve"
    LAUNCH_STOP = "launch:stop"
    LAUNCH_PREAPPROVED = "launch:preapproved"
    CONSENT_OVERRIDE = "consent:override"
    SCENARIO_WRITE = "scenario:write"
    CONTACTS_WRITE = "contacts:write"
    USERS_MANAGE = "users:manage"
    VIEW = "view"


class Role(StrEnum):
    """A name for a set of permissions. Who is given a role is given its permissions; the role itself is not kept."""

    VIEWER = "viewer"
    MARKETER = "marketer"
    APPROVER = "approver"
    AUTHOR = "author"
    MANAGER = "manager"


ROLES: Final[Mapping[Role, frozenset[Permission]]] = MappingProxyType(
    {
        Role.VIEWER: frozenset({Permission.VIEW}),
        Role.MARKETER: frozenset({Permission.VIEW, Permission.PROCESS_START}),
        Role.APPROVER: frozenset({Permission.VIEW, Permission.LAUNCH_APPROVE, Permission.LAUNCH_STOP}),
        Role.AUTHOR: frozenset({Permission.VIEW, Permission.SCENARIO_WRITE}),
        Role.MANAGER: frozenset(Permission) - {Permission.LAUNCH_PREAPPROVED, Permission.CONSENT_OVERRIDE},
    }
)


class ControlState(StrEnum):
    """What a launch's control record allows: the gate."""

    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"


class LaunchState(StrEnum):
    DRAFT = "draft"
    VALIDATING = "validating"
    AWAITING_CONFIRMATION = "awaiting_confirmation"
    AWAITING_APPROVAL = "awaiting_approval"
    REJECTED = "rejected"
    REQUESTED = "requested"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPING = "stopping"
    COMPLETED = "completed"
    STOPPED = "stopped"
    FAILED = "failed"


class LaunchMode(StrEnum):
    LIVE = "live"
    TEST = "test"
    """One contact's way, at once, mailed to a named address; counted nowhere."""
    REHEARSAL = "rehearsal"
    """All targets' ways, at once; nothing is handed to a provider, nothing is changed."""


class Outcome(StrEnum):
    SUCCESS = "success"
    FAILURE = "failure"
    ABANDON = "abandon"
    OTHER = "other"


class DeliveryState(StrEnum):
    PLANNED = "planned"
    HELD = "held"
    SENDING = "sending"
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


class Why(StrEnum):
    """Why a message or a target is kept out, in order of precedence: the first match decides."""

    INACTIVE = "inactive"
    NOT_PERMITTED = "not_permitted"
    SUPPRESSED = "suppressed"
    NO_ADDRESS = "no_address"
    NO_CONSENT = "no_consent"
    RECURRENCE_ONCE = "recurrence_once"
    RECURRENCE_RUNNING = "recurrence_running"


class Left(StrEnum):
    """What keeps or takes a target out of a launch, beside `Why`: nothing of its scenario."""

    STOPPED = "stopped"
    REMOVED = "removed"
    DELETED = "deleted"


NOT_STARTED: Final = "not_started:"
"""Begins the reason of a target that had no instance; `Why` or `Left` follows."""
BY_STOP: Final[Mapping[Outcome, str]] = MappingProxyType(
    {Outcome.ABANDON: Left.STOPPED.value, Outcome.OTHER: f"{NOT_STARTED}{Left.STOPPED}"}
)
"""The reason of a target that the launch's stop ended, by outcome: it had an instance, or had none."""


def not_by_stop(figures: Mapping[str, Any]) -> dict[str, int]:
    """Targets by outcome, of a launch's `figures` as JSON (of `LaunchFigures`), without those that its stop ended: what
    was done stays as it is."""
    reasons = figures.get("by_reason") or {}
    return {each.value: int(figures.get(each, 0)) - int(reasons.get(BY_STOP.get(each), 0)) for each in Outcome}


ERRORS: Final = ("render", "send", "webhook", "condition", "update", "step_limit", "internal")
"""What makes an instance fail, behind `error:`."""
REASONS: Final = (
    *(left.value for left in Left),
    *("exit_criteria", "expired"),
    *(f"error:{error}" for error in ERRORS),
    *(f"skipped:{why}" for why in Why),
    *(f"{NOT_STARTED}{why}" for why in (*Why, *Left)),
)
"""Why targets end as they do, beside the ends of their scenario (`end:<step>`)."""
REASON: Final = rf"end:[a-z][a-z0-9_]{{0,62}}|{'|'.join(REASONS)}"
"""The pattern of all of them."""

COUNT_REASONS: Final = (*(why.value for why in Why), Left.DELETED.value)
"""What a count may say of contacts who do not start, or whom a message skips."""


class Figure(StrEnum):
    """Of a count: what has contacts behind it."""

    TARGETED = "targeted"
    STARTING = "starting"
    EXCLUDED = "excluded"
    """They do not start, for a reason."""
    REACHED = "reached"
    """They start, and get a step's message if they come to it."""
    SKIPPED = "skipped"
    """They start, and a message skips them for a reason."""


class Recurrence(StrEnum):
    ALWAYS = "always"
    IF_NOT_RUNNING = "if_not_running"
    ONCE = "once"


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"
