"""The one way in which contacts change, wherever the change comes from: lock, apply, save, tell."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from contacts.domain.contact import Change, Erase, Refused, Resuppress, StoredContact, Suppressed, Upsert, apply
from contacts.domain.packing import Made, pack
from contacts.ports import ContactStore, Key
from contracts.changes import ContactChange, ContactsChanged
from runtime.ids import derive
from runtime.partitions import partition_of
from runtime.records import Outgoing
from runtime.transaction import Connection, Transaction

TOPIC = "contacts.changes"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A change that somebody wants."""

    project: str
    contact_id: str
    change: Change
    cause: str
    hops: int = 0
    answered: bool = False
    """Told on `contacts.changes` even if nothing changed or there is no such contact."""

    @property
    def key(self) -> Key:
        return self.project, self.contact_id


class ContactWriter:
    def __init__(self, stores: Callable[[Connection], ContactStore]) -> None:
        self._stores = stores

    async def write(self, tx: Transaction, wanted: Sequence[Wanted]) -> list[Refused | bool]:
        """In order, all contacts locked at once. For each: whether it changed the contact, or why it could not."""
        if not wanted:
            return []
        store = self._stores(tx.connection)
        before, suppressed = await _load(store, wanted, tx.partitions)
        work = _Work(dict(before), tx.partitions, suppressed)
        results = [work.take(one) for one in wanted]
        changed = [(before[key], after) for key, after in work.contacts.items() if after is not before.get(key)]
        if changed:
            await store.save(changed, work.sizes, work.groups)
        if unused := [key for key, contact in work.contacts.items() if contact.revision == 0]:
            await store.discard(unused)
        tx.emit(*_told(work.made))
        return results


async def _load(
    store: ContactStore, wanted: Sequence[Wanted], partitions: int
) -> tuple[dict[Key, StoredContact], Suppressed]:
    judged = [one for one in wanted if isinstance(one.change, Upsert | Erase | Resuppress)]
    if judged:
        await store.guard({one.project for one in judged})
    creating = {one.key: partition_of(one.contact_id, partitions) for one in judged if isinstance(one.change, Upsert)}
    contacts = await store.lock({one.key for one in wanted}, creating=creating)
    if not judged:
        return contacts, Suppressed()
    return contacts, await store.suppressed({one.key for one in judged}, set(_addresses(judged, contacts.values())))


def _addresses(judged: Sequence[Wanted], contacts: Collection[StoredContact]) -> Iterator[tuple[str, bytes]]:
    for one in judged:
        if isinstance(one.change, Upsert) and one.change.address_hash is not None:
            yield one.project, one.change.address_hash
    for contact in contacts:
        if contact.address_hash is not None:
            yield contact.project, contact.address_hash


class _Work:
    """The contacts of one call as they become, and what is to be told of it."""

    def __init__(self, contacts: dict[Key, StoredContact], partitions: int, suppressed: Suppressed) -> None:
        self.contacts = contacts
        self.made: list[Made] = []
        self.sizes: dict[Key, int] = {}
        self.groups: set[tuple[str, str]] = set()
        """(project, group) that somebody was put into, for however short a time: they exist from then on."""
        self._partitions = partitions
        self._suppressed = suppressed

    def take(self, wanted: Wanted) -> Refused | bool:
        before = self.contacts.get(wanted.key)
        after: StoredContact | Refused = Refused.UNKNOWN
        if before is not None:
            after = apply(before, wanted.change, self._suppressed)
        if before is not None and isinstance(after, StoredContact) and after is not before:
            self.contacts[wanted.key] = after
            self.groups.update((after.project, group) for group in after.groups if group not in before.groups)
            self._tell(wanted, after)
            return True
        if wanted.answered:
            self._tell(wanted, before or self._nobody(wanted))
        return after if isinstance(after, Refused) else False

    def _nobody(self, wanted: Wanted) -> StoredContact:
        return StoredContact(wanted.project, wanted.contact_id, partition_of(wanted.contact_id, self._partitions))

    def _tell(self, wanted: Wanted, contact: StoredContact) -> None:
        self.sizes[wanted.key] = contact.size
        change = ContactChange(
            contact_id=contact.contact_id,
            revision=contact.revision,
            contact=contact.published(),
            suppressed=contact.suppressed,
            cause=wanted.cause,
            hops=wanted.hops,
        )
        self.made.append(Made(wanted.project, contact.partition, change, self.sizes[wanted.key]))


def _told(made: Sequence[Made]) -> Iterator[Outgoing]:
    for content in pack(made):
        first = content[0]
        yield Outgoing(
            topic=TOPIC,
            partition=first.partition,
            key=first.change.contact_id,
            event=ContactsChanged(project=first.project, changes=[one.change for one in content]),
            id=derive("changed", first.project, first.change.contact_id, first.change.revision, first.change.cause),
            project=first.project,
        )
