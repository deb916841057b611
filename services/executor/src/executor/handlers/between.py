"""Jobs of a lease between records: timers, what stops and resumes left to do, counts per step."""

from dataclasses import replace
from typing import Final

from executor.domain.advance import UPDATE_TIMEOUT
from executor.domain.cohort import Cohort, Roll, Status, Stopped, TimerDue
from executor.domain.launch import Order, OrderKind
from executor.handlers.announcements import counted, update_id
from executor.handlers.turn import Move, Turn
from executor.ports import AtHand, Stores
from runtime.spans import following
from runtime.transaction import Lease, Transaction

PORTION: Final = 500
"""Instances per transaction, and the rest of their cohort: records and other jobs get their turn between portions."""


class Between:
    def __init__(self, stores: Stores) -> None:
        self._stores = stores

    async def timers(self, lease: Lease) -> bool:
        """One portion of what is due: waits that are over, resumed instances, updates without an answer."""
        if not await self._stores.instances.any_due(lease):
            return False
        async with lease.transaction() as tx:
            due = await self._stores.instances.due(tx, PORTION)
            turn = await Turn.begin(self._stores, tx, due.keys())
            for launch_id, standing in due.items():
                at = turn.launches[launch_id]
                with following(at.launch.trace, "executor timers"):
                    moves = [await self._due(turn, at, standing.roll, cohort) for cohort in standing.cohorts]
                    await turn.move(at, standing.roll, [move for move in moves if move[0].members])
            await turn.finish()
        return sum(len(standing.roll.contact_ids) for standing in due.values()) >= PORTION

    async def _due(self, turn: Turn, at: AtHand, roll: Roll, cohort: Cohort) -> Move:
        """An update is given up only once contacts has answered something a whole time-out after it was requested:
        while contacts is down, or its answers lie unread, the time does not count."""
        if cohort.status is not Status.UPDATE:
            return cohort, TimerDue()
        updates = {update_id(at.launch, roll.contact_ids[member], cohort): member for member in cohort.members}
        overdue = await self._stores.updates.overdue(turn.tx, list(updates), UPDATE_TIMEOUT)
        waiting = [member for id, member in updates.items() if id not in overdue]
        if waiting:
            later = replace(cohort.of(waiting), due_at=turn.tx.now + UPDATE_TIMEOUT)
            await self._stores.instances.move(turn.tx, at.launch, roll, [later])
        return cohort.of([member for id, member in updates.items() if id in overdue]), TimerDue()

    async def orders(self, lease: Lease) -> bool:
        """One portion of the oldest order of this partition."""
        order = await self._stores.gates.ordered(lease)
        if order is None:
            return False
        async with lease.transaction() as tx:
            with following(order.trace, f"executor {order.kind}"):
                more = await (self._stop(tx, order) if order.kind is OrderKind.STOP else self._resume(tx, order))
            if not more:
                await self._stores.gates.carried_out(tx, order)
        return True

    async def _stop(self, tx: Transaction, order: Order) -> bool:
        """Whether there may be more to end."""
        turn = await Turn.begin(self._stores, tx, [order.launch_id])
        at = turn.launches.get(order.launch_id)
        if at is None:
            return False
        standing = await self._stores.instances.open(tx, at.launch, PORTION)
        await turn.move_all(at, standing, Stopped())
        await turn.finish()
        return len(standing.roll.contact_ids) >= PORTION

    async def _resume(self, tx: Transaction, order: Order) -> bool:
        return await self._stores.instances.resume(tx, order.launch_id, PORTION)

    async def counts(self, lease: Lease) -> bool:
        """Publish the counts that changed since the last time, where no transaction came that told them."""
        if not await self._stores.launches.uncounted(lease):
            return False
        async with lease.transaction() as tx:
            for each in await self._stores.launches.take_uncounted(tx, PORTION):
                with following(each.trace, "executor counts"):
                    tx.emit(counted(each.launch_id, each.project, each.share, lease.number))
        return False
