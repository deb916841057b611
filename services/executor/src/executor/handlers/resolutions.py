"""Job of a lease: carries out what people decided about incidents."""

from itertools import groupby
from operator import attrgetter
from typing import Final

from executor.domain.cohort import Status
from executor.domain.incidents import MEETS
from executor.handlers.turn import Turn
from executor.ports import Decided, Stores
from runtime.spans import following
from runtime.transaction import Lease

PORTION: Final = 500
"""Decisions per transaction."""


class Resolutions:
    def __init__(self, stores: Stores) -> None:
        self._stores = stores

    async def resolutions(self, lease: Lease) -> bool:
        """One portion. An instance that has left its incident meanwhile (stopped, deleted) stays as it is."""
        if not await self._stores.incidents.any_decided(lease):
            return False
        async with lease.transaction() as tx:
            decided = await self._stores.incidents.take_decided(tx, PORTION)
            turn = await Turn.begin(self._stores, tx, {each.launch_id for each in decided})
            alike = attrgetter("launch_id", "decision")
            for (launch_id, _), group in groupby(sorted(decided, key=alike), alike):
                await self._carry_out(turn, launch_id, list(group))
            await turn.finish()
        return True

    async def _carry_out(self, turn: Turn, launch_id: str, decided: list[Decided]) -> None:
        at = turn.launches[launch_id]
        ids = [each.contact_id for each in decided]
        with following(at.launch.trace, "executor resolutions"):
            standing = await self._stores.instances.standing(turn.tx, at.launch, ids, [Status.INCIDENT])
            await turn.move_all(at, standing, MEETS[decided[0].decision])
