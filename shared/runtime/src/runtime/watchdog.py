"""Ends a process that hangs: there is work, nothing moves, and nobody paused it on purpose."""

import asyncio
import time
from collections.abc import Callable

import structlog

from runtime.stream import Stream
from runtime.worker import State

LOOK_SECONDS = 5.0
PATIENCE_SECONDS = 60.0
OUTBOX_TIMES = 5
"""Kafka being away is no fault of ours: a producer that waits for it is given so many times longer."""
log = structlog.get_logger()


class Watchdog:
    """`fatal` is called when for 60 s a running partition has lag and does not move, or its task does not turn."""

    def __init__(self, stream: Stream, fatal: Callable[[str], None], *, patience: float = PATIENCE_SECONDS) -> None:
        self._stream = stream
        self._fatal = fatal
        self._patience = patience
        self._moved: dict[int, tuple[tuple[object, ...], float]] = {}

    async def run(self) -> None:
        while True:
            await asyncio.sleep(min(LOOK_SECONDS, self._patience / 4))
            self.look(time.monotonic())

    def look(self, now: float) -> None:
        lagging = {number for _, number, records in self._stream.lags() if records > 0}
        for number, worker in self._stream.workers.items():
            if worker.state is not State.RUNNING or worker.lease is None:
                self._moved.pop(number, None)
                continue
            patience = self._patience * (OUTBOX_TIMES if worker.lease.outbox.waiting else 1)
            position = (worker.lease.epoch, *worker.lease.next.values())
            before, since = self._moved.get(number, ((), now))
            if position != before or number not in lagging:
                self._moved[number] = (position, now)
            elif now - since > patience:
                self._fatal(f"partition {number} has records and has not moved for {now - since:.0f} s")
            if now - worker.turned > patience:
                self._fatal(f"partition {number} has been busy with one thing for {now - worker.turned:.0f} s")
