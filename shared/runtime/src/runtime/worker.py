"""One partition number's task: takes the lease, reads the topics in turn, runs the idle jobs, survives failures.

Everything about the contacts of that number happens here, one thing after the other.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from enum import StrEnum

import structlog

from runtime import cursor, failpoints
from runtime.cursor import Stopped, TopicAt
from runtime.errors import Fenced, Unsupported
from runtime.feed import Feed, Raw
from runtime.handling import Handling, Isolation, records_of
from runtime.jobs import Jobs
from runtime.lease import Ground, OwnedNumber
from runtime.poison import Poison
from runtime.service import Job

BACK_OFF = (0.2, 0.5, 1.0, 2.0, 5.0)
FENCED_SECONDS = 2.0
WAIT_SECONDS = 1.0
SETTLE_SECONDS = 2.0
OWNED_SECONDS = 5.0
RESTED_SECONDS = 0.2
PASS_SECONDS = 1.0
"""So often at most a cursor is moved that nothing but offsets of nobody's concern has passed."""
NOT_RUNNING_SECONDS = 3.0
log = structlog.get_logger()


class State(StrEnum):
    TAKING = "taking"
    RUNNING = "running"
    WAITING = "waiting"
    """Something outside is away: tried again with back-off."""
    FENCED = "fenced"
    STOPPED = "stopped"
    """For a person: `problem` says what to do."""


