"""Forgets after 30 days: ids of commands and updates (so long a repetition is recognised), drafts never launched
unless they still may be, places in scenarios that nobody has any more. And sums up what tallies of contacts have become
scattered over.
"""

from collections.abc import Callable
from datetime import timedelta

from contacts.ports import AnswerStore, DraftStore
from contacts.ports.counting import PlaceStore, TallyStore
from runtime.transaction import Connection, Lease

KEPT = timedelta(days=30)
LATE = timedelta(days=7)
"""So long launcher's word that somebody has approved, in the last minute, may take to come, contacts being down."""
EVERY_SECONDS = 60.0
PORTION = 2000
DRAFTS = 20
"""A draft may have ten thousand selected contacts."""
PLACES_EVERY_SECONDS = 3600.0
LAUNCHES = 20
TALLIES_EVERY_SECONDS = 10.0
SCATTERED = 1000
"""Rows of a project's tallies that wait to be summed up: so many more a count may read."""
GATHERED = 50_000
"""Rows that are summed up at a time, about: half a second's work."""


class Sweep:
    def __init__(
        self, answers: Callable[[Connection], AnswerStore], drafts: Callable[[Connection], DraftStore]
    ) -> None:
        self._answers = answers
        self._drafts = drafts

    async def run(self, lease: Lease) -> bool:
        """The tables belong to no partition: number 0 does it for all."""
        if lease.number != 0:
            return False
        async with lease.transaction() as tx:
            answers = await self._answers(tx.connection).forget(tx.now - KEPT, PORTION)
            drafts = await self._drafts(tx.connection).forget(tx.now - KEPT, tx.now - LATE, DRAFTS)
        return answers >= PORTION or drafts >= DRAFTS


class PlaceSweep:
    def __init__(self, places: Callable[[Connection], PlaceStore]) -> None:
        self._places = places

    async def run(self, lease: Lease) -> bool:
        """Likewise."""
        if lease.number != 0:
            return False
        async with lease.transaction() as tx:
            return await self._places(tx.connection).forget_left(tx.now - KEPT, LAUNCHES) >= LAUNCHES


class TallySweep:
    def __init__(self, tallies: Callable[[Connection], TallyStore]) -> None:
        self._tallies = tallies

    async def run(self, lease: Lease) -> bool:
        """Likewise; a part of one project at a time."""
        if lease.number != 0:
            return False
        async with lease.transaction() as tx:
            tallies = self._tallies(tx.connection)
            if (scattered := await tallies.scattered(SCATTERED)) is not None:
                project, rows = scattered
                await tallies.gather(project, 1 + rows // GATHERED)
        return scattered is not None
