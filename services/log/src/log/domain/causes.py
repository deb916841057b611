"""In which order things happened: by their times, except where one is known to have led to another.

Times are those of several databases, in milliseconds: what follows within a few of them may seem to come first.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import heappop, heappush
from itertools import pairwise
from typing import Final

from contracts.outcomes import Place, Way
from contracts.words import BY_STOP, DeliveryState, Left


@dataclass(frozen=True, slots=True)
class Entry:
    at: datetime
    what: str
    detail: Mapping[str, object]
    event_id: str


@dataclass(frozen=True, slots=True)
class Told:
    """What one event says of the target: its entries stay together."""

    what: str
    entries: tuple[Entry, ...]
    message: Place | None = None
    state: DeliveryState | None = None
    """Of the message."""
    way: Way | None = None
    reason: str = ""
    """Of the outcome."""


CONTROLS: Final = ("paused", "resumed", "stopped")
"""By launcher; messages and who unsubscribed are told of by messaging, everything else but `targeted` by executor, each
by its own clock."""
AT_ONCE: Final = (
    *("targeted", "started", *CONTROLS, "order", "removed", "moved_on"),
    *("message", "unsubscribed", "incident_closed", "way", "incident", "not_started", "ended"),
)
"""The order of what happens at the same time."""
ON_THE_WAY: Final = (DeliveryState.PLANNED, DeliveryState.HELD, DeliveryState.SENDING, DeliveryState.CANCELLED)
"""States of a message that let no instance go on."""
TAKEN_OFF: Final = frozenset(Left)
"""Reasons of those who did not end where their way led them."""


def in_order(told: Sequence[Told]) -> list[Told]:
    """Always the earliest of those whose causes have all been told."""
    ranked = sorted(told, key=_rank)
    effects: list[list[int]] = [[] for _ in ranked]
    missing = [0] * len(ranked)
    for cause, effect in set(_led_to(ranked)):
        effects[cause].append(effect)
        missing[effect] += 1
    ready = [place for place, causes in enumerate(missing) if causes == 0]
    found: list[Told] = []
    while ready:
        place = heappop(ready)
        found.append(ranked[place])
        for effect in effects[place]:
            missing[effect] -= 1
            if missing[effect] == 0:
                heappush(ready, effect)
    return found if len(found) == len(ranked) else ranked  # they contradict each other: times are all there is


def _rank(told: Told) -> tuple[object, ...]:
    first = told.entries[0]
    within = told.way.part if told.way is not None else int(told.state is not None and told.state not in ON_THE_WAY)
    return first.at, AT_ONCE.index(told.what), within, first.event_id


def _led_to(ranked: Sequence[Told]) -> Iterator[tuple[int, int]]:
    """(cause, effect), as places in `ranked`. What one service tells it tells in order."""
    begun = [place for what in ("targeted", "started") for place in _of(ranked, what)]
    controls = _of(ranked, *CONTROLS)
    messages = [place for place, each in enumerate(ranked) if each.message is not None]
    by_messaging = sorted([*messages, *_of(ranked, "unsubscribed")])
    others = {*begun, *controls, *by_messaging}
    rest = [place for place in range(len(ranked)) if place not in others]
    yield from pairwise([*begun, *rest])
    yield from pairwise([*begun, *by_messaging])
    yield from ((place, control) for place in _of(ranked, "targeted") for control in controls)
    yield from _ways_and_messages(ranked, messages)
    for place in _of(ranked, "ended", "not_started"):
        if ranked[place].reason in BY_STOP.values():
            yield from ((control, place) for control in _of(ranked, "stopped"))


def _ways_and_messages(ranked: Sequence[Told], messages: Sequence[int]) -> Iterator[tuple[int, int]]:
    """What becomes of a message lets the instance go on, and a way leads to the next one."""
    first: dict[Place, int] = {}
    settled: dict[Place, int] = {}
    for place in messages:
        each = ranked[place]
        assert each.message is not None
        first.setdefault(each.message, place)
        if each.state not in ON_THE_WAY:
            settled.setdefault(each.message, place)
    for place, each in enumerate(ranked):
        if each.way is not None and each.way.left in settled:
            yield settled[each.way.left], place
        if each.way is not None and each.way.reached in first:
            yield place, first[each.way.reached]
        if each.what == "ended" and each.reason not in TAKEN_OFF:
            yield from ((message, place) for message in settled.values())


def _of(ranked: Sequence[Told], *what: str) -> list[int]:
    return [place for place, each in enumerate(ranked) if each.what in what]
