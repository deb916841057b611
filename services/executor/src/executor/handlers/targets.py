"""`contacts.targets`: each admitted target becomes one process instance, or is refused with a reason."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from contracts.targets import LaunchOpened, Snapshot, TargetingFinished, TargetsAdmitted
from contracts.words import ControlState, LaunchMode, Left
from executor.domain.advance import advance
from executor.domain.cohort import Cohort, Removed, Roll, Started, Status
from executor.domain.contact_data import pick, superseded
from executor.domain.launch import Launch
from executor.handlers.announcements import carried_out
from executor.handlers.turn import Turn
from executor.ports import AtHand, Known, Stores
from runtime.errors import Permanent
from runtime.records import Received
from runtime.spans import HEADER
from runtime.transaction import Transaction


class Targets:
    def __init__(self, stores: Stores) -> None:
        self._stores = stores

    async def on_targets(self, tx: Transaction, events: Sequence[Received[Any]]) -> None:
        opened = [
            (received.event, received.record.header(HEADER))
            for received in events
            if isinstance(received.event, LaunchOpened)
        ]
        if opened:
            await self._stores.launches.open(tx, opened)
        chunks = [received.event for received in events if isinstance(received.event, TargetsAdmitted)]
        if chunks:
            await self._admit_chunks(tx, chunks)
        told = [received.event for received in events if isinstance(received.event, TargetingFinished)]
        if told:
            await self._stores.orders.targeted(tx, {event.launch_id: event.project for event in told})

    async def _admit_chunks(self, tx: Transaction, chunks: Sequence[TargetsAdmitted]) -> None:
        turn = await Turn.begin(self._stores, tx, {chunk.launch_id for chunk in chunks})
        for chunk in chunks:
            at = turn.launches.get(chunk.launch_id)
            if at is None:
                raise Permanent(f"targets of launch {chunk.launch_id}, which was never opened on this partition")
            await self._admit(turn, at, chunk.targets)
        await turn.finish()

    async def _admit(self, turn: Turn, at: AtHand, targets: Snapshot) -> None:
        known = await self._stores.instances.known(turn.tx, at.launch, targets.contact_ids, targets.revisions)
        everybody: Sequence[int] = range(len(targets.contact_ids))
        fresh = [member for member in everybody if member not in known.decided] if known.decided else everybody
        refused = await self._refused(turn, at, targets.contact_ids, fresh, known)
        starting = [member for member in fresh if member not in refused] if refused else fresh
        if refused:
            members = sorted(refused)
            await turn.refuse(at, pick(targets.contact_ids, members), [refused[member] for member in members])
        if starting:
            now = turn.tx.now
            current = superseded(targets, known.newer)
            sizes = [known.newer[m].size if m in known.newer else 0 for m in everybody] if known.newer else None
            roll = Roll(targets.contact_ids, [now] * len(everybody), lambda: current, sizes)
            ready = Cohort(members=starting, status=Status.READY, step=at.launch.flow.start)
            removed = await self._removed(turn, at, roll, starting) if at.removals else frozenset[int]()
            if removed:
                ready = ready.of([member for member in starting if member not in removed])
            held = at.gate is ControlState.PAUSED
            stand = advance(at.launch.flow, ready, Started(), now, roll, held) if ready.members else []
            if removed:
                gone = replace(ready, members=sorted(removed))
                stand = [*stand, *advance(at.launch.flow, gone, Removed(), now, roll)]
            await turn.start(at, roll, stand)

    async def _removed(self, turn: Turn, at: AtHand, roll: Roll, starting: Sequence[int]) -> frozenset[int]:
        """Who was removed before becoming a target: starts, so that it is accounted for, and ends before any step."""
        orders = await self._stores.orders.removals(turn.tx, at.launch, pick(roll.contact_ids, starting))
        await self._stores.orders.carried_out(turn.tx, {order.order_id: "removed" for order in orders})
        turn.tx.emit(*(carried_out(order, "removed", turn.number, turn.tx.now) for order in orders))
        met = {order.contact_id for order in orders}
        return frozenset(member for member in starting if roll.contact_ids[member] in met)

    async def _refused(
        self, turn: Turn, at: AtHand, ids: list[str], fresh: Sequence[int], known: Known
    ) -> dict[int, str]:
        """Why each of these does not start. Recurrence comes last: who does not start anyway takes no place."""
        if at.gate is ControlState.STOPPED:
            return dict.fromkeys(fresh, Left.STOPPED.value)
        gone = {member for member, newer in known.newer.items() if newer.contact is None}
        refused = {member: Left.DELETED.value for member in fresh if member in gone}
        left = [member for member in fresh if member not in refused] if refused else fresh
        if at.launch.rule is None or not left:
            return refused
        free = await self._take_places(turn.tx, at.launch, pick(ids, left))
        if len(free) < len(left):
            why = at.launch.rule.refusal
            refused |= {member: why for member in left if ids[member] not in free}
        return refused

    async def _take_places(self, tx: Transaction, launch: Launch, ids: list[str]) -> set[str]:
        assert launch.rule is not None
        recurrences = self._stores.recurrences
        if launch.mode is LaunchMode.REHEARSAL:  # looks, and takes nobody's place
            return set(ids) - await recurrences.taken(tx, launch, ids, launch.rule.over_ended)
        free = await recurrences.take(tx, launch, ids, launch.rule.keep)
        if len(free) < len(ids) and launch.rule.over_ended:
            free |= await recurrences.take_over(tx, launch, [id for id in ids if id not in free])
        return free
