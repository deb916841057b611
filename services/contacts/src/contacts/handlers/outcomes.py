"""`executor.outcomes`: who started and who ended, kept for counts. Everything else on it is not even decoded."""

from collections.abc import Callable, Sequence

import orjson

from contacts.ports.counting import Place, PlaceStore
from contracts.outcomes import TargetsEnded, TargetsStarted
from runtime.errors import Permanent
from runtime.records import Record
from runtime.transaction import Connection, Transaction

KEPT = {TargetsStarted.TYPE: False, TargetsEnded.TYPE: True}
"""Events that are kept, and whether they say that contacts ended."""
REMEMBERED = 1024


class OutcomeHandlers:
    def __init__(self, places: Callable[[Connection], PlaceStore]) -> None:
        self._places = places
        self._known: dict[str, Place] = {}

    def concerns(self, record: Record) -> bool:
        """Whether it may have to be kept (`runtime.service.Concern`)."""
        place = None if record.key is None else self._known.get(record.key.decode(errors="replace"))
        return record.header("ce_type") in KEPT and (place is None or place.taken)

    async def on_executor_outcomes(self, tx: Transaction, records: Sequence[Record]) -> None:
        places = self._places(tx.connection)
        for record in records:
            ended = KEPT.get(record.header("ce_type") or "")
            if ended is None or record.key is None or record.value is None:
                continue
            launch_id = record.key.decode()
            place = await self._place(places, launch_id)
            if place is not None and place.taken:
                event_id = record.header("ce_id") or ""
                await places.note(place, launch_id, event_id, _contact_ids(record.value), ended=ended)

    async def _place(self, places: PlaceStore, launch_id: str) -> Place | None:
        """A launch's version never changes: each is looked up once."""
        if launch_id not in self._known:
            place = await places.of_launch(launch_id)
            if place is None:
                return None
            if len(self._known) >= REMEMBERED:
                del self._known[next(iter(self._known))]
            self._known[launch_id] = place
        return self._known[launch_id]


def _contact_ids(value: bytes) -> list[str]:
    try:
        return [str(contact) for contact in orjson.loads(value)["contact_ids"]]
    except (ValueError, KeyError, TypeError) as error:
        raise Permanent(f"a record of targets without their ids: {type(error).__name__}") from None
