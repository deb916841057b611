"""`messaging.deliveries`: instances that wait for a message go the way of what became of it."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

from contracts.deliveries import DeliveriesRecorded
from contracts.words import DeliveryState
from executor.domain.advance import SETTLED
from executor.domain.cohort import DeliverySettled, Status
from executor.handlers.turn import Move, Turn
from executor.ports import AtHand, Standing, Stores
from runtime.records import Received
from runtime.transaction import Transaction

REPORTED: Final = frozenset({DeliveryState.DELIVERED, DeliveryState.BOUNCED, DeliveryState.COMPLAINED})
Settled = dict[DeliverySettled, list[str]]
"""Contacts by what became of their message."""


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
        ids = [contact_id for contacts in settled.values() for contact_id in contacts]
        standing = await self._stores.instances.standing(turn.tx, at.launch, ids, [Status.DELIVERY])
        await turn.move(at, standing.roll, list(_moves(standing, settled)))


def _settled(chunk: DeliveriesRecorded) -> Settled:
    """Deliveries that let their step go on. Neighbours that are alike are taken at once: most chunks are all alike."""
    found: Settled = {}
    rows = zip(chunk.occurrences, chunk.states, chunk.reasons, chunk.contact_ids, strict=True)
    for (occurrence, state, reason), alike in groupby(rows, itemgetter(0, 1, 2)):
        if state in REPORTED:  # told at once with the acceptance; what comes after it changes no way
            state, reason = DeliveryState.ACCEPTED, None
        if state in SETTLED:
            event = DeliverySettled(chunk.step, occurrence, state, reason)
            found.setdefault(event, []).extend(row[3] for row in alike)
    return found


def _moves(standing: Standing, settled: Settled) -> Iterator[Move]:
    """Each instance meets the first that is told of its message: what comes after it is late."""
    ids = standing.roll.contact_ids
    gone: set[int] = set()
    for event, contacts in settled.items():
        met = set(contacts)
        for cohort in standing.cohorts:
            if cohort.occurrence == event.occurrence:
                members = [member for member in cohort.members if ids[member] in met and member not in gone]
                gone.update(members)
                if members:
                    yield cohort.of(members), event
