"""The ledger service as a process of its own, to be killed, frozen and restarted.

SIGTERM leaves the group, SIGHUP keeps the slot.
"""

import asyncio
import os
import signal
from collections.abc import Mapping
from multiprocessing.synchronize import Event
from typing import Any

import uvloop
from prometheus_client import CollectorRegistry

from integration.runtime.harness import SESSION_MS, Ledger, ledger_service
from runtime.engine import Engine
from runtime.settings import Settings


def run(settings: Mapping[str, Any], ready: Event) -> None:
    """The target of a process; sets `ready` when it has joined."""
    if "SLIPWAY_TEST_LOGS" not in os.environ:
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(Settings(**settings), ready))


async def _serve(settings: Settings, ready: Event) -> None:
    engine = Engine(ledger_service(Ledger()), settings, registry=CollectorRegistry(), session_ms=SESSION_MS)
    stop: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
    for number, leave in ((signal.SIGTERM, True), (signal.SIGHUP, False)):
        asyncio.get_running_loop().add_signal_handler(number, stop.set_result, leave)
    await engine.prepare()
    await engine.start()
    ready.set()
    await engine.stop(leave=await stop)
