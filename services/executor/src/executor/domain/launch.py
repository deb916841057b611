"""A launch as executor knows it: the immutable part, its gate, and what this partition has counted of it."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from contracts.launches import ScenarioVersion
from contracts.words import ControlState, LaunchMode, Recurrence, Why
from executor.domain.cohort import Cohort, Status
from executor.domain.flow import CompileCondition, Flow, compile_flow

TOLD_EVERY: Final = timedelta(seconds=1)
"""So often at most a partition tells what it has counted of a launch, while instances of it are open."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How a launch takes a contact's place in its scenario."""

    keep: bool
    """The place stays taken after the end."""
    over_ended: bool
    """A place whose instance has ended may be taken over."""
    refusal: Why


@dataclass(frozen=True, slots=True)
class Launch:
    launch_id: str
    project: str
    scenario: str
    rule: Rule | None
    """None: any number of instances per contact."""
    flow: Flow
    trace: str | None = None
    number: int = 0
    """Stands for it in the large tables; drawn when it is stored."""
    mode: LaunchMode = LaunchMode.LIVE


def recurrence_rule(recurrence: Recurrence, retry: bool) -> Rule | None:
    """A retry lifts `once` for its targets, but never starts a contact whose instance still runs."""
    match recurrence:
        case Recurrence.ALWAYS:
            return None
        case Recurrence.IF_NOT_RUNNING:
            return Rule(keep=False, over_ended=True, refusal=Why.RECURRENCE_RUNNING)
        case Recurrence.ONCE if retry:
            return Rule(keep=True, over_ended=True, refusal=Why.RECURRENCE_RUNNING)
        case Recurrence.ONCE:
            return Rule(keep=True, over_ended=False, refusal=Why.RECURRENCE_ONCE)


def compile_launch(
    launch_id: str,
    version: ScenarioVersion,
    context: Mapping[str, Any],
    retry_of: str | None,
    compile_condition: CompileCondition,
    mode: LaunchMode = LaunchMode.LIVE,
) -> Launch:
    """A test asks for nobody's place in the scenario."""
    rule = None if mode is LaunchMode.TEST else recurrence_rule(version.body.recurrence, retry_of is not None)
    return Launch(
        launch_id=launch_id,
        project=version.project,
        scenario=version.key,
        rule=rule,
        flow=compile_flow(version.body, context, compile_condition, virtual=mode is not LaunchMode.LIVE),
        mode=mode,
    )


@dataclass(frozen=True, slots=True)
class Share:
    """What one partition has counted of a launch. `revision` rises with every change."""

    open: int = 0
    entered: Mapping[str, int] = field(default_factory=dict)
    revision: int = 0
    published: int = 0
    """The revision that was told last."""
    published_at: datetime | None = None
    """When; before the first, when counting began; None: nothing is stored yet."""

    def after(self, started: int, cohorts: Iterable[Cohort]) -> "Share":
        """With `started` new instances, and instances now standing as in `cohorts`."""
        entered = Counter(self.entered)
        ended = 0
        for cohort in cohorts:
            ended += len(cohort.members) if cohort.status is Status.ENDED else 0
            for step in cohort.entered:
                entered[step] += len(cohort.members)
        return replace(self, open=self.open + started - ended, entered=dict(entered), revision=self.revision + 1)

    def told(self, now: datetime) -> "Share":
        """As it stands once its counts are told, if it is time; until `published` moves they are not. It is time
        whenever no instance is open: these may be the last counts there are."""
        since = self.published_at or now
        if self.open and now - since < TOLD_EVERY:
            return replace(self, published_at=since)
        return replace(self, published=self.revision, published_at=now)


@dataclass(frozen=True, slots=True)
class Control:
    """A control record: what the launch allows from this revision on."""

    launch_id: str
    project: str
    state: ControlState
    revision: int
    trace: str | None = None


class OrderKind(StrEnum):
    STOP = "stop"
    RESUME = "resume"


@dataclass(frozen=True, slots=True)
class Order:
    """Work that a control record left for the owner of each partition."""

    launch_id: str
    kind: OrderKind
    revision: int
    trace: str | None = None


def order_for(before: ControlState | None, now: ControlState) -> OrderKind | None:
    """What has to be done to open instances when the gate turns; None: nothing, and what was ordered lapses."""
    if now is ControlState.STOPPED:
        return OrderKind.STOP
    if before is ControlState.PAUSED and now is ControlState.RUNNING:
        return OrderKind.RESUME
    return None
