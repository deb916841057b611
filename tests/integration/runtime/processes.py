"""Ledger processes of a test: started with a slot and perhaps a failpoint, ended with the test.

They are forked from a server process that has everything imported, so that twenty of them cost no more than one.
"""

import asyncio
import multiprocessing
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from multiprocessing.context import ForkServerProcess

from integration.runtime.harness import Bench
from integration.runtime.ledger_process import run

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["integration.runtime.ledger_process"])


class LedgerProcess:
    def __init__(self, bench: Bench, slot: str, failpoint: str) -> None:
        self._ready = _context.Event()
        settings = bench.settings(slot, failpoint=failpoint).model_dump(exclude_unset=True)
        self._process: ForkServerProcess = _context.Process(target=run, args=(settings, self._ready))
        self._process.start()

    async def ready(self) -> None:
        """Until it has joined the group."""
        assert await asyncio.to_thread(self._ready.wait, 30), "the process did not become ready"

    async def ended(self) -> int:
        """Its exit code, negative for a signal."""
        await asyncio.to_thread(self._process.join, 60)
        assert self._process.exitcode is not None, "the process did not end"
        return self._process.exitcode

    def terminate(self) -> None:
        self._process.terminate()

    async def close(self) -> None:
        if self._process.exitcode is None:
            self._process.kill()
            await self.ended()
        self._process.close()


@asynccontextmanager
async def ledger_process(bench: Bench, slot: str, failpoint: str = "") -> AsyncIterator[LedgerProcess]:
    """Started, not yet ready."""
    process = LedgerProcess(bench, slot, failpoint)
    try:
        yield process
    finally:
        await process.close()


KILLED = -signal.SIGKILL
