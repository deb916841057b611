"""Starts processes by fork; see `zygote.py`, whose other side this is."""

import asyncio
import json
import os
import signal
from asyncio.subprocess import PIPE, Process

from cli.platform.spec import ProcessSpec, command, open_log, options


class Forked:
    """A process that was forked: its end is heard from the zygote."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.code: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def wait(self) -> int:
        """The exit code; a negative one is the signal that ended it."""
        return await asyncio.shield(self.code)


class Zygote:
    """Runs from `prepare` on, and again after its end should something have to be started: what it had forked ended
    with it."""

    def __init__(self, spec: ProcessSpec) -> None:
        self._spec = spec
        self._process: Process | None = None
        self._following: asyncio.Task[None] | None = None
        self._starting: dict[str, asyncio.Future[Forked]] = {}
        self._running: dict[int, Forked] = {}
        self._one_at_a_time = asyncio.Lock()

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    async def prepare(self) -> Process:
        """Starts it; what it imports it imports while others go on."""
        async with self._one_at_a_time:
            if self._process is None:
                with open_log(self._spec) as log:
                    how = {**options(self._spec, log), "stdin": PIPE, "stdout": PIPE, "stderr": log}
                    self._process = await asyncio.create_subprocess_exec(*command(self._spec), **how)
                self._following = asyncio.create_task(self._follow(self._process))
            return self._process

    async def start(self, spec: ProcessSpec) -> Forked:
        """A process whose program is a Python module. Raises OSError if it cannot be started."""
        process = await self.prepare()
        assert process.stdin is not None
        started: asyncio.Future[Forked] = asyncio.get_running_loop().create_future()
        self._starting[spec.name] = started
        spec.log.parent.mkdir(parents=True, exist_ok=True)
        asked = {
            "name": spec.name,
            "argv": spec.argv[spec.argv.index("-m") + 1 :],
            "environment": {**os.environ, **spec.environment},
            "log": str(spec.log),
            "kill": int(spec.kill),
        }
        process.stdin.write(json.dumps(asked).encode() + b"\n")
        return await started

    async def close(self) -> None:
        """When nothing runs any more."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
        if self._following is not None:
            await self._following

    async def _follow(self, process: Process) -> None:
        """What it tells, until it ends."""
        assert process.stdout is not None
        while line := await process.stdout.readline():
            match json.loads(line):
                case {"name": str(name), "pid": int(pid)}:
                    self._running[pid] = Forked(pid)
                    self._starting.pop(name).set_result(self._running[pid])
                case {"name": str(name), "error": str(error)}:
                    self._starting.pop(name).set_exception(OSError(error))
                case {"pid": int(pid), "code": int(code)}:
                    self._running.pop(pid).code.set_result(code)
        await process.wait()
        for running in self._running.values():
            running.code.set_result(-signal.SIGKILL)
        for starting in self._starting.values():
            starting.set_exception(OSError("the process that it is forked from ended"))
        self._running, self._starting, self._process = {}, {}, None
