"""Forgets the ids of commands and updates after 30 days: until then a repetition is recognised."""

from collections.abc import Callable
from datetime import timedelta

from contacts.ports import AnswerStore
from runtime.transaction import Connection, Lease

KEPT = timedelta(days=30)
EVERY_SECONDS = 60.0
PORTION = 2000


class Sweep:
    def __init__(self, answers: Callable[[Connection], AnswerStore]) -> None:
        self._answers = answers

    async def run(self, lease: Lease) -> bool:
        """The tables belong to no partition: number 0 does it for all."""
        if lease.number != 0:
            return False
        async with lease.transaction() as tx:
            return await self._answers(tx.connection).forget(tx.now - KEPT, PORTION) >= PORTION