class Worker:
    """`look` tells where the consumed topics are (id, begin, end); `commit` shows Kafka the offsets, for lag only."""

    def __init__(
        self,
        number: int,
        *,
        ground: Ground,
        handling: Handling,
        jobs: Sequence[Job],
        feed: Feed,
        look: Callable[[int], Awaitable[Mapping[str, TopicAt]]],
        commit: Callable[[int, Mapping[str, int]], Awaitable[None]],
    ) -> None:
        self.number = number
        self.state = State.TAKING
        self.problem: str | None = None
        self.turned = time.monotonic()
        """When the task last came round."""
        self._checked = self.turned
        """When an idle task last asked whether the number is still its own."""
        self._passed = 0.0
        """When such a cursor was moved last."""
        self.lease: OwnedNumber | None = None
        self._ground, self._handling, self._feed, self._look, self._commit = ground, handling, feed, look, commit
        self._isolation = Isolation(handling)
        self._jobs = Jobs(jobs, handling.metrics)
        self._replays: list[str] = []
        self._stopping = False
        self._resumed = asyncio.Event()
        self._woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name=f"partition {self.number}")

    async def stop(self, seconds: float) -> None:
        """Let what runs come to its end and the jobs release what they hold; after `seconds` it is cut off."""
        self._stopping = True
        self._resumed.set()
        self.wake()
        if self._task is not None:
            patience = seconds if self.state is State.RUNNING else min(seconds, NOT_RUNNING_SECONDS)
            _, late = await asyncio.wait({self._task}, timeout=patience)
            if late:
                log.warning("partition is cut off in its work", number=self.number, seconds=seconds)
                self._task.cancel()
                await asyncio.wait(late, timeout=5)
        self._feed.close()

    def wake(self, *jobs: str) -> None:
        """Run the idle jobs of these names, or without any all of them, now."""
        self._jobs.wake(*jobs)
        self.arrived()

    def arrived(self) -> None:
        """There may be records."""
        if not self._woken.done():
            self._woken.set_result(None)

    def replay(self, ids: Sequence[str]) -> None:
        self._replays = list(ids)
        self.wake()

    def halt(self, problem: str) -> None:
        """From outside: stop this number for a person to look at."""
        if self.state is not State.STOPPED:
            self._halted(problem)
            self.wake()

    def problems(self) -> list[str]:
        """Why this number does not do its work; empty: it does."""
        found = [f"partition {self.number} {self.state}: {self.problem}"] if self.problem else []
        return found + [f"partition {self.number}: {problem}" for problem in self._jobs.problems(self.number)]

    async def _run(self) -> None:
        failures = 0
        while not self._stopping:
            try:
                await self._own()
                if self.state is not State.STOPPED:
                    self.state, self.problem, failures = State.RUNNING, None, 0
                    await self._pump()
            except Fenced as error:
                self.lease = None
                self._handling.metrics.fenced()
                log.warning("another process owns this partition: rolled back", number=self.number, lost=str(error))
                self.state, self.problem = State.FENCED, "another process owns it; asking again shortly"
                await self._rest(FENCED_SECONDS + random.random())
            except (Stopped, Unsupported) as error:
                self._halted(str(error))
            except Exception as error:
                self.state, self.problem = State.WAITING, f"{type(error).__name__}: {error}"
                log.warning(
                    "partition waits: trying again", number=self.number, error=self.problem, exc_info=failures == 0
                )
                await self._rest(BACK_OFF[min(failures, len(BACK_OFF) - 1)] * (0.8 + 0.4 * random.random()))
                failures += 1
            if self.state is State.STOPPED:
                self._feed.pause()
                await self._settle()
                await self._resumed.wait()
                self._resumed.clear()
                self.state, self.problem = State.TAKING, None
        await self._release()

    async def _own(self) -> None:
        """Take the lease, or after a failure see where it stands; publish what is stored; go to the cursor."""
        self.turned = time.monotonic()
        asked = time.monotonic()
        topics = await self._look(self.number)
        if self.lease is None:
            self.lease = await OwnedNumber.acquire(self._ground, self.number, topics, self.wake)
            self._handling.metrics.leased()
            log.info("partition taken", number=self.number, epoch=self.lease.epoch)
        else:
            await self.lease.reload(topics)
        self.lease.abreast.saw({name: topic.end for name, topic in topics.items()}, asked)
        await self.lease.leftovers()
        await self._commit(self.number, self.lease.next)
        failpoints.hit("lease.before_seek")
        self._feed.seek(self.lease.next)

    async def _pump(self) -> None:
        lease = self.lease
        assert lease is not None
        while not self._stopping and self.state is State.RUNNING:
            self.turned = time.monotonic()
            if self._woken.done():
                self._woken = asyncio.get_running_loop().create_future()
            batch = await self._feed.ready()
            if batch is not None:
                await self._step(lease, *batch)
            more = not self._stopping and await self._jobs.run(lease)
            while self._replays:
                await self._handling.replay(lease, self._replays.pop(0))
                more = True
            if batch is None and not more and not self._stopping:
                await self._pass_over(lease)
                await self._clean_up(lease)
                await self._still_ours(lease)
                published = lease.outbox.open or lease.outbox.acknowledged()  # to be deleted once it has rested
                patience = RESTED_SECONDS if published else WAIT_SECONDS
                nearest = max(0.0, min(patience, self._jobs.nearest(), self._feed.nearest()))
                await asyncio.wait({self._woken}, timeout=nearest)
            else:
                await asyncio.sleep(0)

    async def _clean_up(self, lease: OwnedNumber) -> None:
        """Mostly the next transaction deletes what is published: one for that alone only where nothing goes on."""
        if time.monotonic() - lease.moved > RESTED_SECONDS:
            await lease.settle()

    async def _pass_over(self, lease: OwnedNumber) -> None:
        """Offsets without a record (transaction markers, compaction), or with one that is not ours, are no lag."""
        now = time.monotonic()
        if now - self._passed < PASS_SECONDS:
            return
        for topic, offset in self._feed.read.items():
            if offset > lease.next[topic]:
                self._passed = now
                async with lease.advance(topic, offset):
                    pass

    async def _still_ours(self, lease: OwnedNumber) -> None:
        """A late zombie may take the number over, work and die. Without a transaction of our own we would not notice,
        and what it left in the outbox would wait until there is work."""
        if time.monotonic() - self._checked > OWNED_SECONDS:
            self._checked = time.monotonic()
            async with lease.pool.acquire() as connection:
                await cursor.check_owned(connection, self._ground.consumer, self.number, lease.epoch)

    async def _step(self, lease: OwnedNumber, topic: str, raw: Sequence[Raw]) -> None:
        records = records_of(topic, raw, lease.next[topic])
        if not any(map(self._handling.subscriptions[topic].concerns, records)):
            return  # `_pass_over` moves the cursor
        try:
            await self._handling.transact(lease, topic, records)
        except (Poison, Unsupported) as error:
            log.warning("batch failed: one by one", topic=topic, number=self.number, error=str(error))
            await self._isolation.one_by_one(lease, topic, records)
        else:
            self._isolation.passed()

    async def _rest(self, seconds: float) -> None:
        """A pause that a stop ends."""
        self._feed.pause()
        try:
            await asyncio.wait_for(self._resumed.wait(), seconds)
        except TimeoutError:
            return
        self._resumed.clear()

    async def _release(self) -> None:
        """Given up on purpose: jobs bring their outside work to an end, what was published is deleted."""
        failpoints.hit("lease.releasing")
        lease = self.lease
        if lease is None:
            return
        if self.state is State.RUNNING:
            await self._jobs.release(lease)
        await self._settle()

    async def _settle(self) -> None:
        """Before a long pause: delete what Kafka has, so that nobody publishes it again."""
        if self.lease is None:
            return
        try:
            async with asyncio.timeout(SETTLE_SECONDS):
                await self.lease.outbox.drained()
            await self.lease.settle()
        except Exception as error:
            log.info("some published rows stay in the outbox", number=self.number, error=repr(error))

    def _halted(self, problem: str) -> None:
        self.state, self.problem = State.STOPPED, problem
        log.error("partition stopped: it waits for a person", number=self.number, problem=problem)
