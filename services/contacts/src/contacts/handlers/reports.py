"""`messaging.deliveries`: who can or wants not to be sent to any more. Each report counts once and is answered once."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from contacts.domain.address import read_address
from contacts.domain.commands import Hash
from contacts.domain.contact import Resuppress, SetConsent
from contacts.handlers.writing import ContactWriter, Wanted
from contacts.ports import AnswerStore, ContactStore, SuppressionStore
from contracts.deliveries import ContactsReported
from contracts.event import Event, Value
from contracts.topics import TOPICS
from runtime.ids import derive
from runtime.records import Received, Record
from runtime.transaction import Connection, Transaction

REASONS = {"bounced": "hard_bounce", "complained": "complaint"}


class Unread(Value):
    """What became of messages says nothing to contacts."""


READ: Final[Mapping[str, type[Event | Unread]]] = {
    event.TYPE: event if event is ContactsReported else Unread for event in TOPICS["messaging.deliveries"].events
}
"""What each event of the topic is read as. Beside others; alone, nothing of one that is Unread is decoded."""


class ReportHandlers:
    def __init__(
        self,
        contacts: Callable[[Connection], ContactStore],
        suppression: Callable[[Connection], SuppressionStore],
        answers: Callable[[Connection], AnswerStore],
        writer: ContactWriter,
        address_hash: Hash,
    ) -> None:
        self._contacts = contacts
        self._suppression = suppression
        self._answers = answers
        self._writer = writer
        self._address_hash = address_hash

    @staticmethod
    def concerns(record: Record) -> bool:
        """Whether it reports of contacts, or is something new (`runtime.service.Concern`)."""
        return READ.get(record.header("ce_type") or "") is not Unread

    async def on_messaging_deliveries(
        self, tx: Transaction, events: Sequence[Received[ContactsReported | Unread]]
    ) -> None:
        """A repeated report changes and says nothing: done again, it would undo what the contact has become since."""
        for received in events:
            if isinstance(event := received.event, ContactsReported):
                fresh = await self._answers(tx.connection).first_applied(event.project, event.ids, tx.now)
                await self._take(tx, event, [place for place, id in enumerate(event.ids) if id in fresh])

    async def _take(self, tx: Transaction, event: ContactsReported, places: Sequence[int]) -> None:
        wanted = list(_withdrawn(event, places))
        for kind in REASONS:
            if alike := [place for place in places if event.kinds[place] == kind]:
                wanted += await self._suppressed(tx, event, alike, REASONS[kind])
        await self._writer.write(tx, wanted)

    async def _suppressed(
        self, tx: Transaction, event: ContactsReported, places: Sequence[int], reason: str
    ) -> list[Wanted]:
        """The contact, and the address that the message went to, whoever has it now or later: only its hash is kept if
        nobody has it any more, for it may be that of somebody who was deleted."""
        project = event.project
        ids = {event.contact_ids[place]: event.ids[place] for place in places}
        given = [read_address(event.recipients[place] or "")[0] for place in places]
        addresses = [address for address in given if address is not None]
        hashes = {self._address_hash(project, address): address for address in addresses}
        await self._contacts(tx.connection).guard([project], exclusive=True)
        store = self._suppression(tx.connection)
        had = await store.had(project, list(hashes))
        shown = {hashed: address if hashed in had else None for hashed, address in hashes.items()}
        await store.add(project, list(ids), shown, reason, tx.now)
        others = set(await store.affected(project, [], list(hashes))) - ids.keys()
        return [
            Wanted(project, contact_id, Resuppress(), id, answered=True) for contact_id, id in sorted(ids.items())
        ] + [
            Wanted(project, contact_id, Resuppress(), derive("reported", event.ids[places[0]], contact_id))
            for contact_id in sorted(others)
        ]


def _withdrawn(event: ContactsReported, places: Sequence[int]) -> Iterator[Wanted]:
    for place in places:
        if event.kinds[place] == "withdrawn":
            change = SetConsent(event.message_types[place], given=False)
            yield Wanted(event.project, event.contact_ids[place], change, event.ids[place], answered=True)
