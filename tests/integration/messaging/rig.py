"""Messaging without Kafka: its handlers and jobs on a real database, several processes of it if need be.

A `World` is what they share: the database, who owns which number, and what was told. A `Node` is one process: its own
memory and its own workers.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from typing import Any, Self

import asyncpg

from contracts.changes import ContactChange, ContactsChanged
from contracts.deliveries import ContactsReported, DeliveriesRecorded, LaunchHeld
from contracts.launches import LaunchControlled, LaunchRequested
from contracts.sends import SendsRequested, SendsWithdrawn
from contracts.words import DeliveryState
from fakes.transaction import FakeTransaction, received
from messaging.adapters.chunks import PostgresWaitingChunks
from messaging.adapters.composing import TemplateComposers
from messaging.adapters.contacts import PostgresContacts
from messaging.adapters.guard import PostgresGuard
from messaging.adapters.launches import PostgresLaunches
from messaging.adapters.reports import PostgresReports
from messaging.adapters.sends import PostgresSends
from messaging.adapters.untold import PostgresUntold
from messaging.adapters.withdrawn import PostgresWithdrawals
from messaging.domain.admitted import Admitted, Targets
from messaging.domain.retries import Backoff
from messaging.domain.sends import SendKey
from messaging.handlers import Handlers
from messaging.jobs.behind import Behind, Watch
from messaging.jobs.desk import Tempo
from messaging.jobs.dispatch import Dispatch
from messaging.jobs.guarding import Judging, Releasing
from messaging.jobs.handover import HandOver
from messaging.jobs.pickup import PickUp
from messaging.jobs.reports import Reporting
from messaging.jobs.telling import Telling
from messaging.jobs.workers import Worker, working
from messaging.ports.mailing import Mailer
from runtime.errors import Fenced
from runtime.records import Outgoing
from unit.messaging.builders import LAUNCH, PROJECT

SECONDS = 20.0
"""Longest wait for anything."""


class World:
    def __init__(
        self, pool: "asyncpg.Pool[asyncpg.Record]", walled: "asyncpg.Pool[asyncpg.Record] | None" = None
    ) -> None:
        """`walled`: what routes work with."""
        self.pool = pool
        self.walled_pool = walled or pool
        self.epochs: Counter[int] = Counter()
        self.emitted: list[Outgoing] = []
        self.holds: list[LaunchHeld] = []
        self.reports: list[ContactsReported] = []
        self.records: list[DeliveriesRecorded] = []
        self.requests = 0
        """Transactions of HTTP requests that were begun."""
        self.told: dict[SendKey, DeliveryState] = {}
        """By the records alone: each says what the state was before, and that must be what was told last."""

    def committed(self, events: list[Outgoing]) -> None:
        known = {event.id for event in self.emitted}
        for event in events:
            assert event.id not in known, "an id is used once"
            self.emitted.append(event)
            record = event.event
            if isinstance(record, LaunchHeld):
                self.holds.append(record)
                continue
            if isinstance(record, ContactsReported):
                self.reports.append(record)
                continue
            assert isinstance(record, DeliveriesRecorded)
            self.records.append(record)
            for place, contact_id in enumerate(record.contact_ids):
                key = SendKey(record.launch_id, contact_id, record.step, record.occurrences[place])
                assert self.told.get(key) == record.previous[place]
                self.told[key] = record.states[place]

    @property
    def counts(self) -> dict[str, int]:
        """Sends by the state that was told last."""
        return dict(Counter(state.value for state in self.told.values()))

    def path(self, contact_id: str) -> list[str]:
        """The states told of one contact's sends, in order."""
        return [
            state.value
            for event in self.emitted
            if isinstance(record := event.event, DeliveriesRecorded)
            for told, state in zip(record.contact_ids, record.states, strict=True)
            if told == contact_id
        ]

    async def rows(self) -> dict[str, tuple[str, str | None]]:
        """(state, reason) by contact id, as the database has it."""
        rows = await self.pool.fetch("SELECT contact_id, state, reason FROM send ORDER BY contact_id")
        return {row["contact_id"]: (row["state"], row["reason"]) for row in rows}

    @asynccontextmanager
    async def request(self) -> AsyncIterator[FakeTransaction]:
        """The transaction of an HTTP request, where there is one partition: number 0, as tests use it."""
        self.requests += 1
        async with self.walled_pool.acquire() as connection, connection.transaction():
            now: datetime = await connection.fetchval("SELECT date_trunc('milliseconds', clock_timestamp())")
            tx = FakeTransaction(number=None, partitions=1, now=now, connection=connection)
            yield tx
        self.committed(tx.emitted)

    async def check(self) -> None:
        """What was told is what is stored."""
        rows = await self.pool.fetch(
            "SELECT launch_id, contact_id, step, occurrence, state FROM send JOIN launch ON number = launch"
        )
        stored = {SendKey(*tuple(row)[:4]): DeliveryState(row["state"]) for row in rows}
        assert stored == self.told


