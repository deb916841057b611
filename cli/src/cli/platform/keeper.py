"""Keeps one process running: starts it, starts it again with back-off when it ends, ends it when asked."""

import asyncio
import os
import signal
import subprocess
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import Protocol, TypeVar

from cli.platform import reaper
from cli.platform.failure import Unreachable
from cli.platform.spec import ProcessSpec, command, last_lines, open_log, options

BACK_OFF = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Seconds before the next start, by how many times in a row it ended young."""
YOUNG = 5.0
CRASHING = 3
AFTER_KILL = 10.0
Report = Callable[[str], None]
T = TypeVar("T")


class Running(Protocol):
    """A process that was started."""

    @property
    def pid(self) -> int: ...

    async def wait(self) -> int:
        """The exit code; a negative one is the signal that ended it."""
        ...


Start = Callable[[ProcessSpec], Awaitable[Running]]
"""Raises OSError if it cannot be started."""


class Reaper:
    """The process that ends ours if we are killed; see `reaper.py`."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._alive: dict[int, bytes] = {}

    def started(self, pid: int, kill: signal.Signals) -> None:
        self._alive[pid] = f"+ {pid} {reaper.started(pid) or '?'} {int(kill)}\n".encode()
        self._tell(self._alive[pid])

    def ended(self, pid: int) -> None:
        self._alive.pop(pid, None)
        self._tell(f"- {pid}\n".encode())

    def close(self) -> None:
        if self._process and self._process.stdin:
            with suppress(OSError):
                self._process.stdin.close()
            self._process.wait()

    def _tell(self, line: bytes) -> None:
        if self._process is not None and self._process.poll() is None:
            with suppress(OSError):
                self._write(line)
                return
        self._process = subprocess.Popen(
            reaper.command(), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True
        )
        self._write(b"".join(self._alive.values()))

    def _write(self, lines: bytes) -> None:
        assert self._process is not None and self._process.stdin is not None
        self._process.stdin.write(lines)
        self._process.stdin.flush()


class Keeper:
    """One process of the platform, started by `start`. `hurry` makes every `stop` a kill at once."""

    def __init__(
        self,
        spec: ProcessSpec,
        start: Start,
        reaper: Reaper,
        report: Report,
        hurry: asyncio.Event,
        again: bool = True,
    ) -> None:
        self.spec = spec
        self.pid: int | None = None
        self.restarts = 0
        self.crashing = asyncio.Event()
        """Set when it ended young several times in a row: something is wrong with it."""
        self._start = start
        self._reaper = reaper
        self._report = report
        self._hurry = hurry
        self._again = again
        self._stopping = asyncio.Event()
        self._task = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        """Asks it to end, insists after its grace (or at once), returns when it is gone."""
        self._stopping.set()
        self._signal(self.spec.kill if self._hurry.is_set() else self.spec.stop)
        hurried = asyncio.create_task(self._hurry.wait())
        await asyncio.wait({self._task, hurried}, timeout=self.spec.grace, return_when=asyncio.FIRST_COMPLETED)
        hurried.cancel()
        if not self._task.done():
            self._signal(self.spec.kill)
            await asyncio.wait({self._task}, timeout=AFTER_KILL)
        if not self._task.done():
            self._signal(signal.SIGKILL)
        await self._task

    async def ended(self) -> int:
        """The exit code of a process that is not started again."""
        return await asyncio.shield(self._task)

    async def _keep(self) -> int:
        loop = asyncio.get_running_loop()
        young = 0
        while True:
            began = loop.time()
            code = await self._run_once()
            if self._stopping.is_set() or not self._again:
                return code
            young = young + 1 if loop.time() - began < YOUNG else 0
            if young >= CRASHING:
                self.crashing.set()
            delay = BACK_OFF[min(max(young - 1, 0), len(BACK_OFF) - 1)]
            self.restarts += 1
            self._report(f"{self.spec.name} ended ({how(code)}), starts again" + (f" in {delay:g} s" if delay else ""))
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), delay)
                return code

    async def _run_once(self) -> int:
        try:
            process = await self._start(self.spec)
        except OSError as error:
            self._report(f"{self.spec.name} cannot be started: {error}")
            return os.EX_OSERR
        self.pid = process.pid
        self._reaper.started(process.pid, self.spec.kill)
        if self._stopping.is_set():  # asked while it was being started
            self._signal(self.spec.kill if self._hurry.is_set() else self.spec.stop)
        try:
            return await process.wait()
        finally:
            self.pid = None
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # what it may have started
            self._reaper.ended(process.pid)

    def _signal(self, number: signal.Signals) -> None:
        if self.pid is not None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)


async def executed(spec: ProcessSpec) -> Running:
    """A program of its own."""
    with open_log(spec) as log:
        return await asyncio.create_subprocess_exec(*command(spec), **options(spec, log))


def how(code: int) -> str:
    """`exit 3`, `SIGKILL`."""
    return f"exit {code}" if code >= 0 else signal.Signals(-code).name


async def unless_crashing(work: Awaitable[T], keepers: Iterable[Keeper]) -> T:
    """The work's result, or PlatformError as soon as one of the processes it depends on keeps ending."""
    task = asyncio.ensure_future(work)
    watches = {asyncio.create_task(keeper.crashing.wait()): keeper for keeper in keepers}
    try:
        await asyncio.wait({task, *watches}, return_when=asyncio.FIRST_COMPLETED)
        for watch, keeper in watches.items():
            if watch.done() and not task.done():
                raise Unreachable(f"{keeper.spec.name} does not start", last_lines(keeper.spec.log))
        return await task
    finally:
        task.cancel()
        for watch in watches:
            watch.cancel()
        await asyncio.gather(task, *watches, return_exceptions=True)
