"""`messaging.deliveries`: instances that wait for a message go the way of what became of it."""

from collections.abc import Iterator, Sequence
from typing import Any

from contracts.deliveries import DeliveriesRecorded
from executor.domain.advance import SETTLED
from executor.domain.cohort import DeliverySettled, Status
from executor.handlers.turn import Move, Turn
from executor.ports import AtHand, Standing, Stores
from runtime.records import Received
from runtime.transaction import Transaction

Settled = dict[tuple[str, int], DeliverySettled]
"""By contact and occurrence."""


class Deliveries:
    def __init__(self, stores: Stores) -> None:
        self._stores = stores

    async def on_deliveries(self, tx: Transaction, events: Sequence[Received[Any]]) -> None:
        chunks = [received.event for received in events if isinstance(received.event, DeliveriesRecorded)]
        settled = [(chunk.launch_id, found) for chunk in chunks if (found := _settled(chunk))]
        if not settled:
            return
        turn = await Turn.begin(self._stores, tx, {launch_id for launch_id, _ in settled})
        for launch_id, found in settled:
            if (at := turn.launches.get(launch_id)) is not None:
                await self._go_on(turn, at, found)
        await turn.finish()

    async def _go_on(self, turn: Turn, at: AtHand, settled: Settled) -> None:
        ids = [contact_id for contact_id, _ in settled]
        standing = await self._stores.instances.standing(turn.tx, at.launch.launch_id, ids, [Status.DELIVERY])
        await turn.move(at, standing.roll, list(_moves(standing, settled)))


def _settled(chunk: DeliveriesRecorded) -> Settled:
    """Deliveries that let their step go on. Equal ones share one event, so that their instances move together."""
    events: dict[tuple[Any, ...], DeliverySettled] = {}
    found: Settled = {}
    columns = zip(chunk.contact_ids, chunk.occurrences, chunk.states, chunk.reasons, strict=True)
    for contact_id, occurrence, state, reason in columns:
        if state in SETTLED:
            key = (occurrence, state, reason)
            if key not in events:
                events[key] = DeliverySettled(chunk.step, occurrence, state, reason)
            found[contact_id, occurrence] = events[key]
    return found


def _moves(standing: Standing, settled: Settled) -> Iterator[Move]:
    ids = standing.roll.contact_ids
    for cohort in standing.cohorts:
        occurrence = cohort.occurrence
        members: dict[DeliverySettled, list[int]] = {}
        for member in cohort.members:
            if (event := settled.get((ids[member], occurrence))) is not None:
                members.setdefault(event, []).append(member)
        for event, met in members.items():
            yield cohort.of(met), event
