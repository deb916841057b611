"""The job that brings e-mails from planned to their end, never twice.

One round: record what the workers answered and commit the `dot` of what the provider waits for, both in one
transaction; then make the next mails and give them to the workers. `dot` in the database comes before the first byte
of a message; who finds a `dot` that is not its own calls it unknown.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

import structlog

from contracts.words import ControlState, DeliveryState, LaunchMode
from messaging.domain.abreast import Abreast
from messaging.domain.deliveries import Act
from messaging.domain.handover import Answer, Attempt, is_ours
from messaging.domain.judgement import STOPPED, ContactState
from messaging.domain.launches import Launch, Plan
from messaging.domain.mime import Unsendable
from messaging.domain.retries import Backoff
from messaging.domain.sends import Change, Move, SendKey, StoredSend
from messaging.jobs.behind import Watch
from messaging.jobs.desk import Desk
from messaging.jobs.dispatch import Dispatch
from messaging.jobs.parcel import Parcel
from messaging.jobs.ruling import Ruling
from messaging.ports.known import Contacts, Launches
from messaging.ports.mailing import Composers, Meter
from messaging.ports.sends import TURN, Sends, Teller, Withdrawals
from runtime import failpoints
from runtime.transaction import Connection, Lease, Transaction

PORTION = 500
"""Sends of a stopped launch that are cancelled in one transaction."""
LOOK_SECONDS = 0.4
"""With all hands full, stopped and new launches are looked for this often."""
log = structlog.get_logger()


class HandOver:
    """`in_hand`: so many mails of one number may be made and not yet recorded."""

    def __init__(
        self,
        launches: Launches,
        contacts: Contacts,
        sends: Sends,
        composers: Composers,
        dispatch: Dispatch,
        teller: Teller,
        meter: Meter,
        backoff: Backoff,
        in_hand: int,
        watch: Watch,
        withdrawals: Withdrawals,
    ) -> None:
        self._launches = launches
        self._contacts = contacts
        self._sends = sends
        self._composers = composers
        self._dispatch = dispatch
        self._teller = teller
        self._meter = meter
        self._backoff = backoff
        self._in_hand = in_hand
        self._watch = watch
        self._withdrawals = withdrawals

    async def run(self, lease: Lease) -> bool:
        desk = self._dispatch.desk(lease)
        if desk.epoch != lease.epoch:
            await self._take_over(lease, desk)
        await self._record(lease, desk)
        standing = self._watch.standing(lease)
        if standing is Abreast.NOT_YET:
            return False
        room, look = desk.room(self._in_hand), desk.rested(LOOK_SECONDS)
        more = await self._make(lease, desk, room, standing, look) if room or look else False
        if desk.idle:
            self._teller.hurry(lease.number)
        return more

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
            moves = [Move(send, _interrupted(send)) for send in stored if send.key not in ours]
            if ours:
                await self._sends.restamp(tx, ours, lease.epoch)
            if moves:
                await self._sends.move(tx, moves, sure=True)
                await self._teller.keep(tx, [move.change for move in moves])
        desk.restamped(ours, lease.epoch)
        desk.epoch = lease.epoch

    # Answers and dots

    async def _record(self, lease: Lease, desk: Desk) -> None:
        answered, offered = desk.collect()
        if not answered and not offered:
            return
        in_doubt = [parcel for parcel in offered if parcel.attempt.dot_epoch is not None]
        desk.deciding(offered, lease.epoch)
        try:
            async with lease.transaction() as tx:
                known: Mapping[str, Launch] = {}
                if offered:
                    known = await self._launches.pass_gates(tx.connection, {parcel.key.launch_id for parcel in offered})
                behind = self._watch.standing(lease) is not Abreast.YES
                ruling = Ruling(tx.now, lease.epoch, known, self._backoff, behind)
                await self._remembered(tx, ruling, answered, [each for each in offered if each not in in_doubt])
                await self._looked_up(tx, ruling, [*ruling.doubtful, *in_doubt])
                await self._teller.keep(tx, [*ruling.changes, *await self._withdrawn(tx, ruling.changes)])
                failpoints.hit("messaging.before_record")
        except BaseException:
            desk.undecided(offered)
            raise
        for key, act in ruling.bugs:
            self._bug(key, act)
        desk.recorded(answered)
        desk.decided(offered, ruling.go)

    async def _remembered(
        self, tx: Transaction, ruling: Ruling, answered: Sequence[Parcel], offered: Sequence[Parcel]
    ) -> None:
        """The usual way: sends are as this process remembers them, and what is not is found by the write itself."""
        newer = await self._newer(tx, ruling, offered)
        for parcel in answered:
            ruling.settle(parcel, parcel.attempt.remembered(), sure=False)
        for parcel in offered:
            send = parcel.attempt.send
            renewed = newer.get((parcel.key.launch_id, parcel.key.contact_id))
            ruling.judge(parcel, send if renewed is None else send._replace(newer=renewed), sure=False)
        await self._write(tx, ruling, sure=False)

    async def _looked_up(self, tx: Transaction, ruling: Ruling, parcels: Sequence[Parcel]) -> None:
        """Those of which something else may be true: as they are stored."""
        if not parcels:
            return
        stored = await self._sends.load(tx, [parcel.key for parcel in parcels])
        for parcel in parcels:
            if parcel.answer is not None:
                ruling.settle(parcel, stored.get(parcel.key), sure=True)
            else:
                ruling.judge(parcel, stored.get(parcel.key), sure=True)
        await self._write(tx, ruling, sure=True)

    async def _withdrawn(self, tx: Transaction, changes: Sequence[Change]) -> list[Change]:
        """Who was taken out while the mail was at the `dot`, and it did not go out: it is not tried again."""
        back: dict[str, list[str]] = defaultdict(list)
        for change in changes:
            if change.state is DeliveryState.PLANNED:
                back[change.key.launch_id].append(change.key.contact_id)
        return [
            cancelled
            for launch_id, contact_ids in back.items()
            for cancelled in await self._withdrawals.cancel(tx, launch_id, contact_ids)
        ]

    async def _newer(
        self, tx: Transaction, ruling: Ruling, offered: Sequence[Parcel]
    ) -> dict[tuple[str, str], ContactState]:
        """By launch and contact, what was said of contacts since their mails were made."""
        by_project: dict[str, list[Parcel]] = defaultdict(list)
        for parcel in offered:
            if (launch := ruling.known.get(parcel.key.launch_id)) is not None:
                by_project[launch.plan.project].append(parcel)
        found: dict[tuple[str, str], ContactState] = {}
        for project, parcels in by_project.items():
            ids = [parcel.key.contact_id for parcel in parcels]
            revisions = [parcel.attempt.send.revision for parcel in parcels]
            if newer := await self._contacts.newer(tx.connection, project, ids, revisions):
                found |= {
                    (parcel.key.launch_id, parcel.key.contact_id): newer[parcel.key.contact_id]
                    for parcel in parcels
                    if parcel.key.contact_id in newer
                }
        return found

    async def _write(self, tx: Transaction, ruling: Ruling, *, sure: bool) -> None:
        if ruling.moves:
            ruling.written(await self._sends.move(tx, [move for _, move in ruling.moves], sure=sure))

    def _bug(self, key: SendKey, act: Act) -> None:
        self._meter.bug()
        log.error("something happened to a send that cannot happen: ignored", launch_id=key.launch_id,
                  send_id=key.send_id, act=act)  # fmt: skip

    # New mails

    async def _make(self, lease: Lease, desk: Desk, room: int, standing: Abreast, look: bool) -> bool:
        """At most `room` mails, without room one of each launch that has none in hand; and stops are carried out.

        `look`: for stopped and new launches. True if there is more to do without waiting for a worker.
        """
        async with lease.pool.acquire() as connection:
            running, stopped = desk.running, list[str]()
            if look or not running:
                running, stopped = await self._turn(connection, lease, desk)
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
                if not due:
                    desk.running = ()
                ended = sum(self._made(desk, send, plans[send.key.launch_id], now) for send in chosen)
                failpoints.hit("messaging.claimed")
        more = [await self._cancel(lease, launch_id) for launch_id in stopped]
        return bool(ended) or any(more)

    async def _turn(self, connection: Connection, lease: Lease, desk: Desk) -> tuple[list[str], list[str]]:
        """Launches with planned mails: those that are running, and those that are stopped."""
        turn = await self._sends.turn(connection, lease.number, desk.after)
        if not turn and desk.after:
            turn = await self._sends.turn(connection, lease.number, "")
        desk.after = turn[-1][0] if len(turn) == TURN else ""
        running = [launch_id for launch_id, gate in turn if gate is ControlState.RUNNING]
        desk.running = () if desk.after else running
        return running, [launch_id for launch_id, gate in turn if gate is ControlState.STOPPED]

    def _made(self, desk: Desk, send: StoredSend, plan: Plan, now: datetime) -> bool:
        """Give its mail to the workers, or know at once that there will be none: True."""
        standing = send.standing(plan.messages[send.key.step].message_type)
        attempt = Attempt(send, standing.email or "")
        kept = plan.judge(standing, send.key.step, ControlState.RUNNING)
        if kept is not None:
            act = Act.CANCEL if kept.state is DeliveryState.CANCELLED else Act.SKIP
            desk.add_answered(attempt, Answer(act, kept.reason))
            return True
        try:
            if plan.mode is LaunchMode.REHEARSAL:  # its messages end when they come; if one got here, no further
                raise Unsendable("rehearsal", "a rehearsal sends nothing")
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


def _interrupted(send: StoredSend) -> Change:
    return Change(send.key, send.state, DeliveryState.UNKNOWN, "interrupted", send.attempts, None)


def _one_each(due: Sequence[StoredSend]) -> list[StoredSend]:
    """Without a second send of the same contact: its turn comes when the first one is at its end."""
    first: dict[str, StoredSend] = {}
    for send in due:
        first.setdefault(send.key.contact_id, send)
    return list(first.values())
