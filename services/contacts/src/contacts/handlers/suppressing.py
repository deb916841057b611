"""Who must never be sent to: a contact, or an address whoever has it now or later."""

from collections.abc import Callable, Sequence

from contacts.domain.commands import Hash
from contacts.domain.contact import Resuppress
from contacts.handlers.writing import ContactWriter, Wanted
from contacts.ports import ContactStore, SuppressionStore
from runtime.ids import derive
from runtime.transaction import Connection, Transaction


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
    ) -> None:
        hashes = {self._address_hash(project, address): address for address in addresses}
        await self._contacts(tx.connection).guard([project], exclusive=True)
        await self._suppression(tx.connection).add(project, contacts, hashes, reason, tx.now)
        await self._look_again(tx, project, contacts, list(hashes))

    async def lift(self, tx: Transaction, project: str, contacts: Sequence[str], addresses: Sequence[str]) -> int:
        """How many entries were lifted."""
        hashes = [self._address_hash(project, address) for address in addresses]
        await self._contacts(tx.connection).guard([project], exclusive=True)
        lifted = await self._suppression(tx.connection).lift(project, contacts, hashes)
        await self._look_again(tx, project, contacts, hashes)
        return lifted

    async def _look_again(
        self, tx: Transaction, project: str, contacts: Sequence[str], hashes: Sequence[bytes]
    ) -> None:
        affected = await self._suppression(tx.connection).affected(project, contacts, hashes)
        cause = derive("suppression", project, tx.now.isoformat())
        await self._writer.write(tx, [Wanted(project, contact_id, Resuppress(), cause) for contact_id in affected])
