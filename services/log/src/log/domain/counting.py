"""How facts change a launch. Every fact is told to `counted` once; their order does not matter to the figures."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar, assert_never

from contracts.words import LaunchState
from log.domain.facts import (
    Controlled,
    Delivered,
    Described,
    Ended,
    Fact,
    Held,
    Opened,
    Requested,
    Started,
    Targeted,
    TargetingEnded,
)
from log.domain.launch import Launch

K = TypeVar("K")


def told(launch: Launch, facts: Iterable[Fact], now: datetime) -> Launch:
    """The launch after these facts: its end set if they complete it, a new revision if anything changed."""
    after = launch
    for fact in facts:
        after = counted(after, fact)
    after = settled(after, now)
    if after == launch:
        return launch
    return replace(after, revision=launch.revision + 1, changed_at=now)


def counted(launch: Launch, fact: Fact) -> Launch:
    match fact:
        case Described(scenario, version, requested_at, retry_of):
            if launch.scenario is not None:
                return launch
            return replace(launch, scenario=scenario, version=version, requested_at=requested_at, retry_of=retry_of)
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
        case Targeted(count):
            return replace(launch, chunked=launch.chunked + count)
        case TargetingEnded(total, failed):
            return replace(launch, total=total, failed=failed)
        case Started(count):
            return replace(launch, begun=launch.begun + count)
        case Ended(outcomes, by_reason):
            return replace(
                launch, outcomes=_sum(launch.outcomes, outcomes), by_reason=_sum(launch.by_reason, by_reason)
            )
        case Delivered(change):
            return replace(launch, deliveries=_sum(launch.deliveries, change))
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


def read_back(launch: Launch, revisions: Sequence[int], now: datetime) -> Launch:
    """The topic held these revisions, in this order. Compaction keeps what came last, so that has to be the newest:
    if it is not, the figures get a new revision and go out again."""
    seen = max(launch.seen, *revisions)
    after = replace(launch, seen=seen)
    if revisions[-1] == seen <= launch.revision:
        return after
    return replace(after, revision=max(launch.revision, seen) + 1, changed_at=now)


def _sum(counts: Mapping[K, int], change: Mapping[K, int]) -> Mapping[K, int]:
    total = Counter(counts)
    total.update(change)
    return {key: count for key, count in total.items() if count}
