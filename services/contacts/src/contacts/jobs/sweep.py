"""Forgets after 30 days: ids of commands and updates (so long a repetition is recognised), drafts never launched."""

from collections.abc import Callable
from datetime import timedelta

from contacts.ports import AnswerStore, LaunchStore
from runtime.transaction import Connection, Lease

KEPT = timedelta(days=30)
EVERY_SECONDS = 60.0
PORTION = 2000
DRAFTS = 20
"""A draft may have ten thousand selected contacts."""


class Sweep:
    def __init__(
        self, answers: Callable[[Connection], AnswerStore], launches: Callable[[Connection], LaunchStore]
    ) -> None:
        self._answers = answers
        self._launches = launches

    async def run(self, lease: Lease) -> bool:
        """The tables belong to no partition: number 0 does it for all."""
        if lease.number != 0:
            return False
        async with lease.transaction() as tx:
            answers = await self._answers(tx.connection).forget(tx.now - KEPT, PORTION)
            drafts = await self._launches(tx.connection).forget_drafts(tx.now - KEPT, DRAFTS)
        return answers >= PORTION or drafts >= DRAFTS
