"""What messaging does with each record it reads. Nothing here talks to a provider: sends are only stored or settled."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from contracts.changes import ContactsChanged
from contracts.launches import LaunchControlled, LaunchDrafted, LaunchRequested, ParticipantsListed
from contracts.sends import SendsRequested, SendsWithdrawn
from contracts.words import ControlState, DeliveryState, LaunchMode
from messaging.domain.admitted import Admitted, Unread
from messaging.domain.guard import OVER_PLAN, Taken, Tally, objection
from messaging.domain.judgement import DELETED, ContactState, Kept, consents_of, judge_chunk
from messaging.domain.launches import Launch
from messaging.domain.records import first_states
from messaging.domain.sends import Move, kept_out
from messaging.domain.trials import readdressed, unsendable
from messaging.ports.guard import Guard
from messaging.ports.known import Contacts, Launches, WaitingChunk, WaitingChunks
from messaging.ports.mailing import Composers, Meter
from messaging.ports.sends import NewSends, Sends, Snapshots, Teller, Withdrawals
from runtime.records import Received
from runtime.spans import HEADER
from runtime.transaction import Transaction

LaunchEvent = LaunchDrafted | ParticipantsListed | LaunchRequested | LaunchControlled


class Handlers:
    """One method per consumed stream; `take_up` is what the jobs do with chunks that had to wait."""

    def __init__(
        self,
        launches: Launches,
        contacts: Contacts,
        sends: Sends,
        chunks: WaitingChunks,
        guard: Guard,
        composers: Composers,
        teller: Teller,
        meter: Meter,
        withdrawals: Withdrawals,
    ) -> None:
        self._launches = launches
        self._contacts = contacts
        self._sends = sends
        self._chunks = chunks
        self._guard = guard
        self._composers = composers
        self._teller = teller
        self._meter = meter
        self._withdrawals = withdrawals

    async def on_launches(self, tx: Transaction, events: Sequence[Received[LaunchEvent]]) -> None:
        """Gates and the immutable parts. What a closed gate means for planned sends, each partition's job finds out."""
        control = [
            (received.event, received.record.header(HEADER))
            for received in events
            if isinstance(received.event, LaunchRequested | LaunchControlled)
        ]
        await self._launches.move_gates(tx.connection, {event.launch_id for event, _ in control})
        for event, trace in control:
            if isinstance(event, LaunchRequested):
                await self._launches.store(tx.connection, event, trace)
            lifted = event.lifted if isinstance(event, LaunchControlled) else 0
            await self._launches.control(
                tx.connection, event.project, event.launch_id, event.revision, event.state, lifted
            )

    async def on_targets(self, tx: Transaction, events: Sequence[Received[Admitted | Unread]]) -> None:
        """How many contacts each launch may be sent to."""
        chunks = [
            (received.event.launch_id, received.id, len(received.event.targets.contact_ids))
            for received in events
            if isinstance(received.event, Admitted)
        ]
        if chunks:
            await self._guard.admit(tx, chunks)

    async def on_changes(self, tx: Transaction, events: Sequence[Received[ContactsChanged]]) -> None:
        """The replica; and what was planned for a contact that is gone will not be sent."""
        by_project: dict[str, list[ContactsChanged]] = defaultdict(list)
        for received in events:
            by_project[received.event.project].append(received.event)
        for project, chunks in sorted(by_project.items()):
            changes = [change for chunk in chunks for change in chunk.changes]
            await self._contacts.keep(tx.connection, project, changes)
            gone = {change.contact_id: change.revision for change in changes if change.contact is None}
            if gone:
                cancelled = await self._sends.cancel_contacts(tx, project, gone, DELETED)
                held = await self._sends.load(tx, await self._guard.held_of(tx, project, gone))
                ended = [kept_out(send, DELETED) for send in held.values()]
                if ended:
                    await self._sends.move(tx, list(map(Move, held.values(), ended)), sure=True)
                await self._teller.keep(tx, [*cancelled, *ended])

    async def on_sends(self, tx: Transaction, events: Sequence[Received[SendsRequested | SendsWithdrawn]]) -> None:
        chunks = [
            WaitingChunk(received.id, received.event, received.record.header(HEADER), received.record.offset)
            for received in events
            if isinstance(received.event, SendsRequested)
        ]
        ids = {waiting.chunk.launch_id for waiting in chunks}
        known = await self._launches.pass_gates(tx.connection, ids)
        tally = await self._guard.tally(tx, ids)
        for waiting in chunks:
            launch = known.get(waiting.chunk.launch_id)
            taken = Taken.WAIT if launch is None else await self.take(tx, launch, tally, waiting)
            if taken is Taken.SUSPECT:
                await self._guard.suspect(tx, waiting.cause, waiting.position, waiting.chunk, waiting.trace)
            elif taken is Taken.WAIT:
                await self._chunks.keep(tx, waiting.cause, waiting.position, waiting.chunk, waiting.trace)
        await self._guard.save(tx, tally)
        for received in events:
            if isinstance(received.event, SendsWithdrawn):
                await self._withdraw(tx, received.event)

    async def _withdraw(self, tx: Transaction, withdrawn: SendsWithdrawn) -> None:
        """Its sends were asked for before: they are stored, or in a chunk that waits. At the `dot` they finish."""
        await self._withdrawals.keep(tx, withdrawn)
        cancelled = await self._withdrawals.cancel(tx, withdrawn.launch_id, withdrawn.contact_ids)
        await self._teller.keep(tx, cancelled)

    async def objection(self, tx: Transaction, launch: Launch, tally: Tally, waiting: WaitingChunk) -> str | None:
        """Why this chunk is more than planned. Which of its sends are new is looked up only if that matters."""
        chunk = waiting.chunk
        bounds, share = launch.plan.bounds, tally.of(chunk.launch_id)
        if bounds is None or launch.gate is ControlState.STOPPED:
            return None
        highest, count = max(chunk.occurrences, default=0), len(chunk.occurrences)
        if objection(share, bounds, chunk.step, highest, count) is None:
            return None
        new = await self._guard.new(tx, chunk)
        return objection(share, bounds, chunk.step, max(new, default=0), len(new))

    async def take_up(
        self, tx: Transaction, launch: Launch, tally: Tally, waiting: WaitingChunk, over_plan: bool = False
    ) -> Taken:
        """`take` of a chunk that had to wait: meanwhile contacts may have been taken out of the launch."""
        chunk = waiting.chunk
        withdrawn = await self._withdrawals.of(tx.connection, chunk.launch_id, chunk.targets.contact_ids)
        return await self.take(tx, launch, tally, waiting, over_plan, withdrawn)

    async def take(
        self,
        tx: Transaction,
        launch: Launch,
        tally: Tally,
        waiting: WaitingChunk,
        over_plan: bool = False,
        withdrawn: Mapping[str, Kept] | None = None,
    ) -> Taken:
        """Judge and store the sends of a chunk, count and tell of them. The launch's gate is held.

        `over_plan`: they are more than planned for certain, and held. `withdrawn`: contacts who are not sent to.
        """
        chunk, cause, plan = waiting.chunk, waiting.cause, launch.plan
        tested, rehearsed = plan.mode is LaunchMode.TEST, plan.mode is LaunchMode.REHEARSAL
        if tested:
            chunk = readdressed(chunk, plan.recipient or "")
        message = plan.messages.get(chunk.step)
        if not over_plan and await self.objection(tx, launch, tally, waiting) is not None:
            return Taken.SUSPECT
        waits = launch.gate is ControlState.PAUSED and not over_plan
        if waits and message is not None and (message.channel == "discard" or rehearsed):
            return Taken.WAIT
        targets = chunk.targets
        newer: Mapping[str, ContactState] = {}
        if not tested:
            newer = await self._contacts.newer(tx.connection, chunk.project, targets.contact_ids, targets.revisions)
        kept = judge_chunk(targets, message, launch.gate, plan.consent_override or tested, newer)
        if withdrawn:
            listed = enumerate(targets.contact_ids)
            kept |= {index: withdrawn[contact_id] for index, contact_id in listed if contact_id in withdrawn}
        if over_plan:
            state = DeliveryState.HELD
            fresh = await self._settle(tx, chunk, kept, None) + await self._hold(tx, launch, chunk, kept)
            kept = dict.fromkeys(range(len(chunk.occurrences)), OVER_PLAN) | kept
        elif message is None or message.channel != "email":
            state = DeliveryState.ACCEPTED
            fresh = await self._settle(tx, chunk, kept, state)
        elif rehearsed:
            state = DeliveryState.ACCEPTED
            composer = self._composers.of(plan, chunk.step)
            kept |= unsendable(composer.compose, chunk, composer.facts(targets), kept, newer, tx.now)
            fresh = await self._settle(tx, chunk, kept, state)
        else:
            state = DeliveryState.PLANNED
            fresh = await self._settle(tx, chunk, kept, None) + await self._plan(tx, launch, chunk, kept)
        indexes = _indexes(chunk, fresh)
        if indexes:
            record, states = first_states(chunk, cause, indexes, state, kept, partition=_number(tx), at=tx.now)
            tx.emit(record)
            if not rehearsed:
                self._meter.count(states)
        tally.count(chunk.launch_id, chunk.step, len(fresh), over_plan)
        return Taken.DONE

    async def _settle(
        self, tx: Transaction, chunk: SendsRequested, kept: dict[int, Kept], others: DeliveryState | None
    ) -> list[tuple[str, int]]:
        """Store those kept out, and if `others` is a state, all others in it."""
        groups: dict[tuple[str, str | None], list[int]] = defaultdict(list)
        for index, verdict in kept.items():
            groups[verdict.state, verdict.reason].append(index)
        if others is not None:
            groups[others, None] = [index for index in range(len(chunk.occurrences)) if index not in kept]
        fresh: list[tuple[str, int]] = []
        for (state, reason), indexes in groups.items():
            if indexes:
                fresh += await self._sends.add_settled(tx, _sends(chunk, indexes), state, reason)
        return fresh

    async def _plan(
        self, tx: Transaction, launch: Launch, chunk: SendsRequested, kept: dict[int, Kept]
    ) -> list[tuple[str, int]]:
        indexes = [index for index in range(len(chunk.occurrences)) if index not in kept]
        if not indexes:
            return []
        return await self._sends.add_planned(tx, _sends(chunk, indexes), self._snapshots(launch, chunk, indexes))

    async def _hold(
        self, tx: Transaction, launch: Launch, chunk: SendsRequested, kept: dict[int, Kept]
    ) -> list[tuple[str, int]]:
        indexes = [index for index in range(len(chunk.occurrences)) if index not in kept]
        if not indexes:
            return []
        snapshots = self._snapshots(launch, chunk, indexes)
        return await self._guard.add_held(tx, _sends(chunk, indexes), snapshots, OVER_PLAN)

    def _snapshots(self, launch: Launch, chunk: SendsRequested, indexes: Sequence[int]) -> Snapshots:
        targets = chunk.targets
        consented = consents_of(targets, launch.plan.messages[chunk.step])
        facts = self._composers.of(launch.plan, chunk.step).facts(targets)
        return Snapshots(
            revisions=_chosen(targets.revisions, indexes),
            permitted=_chosen(targets.permitted, indexes),
            suppressed=_chosen(targets.suppressed, indexes),
            consented=_chosen(consented, indexes),
            emails=_chosen(targets.emails, indexes),
            facts=_chosen(facts, indexes),
        )


def _sends(chunk: SendsRequested, indexes: Sequence[int]) -> NewSends:
    return NewSends(
        chunk.launch_id,
        chunk.step,
        _chosen(chunk.targets.contact_ids, indexes),
        _chosen(chunk.occurrences, indexes),
    )


def _chosen(column: Sequence[Any], indexes: Sequence[int]) -> Sequence[Any]:
    return column if len(indexes) == len(column) else [column[index] for index in indexes]


def _indexes(chunk: SendsRequested, fresh: Sequence[tuple[str, int]]) -> Sequence[int]:
    """Where in the chunk the sends are that were not there before: all of them, or after a replay none."""
    if len(fresh) == len(chunk.occurrences):
        return range(len(fresh))
    new = {(contact_id, occurrence) for contact_id, occurrence in fresh}
    pairs = zip(chunk.targets.contact_ids, chunk.occurrences, strict=True)
    return [index for index, pair in enumerate(pairs) if pair in new]


def _number(tx: Transaction) -> int:
    assert tx.number is not None, "a handler runs under a lease"
    return tx.number
