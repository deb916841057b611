"""`executor.updates`: attributes that instances set. Each update is applied once and answered once."""

from collections.abc import Callable, Sequence

from contacts.domain.contact import SetAttributes
from contacts.handlers.writing import ContactWriter, Wanted
from contacts.ports import AnswerStore
from contracts.updates import AttributesSet
from runtime.records import Received
from runtime.transaction import Connection, Transaction


class UpdateHandlers:
    def __init__(self, answers: Callable[[Connection], AnswerStore], writer: ContactWriter) -> None:
        self._answers = answers
        self._writer = writer

    async def on_executor_updates(self, tx: Transaction, events: Sequence[Received[AttributesSet]]) -> None:
        """A repeated update changes and says nothing: its answer stands in the outbox or on the topic already.
        (Applied again, it would undo what the contact has become since.)"""
        wanted: list[Wanted] = []
        for received in events:
            wanted += await self._fresh(tx, received.event)
        await self._writer.write(tx, wanted)

    async def _fresh(self, tx: Transaction, event: AttributesSet) -> list[Wanted]:
        fresh = await self._answers(tx.connection).first_applied(event.project, event.update_ids, tx.now)
        change = SetAttributes(event.values)
        return [
            Wanted(event.project, contact_id, change, cause=update_id, hops=event.hops, answered=True)
            for contact_id, update_id in zip(event.contact_ids, event.update_ids, strict=True)
            if update_id in fresh
        ]
