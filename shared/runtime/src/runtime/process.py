"""Runs a service as a process: its HTTP side, its stream, and the order in which all of it starts and stops.

SIGTERM and SIGINT stop for good (the group's membership is given up, others take over at once); SIGHUP stops for a
restart in place (the slot's partitions wait for it). A second signal ends the process where it stands, which is safe:
what counts is in the database.
"""

import asyncio
import gc
import os
import signal
import sys
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog
import uvloop

from runtime import logging, tracing, web
from runtime.health import Readiness
from runtime.memory import give_back
from runtime.service import Service
from runtime.settings import Settings
from runtime.transaction import Transaction

if TYPE_CHECKING:
    import asyncpg

    from runtime.engine import Engine
    from runtime.stream import Stream

AGAIN_SECONDS = 5.0
COLLECTED_AT = 10_000, 20, 20
"""Cycles are few and small: at Python's own 700 objects, looking for them took 7 % of a process's CPU."""
EXIT_FAILURE = 1
EXIT_CONFIGURATION = 2
log = structlog.get_logger()


@dataclass(frozen=True)
class Resources:
    """What routes and the lifespan of a service may use."""

    service: Service
    settings: Settings
    engine: "Engine | None" = None
    """None: a service without database and topics."""

    @property
    def partitions(self) -> int:
        """P, how many partitions every topic has."""
        return self.settings.partitions

    @property
    def pool(self) -> "asyncpg.Pool[asyncpg.Record]":
        """For reads of routes, of the caller's project (`runtime.walls`); writes go through `transaction`."""
        return self._engine.walled_pool

    @property
    def stream(self) -> "Stream | None":
        """None: nothing is consumed, or not yet."""
        return None if self.engine is None else self.engine.stream

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """Of an HTTP request: state and events commit together, the events are published right after."""
        return self._engine.transaction()

    def wake(self, number: int) -> None:
        """Run the idle jobs of a partition number now, if this process owns it."""
        if self.engine is not None:
            self.engine.wake(number)

    @property
    def _engine(self) -> "Engine":
        if self.engine is None:
            raise RuntimeError(f"{self.service.name} has no database")
        return self.engine


def run(service: Service, settings: Settings) -> None:
    """Until a signal ends it. Raises SystemExit."""
    logging.configure(service.name, settings.log_level, slot=settings.slot)
    send_spans = tracing.configure(service.name, settings)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        code = runner.run(Process(service, settings).run())
    send_spans()
    raise SystemExit(code)


class Process:
    def __init__(self, service: Service, settings: Settings) -> None:
        self._service, self._settings = service, settings
        self._engine = _engine(service, settings)
        self._resources = Resources(service, settings, self._engine)
        self._readiness = Readiness(service.name)
        self._readiness.add("process", self._check)
        self._problem: str | None = "starting"
        self._stopping = asyncio.Event()
        self._leave, self._code = True, 0
        self._own = AsyncExitStack()

    async def run(self) -> int:
        """The exit code."""
        self._catch_signals()
        unavailable = () if self._engine is None else _unreachable()
        http = web.Web(self._service.name, self._settings, self._readiness, unavailable=unavailable)
        try:
            listening = web.listen(self._settings)
        except OSError as error:
            where = f"{self._settings.http_host}:{self._settings.http_port}"
            remedy = "end what listens there, or set SLIPWAY_HTTP_HOST and SLIPWAY_HTTP_PORT"
            log.critical("cannot serve http", address=where, error=error.strerror, remedy=remedy)
            return EXIT_CONFIGURATION
        http.start(listening)
        log.info("serving http", url=web.address(listening), mode=self._settings.mode)
        tasks = asyncio.create_task(self._start(http), name="start"), asyncio.create_task(give_back(), name="memory")
        await self._stopping.wait()
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        await self._stop(http)
        return self._code

    async def _start(self, http: web.Web) -> None:
        """Waits for what is not there yet. What a person has to mend is said by the log and /readyz until then."""
        try:
            await self._started(http)
        except _for_a_person() as error:
            self._problem = str(error)
            log.critical("not starting: somebody has to act", problem=self._problem)
        except Exception:
            log.critical("cannot start", exc_info=True)
            self._end(leave=False, code=EXIT_FAILURE)
        else:
            self._problem = None
            gc.collect()
            gc.freeze()
            gc.set_threshold(*COLLECTED_AT)
            log.info("started")

    async def _started(self, http: web.Web) -> None:
        service, resources, engine = self._service, self._resources, self._engine
        if engine is not None:
            self._readiness.add("stream", self._check_stream)
            await self._prepared(engine)
            self._readiness.add("postgres", self._check_database)
        if service.lifespan is not None:
            await self._own.enter_async_context(service.lifespan(resources))
        routers = [] if engine is None else [web.operations(engine)]
        if service.routes is not None:
            routers.append(service.routes(resources))
        http.open(*routers)
        if engine is not None:
            await engine.start()

    async def _prepared(self, engine: "Engine") -> None:
        """A refused password or a full server may be mended while we wait."""
        while True:
            try:
                return await engine.prepare()
            except _for_a_person():
                raise
            except Exception as error:
                self._problem = f"the database cannot be used: {error or type(error).__name__}"
                log.error("the database cannot be used: trying again", error=self._problem)
                await asyncio.sleep(AGAIN_SECONDS)

    async def _stop(self, http: web.Web) -> None:
        """The stream first, so that its last transactions find everything in place."""
        log.info("stopping", leave=self._leave)
        self._problem = "stopping"
        if self._engine is not None and self._engine.stream is not None:
            await self._engine.stream.stop(leave=self._leave)
        await http.stop()
        await self._own.aclose()
        if self._engine is not None:
            await self._engine.stop(leave=self._leave)
        log.info("stopped")

    def _catch_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, self._signalled, number)

    def _signalled(self, number: signal.Signals) -> None:
        if self._stopping.is_set():
            log.warning("ending at once: signalled again", signal=number.name)
            os._exit(128 + number)
        self._end(leave=number != signal.SIGHUP, code=0)

    def _end(self, *, leave: bool, code: int) -> None:
        self._leave, self._code = leave, code
        self._stopping.set()

    async def _check(self) -> str | None:
        return self._problem

    async def _check_database(self) -> None:
        await self._resources.pool.fetchval("SELECT 1")

    async def _check_stream(self) -> str | None:
        return "; ".join(self._engine.problems()) or None if self._engine is not None else None


def _engine(service: Service, settings: Settings) -> "Engine | None":
    """Loaded only where it is needed: console carries neither Kafka's nor PostgreSQL's client in memory."""
    if service.migrations is None and not service.subscriptions and not service.emits:
        return None
    from runtime.engine import Engine

    return Engine(service, settings)


def _unreachable() -> tuple[type[Exception], ...]:
    """The errors of a database that is not there."""
    from runtime.database import UNREACHABLE

    errors: tuple[Any, ...] = UNREACHABLE
    return errors


def _for_a_person() -> tuple[type[Exception], ...]:
    """Errors that waiting or starting again does not mend."""
    if "runtime.engine" not in sys.modules:
        return ()
    from runtime.cursor import Stopped
    from runtime.migrations import MigrationError

    return (Stopped, MigrationError)
