"""Who must never be sent to: a contact, or an address whoever has it now or later."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from contacts.domain.commands import Hash
from contacts.domain.contact import Resuppress
from contacts.handlers.writing import ContactWriter, Wanted
from contacts.ports import ContactStore, SuppressionStore
from runtime.ids import derive
from runtime.transaction import Connection, Transaction


@dataclass(frozen=True, slots=True)
class Unmet:
    """What was named and is nobody's so far. It is on the list all the same: whoever comes by it is suppressed."""

    contacts: list[str]
    addresses: list[str]


class Suppressing:
    def __init__(
        self,
        contacts: Callable[[Connection], ContactStore],
        suppression: Callable[[Connection], SuppressionStore],
        writer: ContactWriter,
        address_hash: Hash,
    ) -> None:
        self._contacts = contacts
        self._suppression = suppression
        self._writer = writer
        self._address_hash = address_hash

    async def suppress(
        self, tx: Transaction, project: str, contacts: Sequence[str], addresses: Sequence[str], reason: str
    ) -> Unmet:
        hashes = {self._address_hash(project, address): address for address in addresses}
        await self._contacts(tx.connection).guard([project], exclusive=True)
        suppression = self._suppression(tx.connection)
        await suppression.add(project, contacts, hashes, reason, tx.now)
        known = await self._look_again(tx, project, contacts, list(hashes))
        had = await suppression.had(project, list(hashes))
        return Unmet(
            contacts=[contact_id for contact_id in dict.fromkeys(contacts) if contact_id not in known],
            addresses=[address for hashed, address in hashes.items() if hashed not in had],
        )

    async def lift(self, tx: Transaction, project: str, contacts: Sequence[str], addresses: Sequence[str]) -> int:
        """How many entries were lifted."""
        hashes = [self._address_hash(project, address) for address in addresses]
        await self._contacts(tx.connection).guard([project], exclusive=True)
        lifted = await self._suppression(tx.connection).lift(project, contacts, hashes)
        await self._look_again(tx, project, contacts, hashes)
        return lifted

    async def _look_again(
        self, tx: Transaction, project: str, contacts: Sequence[str], hashes: Sequence[bytes]
    ) -> set[str]:
        """Contacts that the entries are about."""
        affected = await self._suppression(tx.connection).affected(project, contacts, hashes)
        cause = derive("suppression", project, tx.now.isoformat())
        await self._writer.write(tx, [Wanted(project, contact_id, Resuppress(), cause) for contact_id in affected])
        return set(affected)
