"""The job that brings e-mails from planned to their end, never twice.

One round: record what the workers answered and commit the `dot` of what the provider waits for, both in one
transaction; then make the next mails and give them to the workers. `dot` in the database comes before the first byte
of a message; who finds a `dot` that is not its own calls it unknown.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import structlog

from contracts.words import ControlState, DeliveryState
from messaging.domain.abreast import Abreast
from messaging.domain.deliveries import Act, Stay
from messaging.domain.handover import Answer, Attempt, Drop, Go, at_the_dot, is_ours, settle
from messaging.domain.judgement import STOPPED, judge
from messaging.domain.launches import Launch, Plan
from messaging.domain.mime import Unsendable
from messaging.domain.retries import Backoff
from messaging.domain.sends import Change, SendKey, StoredSend
from messaging.jobs.behind import Watch
from messaging.jobs.desk import Desk, Parcel
from messaging.jobs.dispatch import Dispatch
from messaging.ports import TURN, Composers, Launches, Meter, Sends, Teller
from runtime import failpoints
from runtime.transaction import Lease, Transaction

PORTION = 500
"""Sends of a stopped launch that are cancelled in one transaction."""
LOOK_SECONDS = 0.2
"""With all hands full, stopped and new launches are looked for this often."""
log = structlog.get_logger()


class HandOver:
    """`in_hand`: so many mails of one number may be made and not yet recorded."""

    def __init__(
        self,
        launches: Launches,
        sends: Sends,
        composers: Composers,
        dispatch: Dispatch,
        teller: Teller,
        meter: Meter,
        backoff: Backoff,
        in_hand: int,
        watch: Watch,
    ) -> None:
        self._launches = launches
        self._sends = sends
        self._composers = composers
        self._dispatch = dispatch
        self._teller = teller
        self._meter = meter
        self._backoff = backoff
        self._in_hand = in_hand
        self._watch = watch

    async def run(self, lease: Lease) -> bool:
        desk = self._dispatch.desk(lease)
        if desk.epoch != lease.epoch:
            await self._take_over(lease, desk)
        await self._record(lease, desk)
        standing = self._watch.standing(lease)
        if standing is Abreast.NOT_YET:
            return False
        room = desk.room(self._in_hand)
        return await self._make(lease, desk, room, standing) if room or desk.rested(LOOK_SECONDS) else False

    async def release(self, lease: Lease) -> None:
        """What is handed over already comes to its end and is recorded; nothing more is handed over."""
        desk = self._dispatch.desk(lease)
        desk.close()
        await self._record(lease, desk)
        while desk.unsettled:
            await desk.news()
            await self._record(lease, desk)

    # Of an earlier owner

    async def _take_over(self, lease: Lease, desk: Desk) -> None:
        """Sends at the `dot`: those that this process is handing over are ours, of the others nobody can know."""
        async with lease.transaction() as tx:
            stored = await self._sends.sending(tx.connection, lease.number)
            dotted = desk.dotted()
            ours = [send.key for send in stored if send.key in dotted and is_ours(dotted[send.key].attempt, send)]
            lost = [
                Change(send.key, send.state, DeliveryState.UNKNOWN, "interrupted", send.attempts, None)
                for send in stored
                if send.key not in ours
            ]
            if ours:
                await self._sends.restamp(tx, ours, lease.epoch)
            await self._write(tx, lost)
        desk.restamped(ours, lease.epoch)
        desk.epoch = lease.epoch

    # Answers and dots

    async def _record(self, lease: Lease, desk: Desk) -> None:
        answered, offered = desk.collect()
        if not answered and not offered:
            return
        desk.deciding(offered, lease.epoch)
        try:
            async with lease.transaction() as tx:
                known: Mapping[str, Launch] = {}
                if offered:
                    known = await self._launches.pass_gates(tx.connection, {parcel.key.launch_id for parcel in offered})
                stored = await self._sends.load(tx.connection, [parcel.key for parcel in (*answered, *offered)])
                changes = list(self._settled(answered, stored, tx.now))
                behind = self._watch.standing(lease) is not Abreast.YES
                go = self._judged(offered, stored, known, tx.now, lease.epoch, changes, behind)
                await self._write(tx, changes)
                failpoints.hit("messaging.before_record")
        except BaseException:
            desk.undecided(offered)
            raise
        desk.recorded(answered)
        desk.decided(offered, go)

    def _settled(
        self, answered: Sequence[Parcel], stored: Mapping[SendKey, StoredSend], now: datetime
    ) -> Iterable[Change]:
        for parcel in answered:
            assert parcel.answer is not None
            change = settle(parcel.attempt, parcel.answer, stored.get(parcel.key), now, self._backoff)
            if isinstance(change, Change):
                yield change
            elif change is Stay.REFUSE:
                self._bug(parcel.key, parcel.answer.act)

    def _judged(
        self,
        offered: Sequence[Parcel],
        stored: Mapping[SendKey, StoredSend],
        known: Mapping[str, Launch],
        now: datetime,
        epoch: int,
        changes: list[Change],
        behind: bool,
    ) -> set[SendKey]:
        """Which may be handed over once `changes`, to which this adds, are committed. `behind`: no marketing is."""
        go = set()
        for parcel in offered:
            verdict = at_the_dot(
                parcel.attempt, stored.get(parcel.key), known.get(parcel.key.launch_id), now, epoch, behind
            )
            match verdict:
                case Go(change) | Drop(change):
                    if change is not None:
                        changes.append(change)
                    if isinstance(verdict, Go):
                        go.add(parcel.key)
                case Stay():
                    self._bug(parcel.key, Act.HAND_OVER)
        return go

    async def _write(self, tx: Transaction, changes: Sequence[Change]) -> None:
        if changes:
            await self._sends.change(tx, changes)
            await self._teller.keep(tx, changes)

    def _bug(self, key: SendKey, act: Act) -> None:
        self._meter.bug()
        log.error("something happened to a send that cannot happen: ignored", launch_id=key.launch_id,
                  send_id=key.send_id, act=act)  # fmt: skip

    # New mails

    async def _make(self, lease: Lease, desk: Desk, room: int, standing: Abreast) -> bool:
        """At most `room` mails, without room one of each launch that has none in hand; and stops are carried out.

        True if there is more to do without waiting for a worker.
        """
        async with lease.pool.acquire() as connection:
            turn = await self._sends.turn(connection, lease.number, desk.after)
            if not turn and desk.after:
                turn = await self._sends.turn(connection, lease.number, "")
            desk.after = turn[-1][0] if len(turn) == TURN else ""
            running = [launch_id for launch_id, gate in turn if gate is ControlState.RUNNING]
            if not room:
                running = desk.strangers(running, self._in_hand)
            ended = 0
            if running:
                each = max(1, room // len(running))
                now, due = await self._sends.due(connection, lease.number, running, desk.busy(), each)
                plans = await self._launches.plans(connection, {send.key.launch_id for send in due})
                chosen = _one_each(due)[: room or len(running)]
                if standing is Abreast.BEHIND:
                    chosen = [send for send in chosen if not plans[send.key.launch_id].is_marketing(send.key.step)]
                ended = sum(self._made(desk, send, plans[send.key.launch_id], now) for send in chosen)
                failpoints.hit("messaging.claimed")
        stopped = [launch_id for launch_id, gate in turn if gate is ControlState.STOPPED]
        more = [await self._cancel(lease, launch_id) for launch_id in stopped]
        return bool(ended) or any(more)

    def _made(self, desk: Desk, send: StoredSend, plan: Plan, now: datetime) -> bool:
        """Give its mail to the workers, or know at once that there will be none: True."""
        message = plan.messages[send.key.step]
        standing = send.standing(message.message_type)
        attempt = Attempt(send.key, standing.email or "", send.attempts)
        kept = judge(standing, message, ControlState.RUNNING, plan.consent_override)
        if kept is not None:
            act = Act.CANCEL if kept.state is DeliveryState.CANCELLED else Act.SKIP
            desk.add_answered(attempt, Answer(act, kept.reason))
            return True
        try:
            mail = self._composers.of(plan, send.key.step).compose(send.key, attempt.address, send.facts, now)
        except Unsendable as problem:
            desk.add_answered(attempt, Answer(Act.REFUSE, problem.reason))
            return True
        desk.add(attempt, mail)
        return False

    async def _cancel(self, lease: Lease, launch_id: str) -> bool:
        """A portion of a stopped launch's planned sends; True if there may be more."""
        async with lease.transaction() as tx:
            cancelled = await self._sends.cancel_launch(tx, launch_id, STOPPED, PORTION)
            if cancelled:
                await self._teller.keep(tx, cancelled)
        return len(cancelled) == PORTION


def _one_each(due: Sequence[StoredSend]) -> list[StoredSend]:
    """Without a second send of the same contact: its turn comes when the first one is at its end."""
    first: dict[str, StoredSend] = {}
    for send in due:
        first.setdefault(send.key.contact_id, send)
    return list(first.values())
