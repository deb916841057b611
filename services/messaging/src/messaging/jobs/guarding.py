"""The jobs of the blast guard: what seems more than planned is judged, what is held is let go or ends.

A chunk that seems more than planned waits until everything is read that lay on `contacts.targets` when it came: its
targets were there before executor asked. Only then is it surplus, and the launch is held.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from contracts.words import ControlState, DeliveryState
from messaging.domain.abreast import Abreast
from messaging.domain.guard import CONTACTS_BEHIND, OVER_PLAN, Taken, Tally
from messaging.domain.judgement import STOPPED
from messaging.domain.launches import Launch
from messaging.domain.records import launch_held
from messaging.domain.sends import Change, Move, StoredSend, kept_out
from messaging.jobs.behind import Watch
from messaging.ports.guard import Guard, Holding
from messaging.ports.known import Launches, WaitingChunk, WaitingChunks
from messaging.ports.sends import Sends, Teller
from runtime.spans import following
from runtime.transaction import Lease, Transaction

TARGETS = "contacts.targets"
CHUNKS = 8
PORTION = 500
Take = Callable[[Transaction, Launch, Tally, WaitingChunk, bool], Awaitable[Taken]]
Object = Callable[[Transaction, Launch, Tally, "WaitingChunk"], Awaitable[str | None]]
log = structlog.get_logger()


class Judging:
    """`take` and `objection` are the handlers'."""

    def __init__(self, launches: Launches, guard: Guard, chunks: WaitingChunks, take: Take, objection: Object) -> None:
        self._launches = launches
        self._guard = guard
        self._chunks = chunks
        self._take = take
        self._objection = objection
        self._seen: dict[int, dict[str, float]] = {}
        """By number: when this process saw a suspect first."""

    async def run(self, lease: Lease) -> bool:
        async with lease.pool.acquire() as connection:
            suspects = await self._guard.suspects(connection, lease.number, CHUNKS)
        before, now = self._seen.get(lease.number, {}), asyncio.get_running_loop().time()
        seen = self._seen[lease.number] = {each.cause: before.get(each.cause, now) for each in suspects}
        if not suspects:
            return False
        lag = lease.lag(TARGETS)
        certain = {cause for cause, since in seen.items() if lag is not None and now - lag > since}
        async with lease.transaction() as tx:
            ids = {each.chunk.launch_id for each in suspects}
            if certain:  # whoever closes a gate has it alone, and that cannot be had on top of sharing it
                await self._launches.move_gates(tx.connection, ids)
            known = await self._launches.pass_gates(tx.connection, ids)
            tally = await self._guard.tally(tx, ids)
            judged = [
                await self._judge(tx, known[each.chunk.launch_id], tally, each, each.cause in certain)
                for each in suspects
            ]
            await self._guard.save(tx, tally)
        return all(judged) and len(suspects) == CHUNKS

    async def _judge(self, tx: Transaction, launch: Launch, tally: Tally, suspect: WaitingChunk, certain: bool) -> bool:
        """True: it is suspected no more."""
        why = await self._objection(tx, launch, tally, suspect)
        if why is not None and not certain:
            return False
        with following(suspect.trace, "messaging guard"):
            if why is not None:
                await self._hold(tx, launch, why)
            taken = await self._take(tx, launch, tally, suspect, why is not None)
            if taken is Taken.WAIT:
                await self._chunks.keep(tx, suspect.cause, suspect.position, suspect.chunk, suspect.trace)
            await self._guard.acquit(tx, suspect.chunk.launch_id, suspect.cause)
        return True

    async def _hold(self, tx: Transaction, launch: Launch, why: str) -> None:
        assert tx.number is not None
        reason = f"more than planned on partition {tx.number}: {why}"
        plan = launch.plan
        number = await self._guard.hold_launch(tx, plan.launch_id, reason)
        if number is None:
            return
        tx.emit(launch_held(plan.launch_id, plan.project, reason, number, partitions=tx.partitions, at=tx.now))
        log.error("launch held: it would send more than planned", launch_id=plan.launch_id, reason=reason)


class Releasing:
    """Held sends go on, or end with their launch."""

    def __init__(self, launches: Launches, guard: Guard, sends: Sends, teller: Teller, watch: Watch) -> None:
        self._launches = launches
        self._guard = guard
        self._sends = sends
        self._teller = teller
        self._watch = watch

    async def run(self, lease: Lease) -> bool:
        async with lease.pool.acquire() as connection:
            holdings = await self._guard.holdings(connection, lease.number)
        over = [holding for holding in holdings if self._over(lease, holding)]
        more = [await self._release(lease, holding) for holding in over]
        return any(more)

    def _over(self, lease: Lease, holding: Holding) -> bool:
        """Held for being more than planned: until the gate opens, which only a person's resume does."""
        if holding.gate is ControlState.STOPPED:
            return True
        if holding.reason == CONTACTS_BEHIND.reason:
            return self._watch.standing(lease) is Abreast.YES
        return holding.gate is ControlState.RUNNING

    async def _release(self, lease: Lease, holding: Holding) -> bool:
        """A portion; True if there may be more."""
        async with lease.transaction() as tx:
            known = await self._launches.pass_gates(tx.connection, [holding.launch_id])
            launch = known[holding.launch_id]
            if holding.reason == OVER_PLAN.reason and launch.gate is ControlState.PAUSED:
                return False
            keys = await self._guard.held(tx, holding, PORTION)
            if not keys:
                await self._guard.emptied(tx, holding)
                return False
            held = list((await self._sends.load(tx, keys)).values())
            changes = [_released(launch, send, tx) for send in held]
            await self._sends.move(tx, list(map(Move, held, changes)), sure=True)
            await self._teller.keep(tx, changes)
            if holding.reason == OVER_PLAN.reason:
                await self._let_go(tx, launch, held)
        return True

    async def _let_go(self, tx: Transaction, launch: Launch, held: Sequence[StoredSend]) -> None:
        """A person let these go."""
        bounds, launch_id = launch.plan.bounds, launch.plan.launch_id
        if bounds is None:
            return
        tally = await self._guard.tally(tx, [launch_id])
        for step in sorted({send.key.step for send in held}):
            occurrences = [send.key.occurrence for send in held if send.key.step == step]
            tally.put(launch_id, tally.of(launch_id).let_go(step, occurrences, bounds.steps[step]))
        await self._guard.save(tx, tally)


def _released(launch: Launch, send: StoredSend, tx: Transaction) -> Change:
    """An e-mail takes its turn and is judged then; `discard` is accepted here and now, as when it comes."""
    message = launch.plan.messages[send.key.step]
    if launch.gate is ControlState.STOPPED:
        return kept_out(send, STOPPED)
    kept = launch.plan.judge(send.standing(message.message_type), send.key.step, launch.gate)
    if kept is not None:
        return kept_out(send, kept)
    if message.channel == "email":
        return Change(send.key, send.state, DeliveryState.PLANNED, None, send.attempts, tx.now)
    return Change(send.key, send.state, DeliveryState.ACCEPTED, None, send.attempts, None)
