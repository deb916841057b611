"""How many requests somebody may make: a token bucket each, filled evenly."""

import math
from collections import OrderedDict
from dataclasses import dataclass

SECONDS_OF_BURST = 2.0
KEPT = 10_000
"""Buckets; the one that was not used for the longest time is forgotten first, which fills it."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of asking for one request."""

    allowed: bool
    limit: int
    """Requests that a full bucket allows at once."""
    left: int
    full_in: int
    """Seconds, rounded up."""
    next_in: int
    """Seconds until the next request is allowed, rounded up; 0: it is now."""


class Buckets:
    def __init__(self, per_second: float, kept: int = KEPT) -> None:
        self._rate = per_second
        self._size = per_second * SECONDS_OF_BURST
        self._kept = kept
        self._buckets: OrderedDict[bytes, tuple[float, float]] = OrderedDict()
        """What was left, and when."""

    def take(self, who: bytes, now: float) -> Taken:
        """`now`: seconds that only rise. A request that is refused costs nothing."""
        left, then = self._buckets.get(who, (self._size, now))
        left = min(self._size, left + (now - then) * self._rate)
        allowed = left >= 1
        left -= allowed
        self._buckets[who] = left, now
        self._buckets.move_to_end(who)
        while len(self._buckets) > self._kept:
            self._buckets.popitem(last=False)
        return Taken(
            allowed=allowed,
            limit=int(self._size),
            left=int(left),
            full_in=math.ceil((self._size - left) / self._rate),
            next_in=math.ceil(max(0.0, 1 - left) / self._rate),
        )
