"""The ledger service as a process of its own, to be killed, frozen and restarted.

SIGTERM leaves the group, SIGHUP keeps the slot. Prints `ready` when it has joined.
"""

import asyncio
import signal

from prometheus_client import CollectorRegistry

from integration.runtime.harness import SESSION_MS, Ledger, ledger_service
from runtime.engine import Engine
from runtime.settings import Settings


async def main() -> None:
    engine = Engine(ledger_service(Ledger()), Settings.read(), registry=CollectorRegistry(), session_ms=SESSION_MS)
    stop: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
    for number, leave in ((signal.SIGTERM, True), (signal.SIGHUP, False)):
        asyncio.get_running_loop().add_signal_handler(number, stop.set_result, leave)
    await engine.prepare()
    await engine.start()
    print("ready", flush=True)
    await engine.stop(leave=await stop)


if __name__ == "__main__":
    asyncio.run(main())
