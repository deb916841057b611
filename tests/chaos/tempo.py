"""How fast something goes on, and how long after a fault it goes on as fast again."""

import time
from collections import deque
from collections.abc import Callable

EVERY_SECONDS = 0.25
WINDOW_SECONDS = 2.0
WATCHED_SECONDS = 12.0
"""What lies in buffers may hide a fault for some seconds."""


class Tempo:
    """Of what `count` counts. Rates are those of windows of two seconds."""

    def __init__(self, count: Callable[[], int]) -> None:
        self._count = count

    def rate(self, seconds: float) -> float:
        """Per second in the coming seconds."""
        before, began = self._count(), time.monotonic()
        time.sleep(seconds)
        return (self._count() - before) / (time.monotonic() - began)

    def until_back(self, rate: float, longest: float, watched: float = WATCHED_SECONDS) -> float | None:
        """Seconds from now until that rate is there and stays while it is watched; None: not within `longest`."""
        began = time.monotonic()
        seen: deque[tuple[float, int]] = deque([(began, self._count())])
        back: float | None = None
        while (now := time.monotonic()) < began + longest + WINDOW_SECONDS:
            time.sleep(EVERY_SECONDS)
            now, count = time.monotonic(), self._count()
            seen.append((now, count))
            while seen[1][0] <= now - WINDOW_SECONDS:
                seen.popleft()
            at, before = seen[0]
            if now - at < WINDOW_SECONDS:
                continue
            if (count - before) / (now - at) < rate:
                back = None
            elif back is None:
                back = at - began
            if back is not None and now > began + watched:
                return back
        return None
