"""How a launch changes beside what is counted for it (`log.domain.tally`). Order does not matter to the figures."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import assert_never

from contracts.words import LaunchState
from log.domain.facts import Controlled, Described, Held, Opened, Requested, State, TargetingEnded
from log.domain.launch import Launch

REST = timedelta(seconds=5)
"""So long after its end was told a launch is looked after still: deliveries often come a moment later."""


def told(launch: Launch, facts: Iterable[State], now: datetime) -> Launch:
    """The launch after these facts: its end set if it is complete, a new revision if anything changed.

    What had ended before they came, ended without them: a stop that comes after the last outcome changes nothing.
    """
    after = settled(launch, now)
    for fact in facts:
        after = changed(after, fact)
    after = settled(after, now)
    if after == launch:
        return launch
    return replace(after, own_revision=launch.own_revision + 1, live=True)


def changed(launch: Launch, fact: State) -> Launch:
    match fact:
        case Described():
            if launch.scenario is not None:
                return launch
            launch = replace(launch, scenario=fact.scenario, version=fact.version, requested_at=fact.requested_at)
            launch = replace(launch, steps=fact.steps, ends=fact.ends, sends=fact.sends, waits=fact.waits)
            return replace(launch, arms=fact.arms, retry_of=fact.retry_of, mode=fact.mode)
        case Requested(request):
            return replace(launch, request=request)
        case Opened():
            return replace(launch, opened=True)
        case Controlled() | Held() if launch.end is not None:
            return launch
        case Controlled(state, revision, lifted):
            if revision <= launch.control_revision:
                return launch
            return replace(launch, control=state, control_revision=revision, lifted=max(launch.lifted, lifted))
        case Held(reason, number):
            return launch if number <= launch.hold else replace(launch, hold=number, hold_reason=reason)
        case TargetingEnded(total, failed):
            return replace(launch, total=total, failed=failed)
        case _:
            assert_never(fact)


def settled(launch: Launch, now: datetime) -> Launch:
    """Sets the end when the last target has ended. Once: whatever is told later changes it no more."""
    if launch.end is not None or launch.total is None or launch.ended != launch.total:
        return launch
    if launch.failed is not None:
        end = LaunchState.FAILED
    elif launch.was_stopped:
        end = LaunchState.STOPPED
    else:
        end = LaunchState.COMPLETED
    return replace(launch, end=end, ended_at=now)


def published(launch: Launch, now: datetime) -> Launch:
    """Once this revision has gone out."""
    return replace(launch, published=launch.revision, published_at=now, announced=launch.end is not None)


def rested(launch: Launch, now: datetime) -> bool:
    """Nothing is left to tell, and probably nothing will come."""
    told_all = launch.announced and launch.published == launch.revision
    return told_all and launch.published_at is not None and now - launch.published_at >= REST


def read_back(launch: Launch, revisions: Sequence[int]) -> Launch:
    """The topic held these revisions, in this order. Compaction keeps what came last, so that has to be the newest:
    if it is not, the figures get a new revision and go out again."""
    seen = max(launch.seen, *revisions)
    after = replace(launch, seen=seen)
    if revisions[-1] == seen <= launch.revision:
        return after
    return replace(after, own_revision=max(launch.revision, seen) + 1 - launch.changes, live=True)
