"""Everything of a service that runs beside its HTTP routes, put together, started and stopped in order."""

import asyncio
import os
import socket
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from typing import Any

import asyncpg
import structlog
from prometheus_client import REGISTRY, CollectorRegistry

from runtime import database, failpoints, migrations, parked
from runtime.figures import Figures
from runtime.group import SESSION_MS
from runtime.http_outbox import HttpOutbox
from runtime.lease import Emitting, Ground
from runtime.metrics import StreamMetrics
from runtime.producer import Publisher, die
from runtime.service import Service
from runtime.settings import Settings
from runtime.stream import Stream
from runtime.topics import Topics
from runtime.watchdog import Watchdog

REPLAY_SECONDS = 1.0
log = structlog.get_logger()


class Engine:
    """Pool, producer, stream, relay and their watchers of one process.

    `prepare` reaches the database and migrates; `start` reaches Kafka and joins the group. Both wait for what is not
    there yet, so serve `/healthz` meanwhile; `problems` says why the process is not ready.
    """

    def __init__(
        self,
        service: Service,
        settings: Settings,
        *,
        registry: CollectorRegistry = REGISTRY,
        session_ms: int = SESSION_MS,
        fatal: Callable[[str], None] = die,
    ) -> None:
        self.service = service
        self.settings = settings
        self.partitions = settings.partitions
        self.metrics = StreamMetrics(service.name, registry)
        self.stream: Stream | None = None
        self._session_ms, self._fatal = session_ms, fatal
        self._owner = f"{service.name}/{settings.slot or f'{socket.gethostname()}-{os.getpid()}'}"
        self.figures = Figures(service, settings, self._owner, self.metrics)
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None
        self._walled: asyncpg.Pool[asyncpg.Record] | None = None
        self._publisher: Publisher | None = None
        self._ground: Ground | None = None
        self._outbox: HttpOutbox | None = None
        self._topics: Topics | None = None
        self._tasks: list[asyncio.Task[None]] = []
        failpoints.arm(settings.failpoint, mode=settings.mode)

    @property
    def pool(self) -> "asyncpg.Pool[asyncpg.Record]":
        if self._pool is None:
            raise RuntimeError(f"{self.service.name} has no database yet")
        return self._pool

    @property
    def walled_pool(self) -> "asyncpg.Pool[asyncpg.Record]":
        """For routes: sees the caller's project only."""
        if self._walled is None:
            raise RuntimeError(f"{self.service.name} has no database yet")
        return self._walled

    async def prepare(self) -> None:
        """Migrate and connect: from here on HTTP requests are served, their events wait in the outbox for Kafka.

        Raises `migrations.MigrationError`, which waiting does not mend.
        """
        service, settings = self.service, self.settings
        dsn = settings.database(service.name)
        await migrations.apply(dsn, service.name, service.migrations, partitions=self.partitions)
        self._pool = await database.connect(dsn, name=self._owner, size=settings.pool_size)
        self._walled = await database.connect(dsn, name=self._owner, size=settings.pool_size, walled=True)
        self._publisher = Publisher(settings, client_id=self._owner, expanders=service.expanders, fatal=self._fatal)
        self._ground = Ground(
            consumer=service.name,
            partitions=self.partitions,
            owner=self._owner,
            pool=self.pool,
            publisher=self._publisher,
            emits=frozenset(service.emits),
            limits={},
        )
        self._outbox = HttpOutbox(self._ground, self.walled_pool)

    async def start(self) -> None:
        """Producer, relay, group, watchers."""
        service, settings = self.service, self.settings
        ground, publisher, outbox = self._ground, self._publisher, self._outbox
        if ground is None or publisher is None or outbox is None:
            raise RuntimeError(f"{service.name} is not prepared")
        await publisher.start()
        consumed = [subscription.topic for subscription in service.subscriptions]
        self._topics = Topics(
            settings,
            self.pool,
            publisher,
            consumer=service.name,
            consumed=consumed,
            written=service.emits,
            limits=ground.limits,
        )
        await self._topics.found()
        outbox.start()
        if consumed:
            self.stream = Stream(
                service,
                settings,
                ground,
                self._topics,
                self.metrics,
                session_ms=self._session_ms,
                fatal=self._fatal,
            )
            await self.stream.start()
            dsn = settings.database(service.name)
            watchdog = Watchdog(self.stream, self._fatal, lambda: database.answers(dsn))
            self._spawn(watchdog.run(), "watchdog")
            self._spawn(self._replays(self.stream), "replays")
        self._spawn(self._topics.watch(self._halt), "topics")
        self._spawn(self.figures.watch(self.pool, self.stream), "figures")

    async def stop(self, *, leave: bool) -> None:
        """`leave`: others take the partitions at once (SIGTERM); otherwise they wait for this slot (SIGHUP)."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        if self.stream is not None:
            await self.stream.stop(leave=leave)
        if self._outbox is not None:
            await self._outbox.stop()
        if self._publisher is not None:
            await self._publisher.stop()
        for pool in (self._walled, self._pool):
            if pool is not None:
                try:
                    await asyncio.wait_for(pool.close(), 5)
                except TimeoutError:
                    pool.terminate()

    def transaction(self) -> AbstractAsyncContextManager[Emitting]:
        """Of an HTTP request."""
        if self._outbox is None:
            raise RuntimeError(f"{self.service.name} is not prepared")
        return self._outbox.transaction()

    def wake(self, number: int) -> None:
        """Run a number's idle jobs now, if this process owns it."""
        if self.stream is not None:
            self.stream.wake(number)

    def problems(self) -> list[str]:
        """Why this process is not ready; empty: it is. Whether the database answers is asked by the caller."""
        if self._pool is None:
            return ["the database is not reached yet"]
        if self._topics is None:
            return ["kafka is not reached yet"]
        found = [self._topics.problem] if self._topics.problem else []
        if self.service.subscriptions:
            found += self.stream.problems() if self.stream is not None else ["the consumer is not started yet"]
        return found

    def numbers(self) -> list[int]:
        """The partition numbers assigned to this process."""
        return [] if self.stream is None else sorted(self.stream.workers)

    def partitions_view(self) -> list[dict[str, Any]]:
        """Of every number of this process its state, epoch, lag per topic and the service's gauges."""
        return self.figures.of_process(self.stream)

    async def partitions_of_service(self) -> list[dict[str, Any]]:
        """For `/v1/partitions`: every number of this service, whoever owns it."""
        return await self.figures.of_service(self.pool, self.stream)

    async def parked(self) -> list[dict[str, Any]]:
        """For `/v1/parked`: of all partitions of this service, whoever owns them."""
        return await parked.listed(self.pool, self.service.name)

    async def parked_record(self, id_: str) -> dict[str, Any] | None:
        """One of them."""
        return await parked.found(self.pool, self.service.name, id_)

    async def replay(self, id_: str, by: str) -> bool:
        """Ask for a parked record to be handled again by whoever owns it; False: no such record."""
        return await parked.request_replay(self.pool, self.service.name, id_, by)

    def _halt(self, problem: str) -> None:
        log.error("topics are not what they were: stopping", problem=problem)
        if self._publisher is not None:
            self._publisher.block(problem)
        if self.stream is not None:
            self.stream.halt(problem)

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        task.add_done_callback(self._ended)
        self._tasks.append(task)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        """A watcher runs as long as the process: without it nobody would notice what it watches for."""
        if not task.cancelled() and (error := task.exception()) is not None:
            self._fatal(f"{task.get_name()} has died: {error!r}")

    async def _replays(self, stream: Stream) -> None:
        """Replays are asked for in the database, because any process of the service may be the one that was asked."""
        while True:
            await asyncio.sleep(REPLAY_SECONDS)
            if not stream.workers:
                continue
            try:
                asked = await parked.replays(self.pool, self.service.name, list(stream.workers))
            except Exception as error:
                log.debug("replays could not be read", error=repr(error))
                continue
            for number, ids in asked.items():
                if (worker := stream.workers.get(number)) is not None:
                    worker.replay(ids)
