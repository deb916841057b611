"""How far behind a number is on a topic, in time: everything that lay there at some moment has been read since."""

import time
from collections.abc import Mapping


class Abreast:
    """Of one lease. An end that was seen counts from the moment before Kafka was asked for it, once it is read."""

    def __init__(self) -> None:
        self._ends: dict[str, tuple[int, float]] = {}
        self._until: dict[str, float] = {}

    def saw(self, ends: Mapping[str, int], at: float) -> None:
        """Where topics ended at `at` or later. An end still to be read stays: else a busy topic never has one."""
        for topic, end in ends.items():
            self._ends.setdefault(topic, (end, at))

    def lag(self, topic: str, next: int) -> float | None:
        """Seconds; everything on the topic that is older has been read. None: not known yet. `next`: read next."""
        end = self._ends.get(topic)
        if end is not None and next >= end[0]:
            self._until[topic] = end[1]
            del self._ends[topic]
        until = self._until.get(topic)
        return None if until is None else time.monotonic() - until
