"""`contacts.changes`: contacts as they now are, deletions, and the answers to updates."""

from collections.abc import Mapping, Sequence

from contracts.changes import ContactChange, ContactsChanged
from executor.domain.advance import OPEN
from executor.domain.cohort import Deleted, Status, UpdateAnswered
from executor.handlers.announcements import erased
from executor.handlers.turn import Turn
from executor.ports import Stores
from runtime.records import Received
from runtime.transaction import Transaction


class Changes:
    def __init__(self, stores: Stores) -> None:
        self._stores = stores

    async def on_changes(self, tx: Transaction, events: Sequence[Received[ContactsChanged]]) -> None:
        await self._keep(tx, [received.event for received in events])
        await self._stores.contacts.read_up_to(tx, max(received.record.written_at for received in events))
        changes = [(received.event.project, change) for received in events for change in received.event.changes]
        await self._go_on(tx, changes)

    async def _keep(self, tx: Transaction, events: Sequence[ContactsChanged]) -> None:
        for project in dict.fromkeys(event.project for event in events):
            newest: dict[str, ContactChange] = {}
            for change in (change for event in events if event.project == project for change in event.changes):
                if change.contact_id not in newest or newest[change.contact_id].revision < change.revision:
                    newest[change.contact_id] = change
            await self._stores.contacts.keep(tx, project, list(newest.values()))

    async def _go_on(self, tx: Transaction, changes: Sequence[tuple[str, ContactChange]]) -> None:
        """End the instances of contacts that are gone; let go on those whose update was carried out. That contacts
        are gone is told last: what was told of them lies before it."""
        gone: dict[tuple[str, str], int] = {}
        for project, change in changes:
            if change.contact is None:
                gone[project, change.contact_id] = max(change.revision, gone.get((project, change.contact_id), 0))
        ending = await self._stores.instances.open_of_deleted(tx, gone) if gone else {}
        await self._end_and_answer(tx, ending, changes)
        for project in dict.fromkeys(project for project, _ in gone):
            assert tx.number is not None
            revisions = {id: revision for (theirs, id), revision in gone.items() if theirs == project}
            tx.emit(erased(project, revisions, tx.number, tx.now))

    async def _end_and_answer(
        self, tx: Transaction, ending: Mapping[str, list[str]], changes: Sequence[tuple[str, ContactChange]]
    ) -> None:
        answered = await self._stores.updates.answered(tx, {change.cause for _, change in changes})
        if not ending and not answered:
            return
        turn = await Turn.begin(self._stores, tx, ending.keys() | answered.keys())
        for launch_id, ids in ending.items():
            at = turn.launches[launch_id]
            await turn.move_all(at, await self._stores.instances.standing(tx, at.launch, ids, OPEN), Deleted())
        for launch_id, ids in answered.items():
            at = turn.launches[launch_id]
            standing = await self._stores.instances.standing(tx, at.launch, ids, [Status.UPDATE])
            await turn.move_all(at, standing, UpdateAnswered())
        await turn.finish()
