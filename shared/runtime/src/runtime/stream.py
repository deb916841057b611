"""The consumption of a service: FastStream declares, builds, starts and stops the consumer; our workers read it.

`broker.subscriber(...)` without a handler gives a consumer in a group; this class is its rebalance listener. For every
partition *number* of which all consumed topics are assigned here it runs one `Worker`.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError
from faststream import FastStream

from runtime import failpoints, group, kafka
from runtime.cursor import CLOCK, TopicAt
from runtime.database import pause
from runtime.errors import Transient
from runtime.feed import Feed
from runtime.group import SESSION_MS
from runtime.handling import Handling
from runtime.holding import Holding, holding
from runtime.lease import Ground
from runtime.looking import work_of
from runtime.metrics import StreamMetrics
from runtime.producer import die
from runtime.service import Job, Service
from runtime.settings import Settings
from runtime.shown import ShownOffsets
from runtime.topics import Topics
from runtime.worker import State, Worker

DRAIN_SECONDS = 25.0
COMMIT_SECONDS = 0.25
ASK_SECONDS = 10.0
WATCH_SECONDS = 1.0
HOLDING_SECONDS = 2.0
ANNOUNCE_AGAIN_SECONDS = 0.5
log = structlog.get_logger()


class Stream(ConsumerRebalanceListener):
    """One per process that consumes. `start` returns when the group is joined; zero partitions is fine."""

    def __init__(
        self,
        service: Service,
        settings: Settings,
        ground: Ground,
        topics: Topics,
        metrics: StreamMetrics,
        *,
        session_ms: int = SESSION_MS,
        fatal: Callable[[str], None] = die,
    ) -> None:
        self.workers: dict[int, Worker] = {}
        self.joined = False
        self._stopping = False
        self._service, self._settings, self._ground, self._topics = service, settings, ground, topics
        self._metrics, self._session_ms, self._fatal = metrics, session_ms, fatal
        self._names = [subscription.topic for subscription in service.subscriptions]
        self._bare = {settings.topic(name): name for name in self._names}
        self._handling = Handling(
            consumer=service.name,
            subscriptions={subscription.topic: subscription for subscription in service.subscriptions},
            metrics=metrics,
            breaker=settings.breaker,
        )
        self._shown = ShownOffsets(settings, lambda: self.consumer)
        self._split: list[str] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._broker = kafka.broker(settings, client_id=ground.owner)
        self._app = FastStream(self._broker, logger=None)
        self._subscriber: Any = None

    @property
    def consumer(self) -> AIOKafkaConsumer:
        consumer: AIOKafkaConsumer | None = None if self._subscriber is None else self._subscriber.consumer
        if consumer is None:
            raise Transient("the consumer is not running")
        return consumer

    async def start(self) -> None:
        """Join the group; waits for Kafka for ever. The topics must be there."""
        attempt = 0
        while True:
            try:
                if self._subscriber is None:
                    self._subscriber = group.subscribe(
                        self._broker, self._settings, self._service.name, self._names, self, session_ms=self._session_ms
                    )
                await self._app.start()
            except (KafkaError, OSError) as error:
                log.warning("cannot consume yet: trying again", error=str(error) or type(error).__name__)
                await self._app.stop()
                await pause(attempt)
                attempt += 1
            else:
                break
        group.ask_seldom_when_idle(self.consumer)
        self.joined = True
        self._tasks = [
            asyncio.create_task(self._announce(), name="arrivals"),
            asyncio.create_task(self._show(), name="offsets"),
        ]
        if self._service.watches:
            self._tasks.append(asyncio.create_task(self._watch(self._service.watches), name="watch"))
        looked_for: dict[float, list[Job]] = defaultdict(list)
        for job in self._service.jobs:
            if job.look is not None:
                looked_for[job.every].append(job)
        for every, jobs in looked_for.items():
            self._tasks.append(asyncio.create_task(self._look_out(every, jobs), name=f"look out: {every} s"))

    async def stop(self, *, leave: bool) -> None:
        """Drain all numbers. `leave`: give up the group membership too, so that others take over at once (SIGTERM);
        otherwise the slot's partitions wait for this slot to come back (restart in place)."""
        self.joined, self._stopping = False, True
        await self._drain()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        if leave and self._subscriber is not None and self._subscriber.consumer is not None:
            group.leave(self._subscriber.consumer)
        await self._app.stop()

    # The group's side

    def on_partitions_revoked(self, revoked: set[TopicPartition]) -> Any:
        return self._drain()

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """The assignment is live already: nothing may be read before its lease is taken. No await before that."""
        consumer = self.consumer
        for tp in assigned:
            consumer.pause(tp)
            consumer.seek(tp, 0)
        if self._stopping:
            return
        self._metrics.rebalanced()
        numbers: dict[int, dict[str, TopicPartition]] = defaultdict(dict)
        for tp in assigned:
            numbers[tp.partition][self._bare[tp.topic]] = tp
        self._split = []
        for number, topics in sorted(numbers.items()):
            if len(topics) == len(self._names):
                self._work(number, topics)
            else:
                missing = sorted(set(self._names) - set(topics))
                self._split.append(f"partition {number} is not taken: {', '.join(missing)} of it is elsewhere")
        log.info("partitions assigned", numbers=sorted(self.workers), split=self._split)

    def _work(self, number: int, topics: Mapping[str, TopicPartition]) -> None:
        worker = Worker(
            number,
            ground=self._ground,
            handling=self._handling,
            jobs=self._service.jobs,
            feed=Feed(self.consumer, topics),
            look=self._look,
            commit=self._shown.of_lease,
        )
        self.workers[number] = worker
        worker.start()

    async def _drain(self) -> None:
        """Whatever fails on the way, no worker outlives it: a second one for its number would fence it for ever."""
        workers = list(self.workers.values())
        try:
            failpoints.hit("stream.revoked")
            seconds = min(DRAIN_SECONDS, self._settings.stop_seconds)
            await asyncio.gather(*(worker.stop(seconds) for worker in workers))
            if workers and self._subscriber is not None and self._subscriber.consumer is not None:
                await self._shown.of_workers(workers)
        finally:
            await asyncio.gather(*(worker.stop(0) for worker in workers))
            self.workers = {}
            self._shown.forget()

    # What workers ask

    async def _look(self, number: int) -> Mapping[str, TopicAt]:
        """Each consumed topic as Kafka has it now. Raises Transient, Stopped."""
        await self._topics.refresh()
        partitions = {name: TopicPartition(self._settings.topic(name), number) for name in self._names}
        async with asyncio.timeout(ASK_SECONDS):
            begins = await self.consumer.beginning_offsets(list(partitions.values()))
            ends = await self.consumer.end_offsets(list(partitions.values()))
        return {name: TopicAt(self._topics.states[name].id, begins[tp], ends[tp]) for name, tp in partitions.items()}

    # Around the workers

    async def _announce(self) -> None:
        """Wakes the numbers that have records. They look for themselves once a second, too."""
        while True:
            try:
                async for found in group.arrivals(self.consumer):
                    for number in {tp.partition for tp in found}:
                        if (worker := self.workers.get(number)) is not None:
                            worker.arrived()
            except Exception as error:
                log.debug("fetching failed", error=repr(error))
                await asyncio.sleep(ANNOUNCE_AGAIN_SECONDS)

    async def _show(self) -> None:
        while True:
            await asyncio.sleep(COMMIT_SECONDS)
            try:
                await self._shown.of_workers(self.workers.values())
                self._check_group()
            except Exception as error:
                log.warning("offsets could not be shown to kafka", error=repr(error))

    async def _look_out(self, every: float, jobs: Sequence[Job]) -> None:
        """Wakes the numbers that have work of these jobs."""
        while True:
            await asyncio.sleep(every)
            numbers = [number for number, worker in self.workers.items() if worker.state is State.RUNNING]
            try:
                found = await work_of(jobs, numbers, self._ground.pool) if numbers else ()
            except Exception as error:
                log.debug("could not look for work", jobs=[job.name for job in jobs], error=repr(error))
                continue
            for name, number in found:
                if (worker := self.workers.get(number)) is not None:
                    worker.wake(name)

    async def _watch(self, topics: Sequence[str]) -> None:
        """Where the watched topics end, for the leases to know when they have read to there."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            leases = {number: worker.lease for number, worker in self.workers.items() if worker.lease is not None}
            wanted = {TopicPartition(self._settings.topic(name), number): name for number in leases for name in topics}
            asked = time.monotonic()
            try:
                async with asyncio.timeout(ASK_SECONDS):
                    ends = await self.consumer.end_offsets(list(wanted)) if wanted else {}
            except Exception as error:
                log.debug("kafka did not say where topics end", error=repr(error))
                continue
            for tp, end in ends.items():
                lease = leases[tp.partition]
                lease.lag(wanted[tp])  # an end seen before that was read since makes room for this one
                lease.abreast.saw({wanted[tp]: end}, asked)
                lease.lag(wanted[tp])

    def _check_group(self) -> None:
        if (died := group.dead(self.consumer)) is not None:
            self._fatal(f"the consumer has died: {died}")
        if (error := group.error(self.consumer)) is not None:
            log.error("the group had an error", error=repr(error))

    def halt(self, problem: str) -> None:
        """Stop all numbers for a person to look at."""
        for worker in self.workers.values():
            worker.halt(problem)

    def wake(self, number: int) -> None:
        """Run the number's idle jobs now, if it is owned here."""
        if (worker := self.workers.get(number)) is not None:
            worker.wake()

    def problems(self) -> list[str]:
        """Why this process is not ready; empty: it is. Zero partitions is ready."""
        if not self.joined:
            return ["the consumer group is not joined yet"]
        return [*self._split, *(problem for worker in self.workers.values() for problem in worker.problems())]

    async def ends(self, partitions: int) -> dict[tuple[str, int], int]:
        """Where each consumed topic ends now, by (topic, number). Raises KafkaError."""
        names = {
            self._settings.topic(subscription.topic): subscription.topic for subscription in self._service.subscriptions
        }
        wanted = [TopicPartition(name, number) for name in names for number in range(partitions)]
        return {(names[tp.topic], tp.partition): end for tp, end in (await self.consumer.end_offsets(wanted)).items()}

    async def holding(self) -> Holding:
        """Who has which number. Raises KafkaError, TimeoutError."""
        async with asyncio.timeout(HOLDING_SECONDS):
            return await holding(self.consumer, self._settings.topic(self._service.name))

    def lags(self) -> list[tuple[str, int, int]]:
        """(topic, partition, records not handled yet) of every partition owned here, as of the last fetch."""
        found = []
        for number, worker in self.workers.items():
            if worker.lease is None:
                continue
            for topic, offset in worker.lease.next.items():
                if topic == CLOCK:
                    continue
                tp = TopicPartition(self._settings.topic(topic), number)
                end = self.consumer.highwater(tp) if tp in self.consumer.assignment() else None
                if end is not None:
                    found.append((topic, number, max(0, end - offset)))
        return found