class OwnedNumber:
    """`runtime.transaction.Lease` on the world's database, with faults on demand."""

    def __init__(self, world: World, number: int) -> None:
        self.number = number
        self.partitions = 8
        self.pool = world.pool
        world.epochs[number] += 1
        self.epoch = world.epochs[number]
        self.woken = asyncio.Event()
        self.lags: dict[str, float | None] = {}
        """What `lag` answers, by topic; 0 where nothing is said."""
        self.commit_answer_lost = 0
        """So many of the next transactions commit, and their owner hears an error."""
        self._world = world

    def wake(self, *jobs: str) -> None:
        self.woken.set()

    def lag(self, topic: str) -> float | None:
        return self.lags.get(topic, 0.0)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[FakeTransaction]:
        async with self.pool.acquire() as connection:
            async with connection.transaction():
                now: datetime = await connection.fetchval("SELECT date_trunc('milliseconds', clock_timestamp())")
                tx = FakeTransaction(number=self.number, now=now, connection=connection)
                self._fence()
                yield tx
                self._fence()
            self._world.committed(tx.emitted)
        if self.commit_answer_lost:
            self.commit_answer_lost -= 1
            raise ConnectionResetError("the answer to COMMIT was lost")

    def _fence(self) -> None:
        if self._world.epochs[self.number] != self.epoch:
            raise Fenced(f"partition {self.number}")


class SilentMeter:
    def __init__(self) -> None:
        self.counts: Counter[DeliveryState] = Counter()
        self.bugs = 0
        self.available: bool | None = None

    def count(self, states: Any) -> None:
        self.counts.update(states)

    def provider(self, available: bool) -> None:
        self.available = available

    def bug(self) -> None:
        self.bugs += 1


