"""Launches whose pages fail by a bug of ours: each waits for itself, longer each time, and the others go on."""

import time
from dataclasses import dataclass
from typing import Final

MOST_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class _Failed:
    number: int
    times: int
    """In a row."""
    until: float
    """When it is tried again (monotonic seconds)."""
    why: str


class Resting:
    """Of the launches that this process walks."""

    def __init__(self) -> None:
        self._failed: dict[str, _Failed] = {}

    def failed(self, launch_id: str, number: int, why: str) -> None:
        """`number`: its home."""
        before = self._failed.get(launch_id)
        times = 1 if before is None else before.times + 1
        until = time.monotonic() + min(2.0**times * 0.25, MOST_SECONDS)
        self._failed[launch_id] = _Failed(number, times, until, why)

    def passed(self, launch_id: str) -> None:
        self._failed.pop(launch_id, None)

    def launches(self) -> list[str]:
        """Those that are not tried yet."""
        now = time.monotonic()
        return [launch_id for launch_id, failed in self._failed.items() if failed.until > now]

    def problems(self, number: int) -> list[str]:
        """Why launches of this home rest."""
        rests = ((launch_id, self._failed[launch_id]) for launch_id in self.launches())
        return [f"launch {launch_id}: {failed.why}" for launch_id, failed in rests if failed.number == number]
