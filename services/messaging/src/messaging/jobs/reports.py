"""The job that takes in what providers reported: accepted becomes delivered, bounced or complained, and what bounced
for good or complained keeps its contact from getting more."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from contracts.deliveries import Report as Kind
from contracts.words import DeliveryState, LaunchMode
from messaging.adapters.blocks import block
from messaging.adapters.reports import report_id
from messaging.domain.deliveries import Act, advance
from messaging.domain.judgement import SUPPRESSED
from messaging.domain.launches import Plan
from messaging.domain.records import contact_reported
from messaging.domain.sends import Change, Move, SendKey, StoredSend
from messaging.domain.webhooks import last
from messaging.ports.known import Launches, Report, Reports
from messaging.ports.sends import Sends, Teller
from runtime.cloudevents import rfc3339
from runtime.ids import derive
from runtime.transaction import Lease, Transaction

PORTION = 500
_KINDS: Mapping[Act, Kind] = {Act.BOUNCE: "bounced", Act.COMPLAIN: "complained"}
_HEARD = frozenset({DeliveryState.BOUNCED, DeliveryState.COMPLAINED})


class Reporting:
    def __init__(self, reports: Reports, launches: Launches, sends: Sends, teller: Teller) -> None:
        self._reports = reports
        self._launches = launches
        self._sends = sends
        self._teller = teller

    async def run(self, lease: Lease) -> bool:
        async with lease.pool.acquire() as connection:
            reports = await self._reports.of(connection, lease.number, PORTION)
        if not reports:
            return False
        async with lease.transaction() as tx:
            stored = await self._sends.load(tx, {report.key for report in reports})
            plans = await self._launches.plans(tx.connection, {key.launch_id for key in stored})
            by_send: dict[SendKey, list[Report]] = defaultdict(list)
            for report in reports:
                send = stored.get(report.key)
                if send is None or send.state is not DeliveryState.SENDING:  # its answer is recorded in a moment
                    by_send[report.key].append(report)
            moves = []
            for key, said in by_send.items():
                if key in stored and (change := await self._take(tx, stored[key], said, plans[key.launch_id])):
                    moves.append(Move(stored[key], change))
            if moves:
                await self._sends.move(tx, moves, sure=True)
                await self._teller.keep(tx, [move.change for move in moves])
            done = [report for said in by_send.values() for report in said]
            await self._reports.forget(tx, done)
        return len(done) == PORTION

    async def _take(self, tx: Transaction, send: StoredSend, said: Sequence[Report], plan: Plan) -> Change | None:
        """What it makes of the send, if anything. One that is `unknown` stays so, its contact is told of."""
        by_act = {report.act: report for report in said}
        state, reason = send.state, None
        for act in last(list(by_act)):
            after = advance(state, act)
            if act in _KINDS:
                known = state in _HEARD and not isinstance(after, DeliveryState)
                await self._keep_from_more(tx, send, by_act[act], plan, known=known)
            if isinstance(after, DeliveryState):
                state, reason = after, by_act[act].reason
        if state is send.state:
            return None
        return Change(send.key, send.state, state, reason, send.attempts, None, send.dot_epoch)

    async def _keep_from_more(
        self, tx: Transaction, send: StoredSend, report: Report, plan: Plan, *, known: bool
    ) -> None:
        """Of a contact of whom that is `known` only where its mail went is news, if it is said.

        Of one that is `unknown` nothing says whether it was told before. So nobody who is suppressed is blocked for it,
        and who is not is told of anew, for contacts answers each id once, and a block waits for the answer.
        """
        if plan.mode is not LaunchMode.LIVE or (known and report.recipient is None):
            return  # whoever got it is not the contact, or all of it was told
        assert tx.number is not None
        id, key, message_type = _told_as(report), report.key, plan.messages[report.key.step].message_type
        undecided = send.state is DeliveryState.UNKNOWN
        if not known and not (undecided and send.standing(message_type).suppressed):
            id = derive(id, rfc3339(tx.now)) if undecided else id
            await block(tx.connection, plan.project, key.contact_id, SUPPRESSED, id)
        tx.emit(
            contact_reported(
                key,
                plan.project,
                _KINDS[report.act],
                message_type,
                report.recipient,
                id,
                partition=tx.number,
                at=tx.now,
            )
        )


def _told_as(report: Report) -> str:
    """contacts takes in each once. One that names where the mail went says more than one before it that did not."""
    id = report_id(report.key, report.act)
    return id if report.recipient is None else derive(id, "named")