class Node:
    """`async with Node(world, mailer) as node`: leaving it is a kill, unless `release` was called before."""

    def __init__(
        self,
        world: World,
        mailer: Mailer,
        *,
        connections: int = 4,
        load: int = 4,
        backoff: Backoff | None = None,
        tempo: Tempo | None = None,
        gather: float = 0.0,
        guarded: bool = False,
    ) -> None:
        """`guarded`: launches may send to the contacts that `admitted` told, and to no more."""
        self.world = world
        self._guarded = guarded
        self.meter = SilentMeter()
        launches, contacts = PostgresLaunches(), PostgresContacts()
        sends, chunks = PostgresSends(), PostgresWaitingChunks()
        composers = TemplateComposers()
        self.telling = Telling(launches, PostgresUntold(), self.meter, gather)
        guard, watch, withdrawals = PostgresGuard(), Watch(), PostgresWithdrawals()
        self.handlers = Handlers(
            launches, contacts, sends, chunks, guard, composers, self.telling, self.meter, withdrawals
        )
        dispatch = Dispatch(connections, tempo)
        backoff = backoff or Backoff(first=0.01, longest=0.05, attempts=5)
        self.hand_over = HandOver(
            *(
                launches,
                contacts,
                sends,
                composers,
                dispatch,
                self.telling,
                self.meter,
                backoff,
                4 * connections,
                watch,
            ),
            withdrawals,
        )
        self.pick_up = PickUp(launches, chunks, guard, self.handlers.take_up)
        self.judging = Judging(launches, guard, chunks, self.handlers.take_up, self.handlers.objection)
        self.releasing = Releasing(launches, guard, sends, self.telling, watch)
        self.behind = Behind(watch, launches, sends, guard, self.telling)
        self.reporting = Reporting(PostgresReports(), launches, sends, self.telling)
        self._workers = [Worker(dispatch, mailer, self.meter, idle=5, load=load) for _ in range(connections)]
        self._leases: dict[int, OwnedNumber] = {}
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(working(self._workers))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def own(self, number: int = 0) -> OwnedNumber:
        """Take the number, from whoever has it."""
        self._leases[number] = OwnedNumber(self.world, number)
        return self._leases[number]

    def lease(self, number: int = 0) -> OwnedNumber:
        return self._leases[number] if number in self._leases else self.own(number)

    # Records

    async def launches(self, *events: LaunchRequested | LaunchControlled, number: int = 0) -> None:
        async with self.lease(number).transaction() as tx:
            await self.handlers.on_launches(tx, [received(event) for event in events])
            if not self._guarded:
                await tx.connection.execute("UPDATE launch SET guarded = false")

    async def sends(self, *chunks: SendsRequested | SendsWithdrawn, number: int = 0, cause: str = "chunk") -> None:
        async with self.lease(number).transaction() as tx:
            events = [received(chunk, id=f"{cause}-{place}", offset=place) for place, chunk in enumerate(chunks)]
            await self.handlers.on_sends(tx, events)

    async def admitted(self, *counts: int, launch_id: str = LAUNCH, number: int = 0, cause: str = "targets") -> None:
        """contacts tells of chunks with so many targets."""
        async with self.lease(number).transaction() as tx:
            events = [
                received(
                    Admitted(
                        project=PROJECT,
                        launch_id=launch_id,
                        targets=Targets(contact_ids=[str(n) for n in range(count)]),
                    ),
                    id=f"{cause}-{place}",
                )
                for place, count in enumerate(counts)
            ]
            await self.handlers.on_targets(tx, events)

    async def changes(self, *changes: ContactChange, number: int = 0) -> None:
        async with self.lease(number).transaction() as tx:
            await self.handlers.on_changes(tx, [received(ContactsChanged(project=PROJECT, changes=list(changes)))])

    # Jobs

    async def round(self, number: int = 0) -> bool:
        """Each job once."""
        lease = self.lease(number)
        lease.woken.clear()
        jobs = (self.behind, self.hand_over, self.pick_up, self.judging, self.releasing, self.reporting, self.telling)
        return any([await job.run(lease) for job in jobs])

    async def until(self, done: Callable[[], bool], *numbers: int) -> None:
        """Rounds, as the number's task would run them, until it is as the test wants it."""
        async with asyncio.timeout(SECONDS):
            while not done():
                for number in numbers or (0,):
                    more = await self.round(number)
                    if not more and not done():
                        await self._rest(number)

    async def until_ended(self, count: int, *numbers: int) -> None:
        """Until so many sends are at an end."""
        open_states = (DeliveryState.PLANNED, DeliveryState.HELD, DeliveryState.SENDING)
        await self.until(lambda: sum(state not in open_states for state in self.world.told.values()) >= count, *numbers)

    async def release(self, number: int = 0) -> None:
        """Give the number up in good order."""
        async with asyncio.timeout(SECONDS):
            lease = self._leases.pop(number)
            await self.hand_over.release(lease)
            await self.telling.release(lease)

    async def _rest(self, number: int) -> None:
        try:
            async with asyncio.timeout(0.02):
                await self.lease(number).woken.wait()
        except TimeoutError:
            return


async def eventually(done: Callable[[], bool]) -> None:
    """Until something that another task does is done."""
    async with asyncio.timeout(SECONDS):
        while not done():
            await asyncio.sleep(0.005)
