"""Job of a lease: carries out what people ordered for single contacts."""

from datetime import timedelta
from typing import Final

from contracts.outcomes import OrderResult
from contracts.words import ControlState
from executor.domain.advance import OPEN
from executor.domain.cohort import Status
from executor.domain.orders import MEETS, ContactOrder, result_for
from executor.handlers.announcements import carried_out, withdrawn
from executor.handlers.turn import Turn
from executor.ports import AtHand, Stores
from runtime.spans import following
from runtime.transaction import Lease

PORTION: Final = 50
"""Orders per transaction."""
PATIENCE: Final = timedelta(seconds=5)
"""So far one partition may lag behind another: who turns out to be a target even later is removed all the same."""


class ContactOrdering:
    def __init__(self, stores: Stores) -> None:
        self._stores = stores

    async def run(self, lease: Lease) -> bool:
        """One portion. Who may still become a target is looked at again, until all targets have been read."""
        if not await self._stores.orders.any_open(lease):
            return False
        async with lease.transaction() as tx:
            orders = await self._stores.orders.open(tx, PORTION)
            turn = await Turn.begin(self._stores, tx, {order.launch_id for order in orders})
            results: dict[str, OrderResult] = {}
            for order in orders:
                with following(order.trace, f"executor {order.kind}"):
                    if (result := await self._carry_out(turn, order)) is not None:
                        results[order.order_id] = result
                        tx.emit(carried_out(order, result, turn.number, tx.now))
            await self._stores.orders.carried_out(tx, results)
            await turn.finish()
        return len(results) == PORTION

    async def _carry_out(self, turn: Turn, order: ContactOrder) -> OrderResult | None:
        """None: it is too early to say."""
        at = turn.launches.get(order.launch_id)
        if at is not None:
            if (found := await self._meet(turn, at, order)) is not None:
                return found
            if await self._stores.instances.decided(turn.tx, at.launch, order.contact_id):
                return "ended"
        chosen = await self._stores.orders.all_targeted(turn.tx, order.launch_id, PATIENCE)
        return "unknown_target" if chosen else None

    async def _meet(self, turn: Turn, at: AtHand, order: ContactOrder) -> OrderResult | None:
        """None: no instance is open. What a stop ends, it ends, whatever was ordered before."""
        standing = await self._stores.instances.standing(turn.tx, at.launch, [order.contact_id], OPEN)
        if not standing.cohorts:
            return None
        (cohort,) = standing.cohorts
        await turn.move_all(at, standing, MEETS[order.kind])
        if at.gate is ControlState.STOPPED:
            return "ended"
        result = result_for(order.kind, cohort.status)
        if result == "removed" and cohort.status is Status.DELIVERY:
            turn.tx.emit(withdrawn(at.launch, [order.contact_id], turn.number, turn.tx.now))
        return result
