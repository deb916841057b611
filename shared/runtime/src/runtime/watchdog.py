"""Ends a process that hangs: there is work, nothing moves, and nobody paused it on purpose.

A database that gives no answer makes everybody wait, and ending would help nobody: that time does not count. It is
asked on a connection of its own, so that a pool that our own fault has emptied does not look like a server's.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog

from runtime.stream import Stream
from runtime.worker import State

LOOK_SECONDS = 5.0
PATIENCE_SECONDS = 60.0
SLOW_SECONDS = 5.0
"""Who has been busy with one thing for so long may be waiting for the database."""
OUTBOX_TIMES = 5
"""Kafka being away is no fault of ours: a producer that waits for it is given so many times longer."""
log = structlog.get_logger()


class Watchdog:
    """`fatal` is called when for 60 s a running partition has lag and does not move, or its task does not turn.
    `answers` tells whether the database does."""

    def __init__(
        self,
        stream: Stream,
        fatal: Callable[[str], None],
        answers: Callable[[], Awaitable[bool]],
        *,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._stream = stream
        self._fatal = fatal
        self._answers = answers
        self._patience = patience
        self._excused = float("-inf")
        """Until when the database gave no answer."""
        self._moved: dict[int, tuple[tuple[object, ...], float]] = {}

    async def run(self) -> None:
        while True:
            await asyncio.sleep(min(LOOK_SECONDS, self._patience / 4))
            await self.watch(time.monotonic())

    async def watch(self, now: float) -> None:
        """Once: look, after asking whether who is slow waits for the database."""
        running = (worker for worker in self._stream.workers.values() if worker.state is State.RUNNING)
        if any(now - worker.turned > SLOW_SECONDS for worker in running) and not await self._answers():
            self._excused = now
            log.warning("the database gives no answer: waiting for it")
        self.look(now)

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
            elif (still := now - max(since, self._excused)) > patience:
                self._fatal(f"partition {number} has records and has not moved for {still:.0f} s")
            if (busy := now - max(worker.turned, self._excused)) > patience:
                self._fatal(f"partition {number} has been busy with one thing for {busy:.0f} s")
