"""Contacts that come in a file: the good lines are taken in one transaction, the bad ones told."""

from collections.abc import Sequence
from dataclasses import dataclass

from contacts.domain.commands import Hash
from contacts.domain.contact import Refused, Upsert
from contacts.domain.files import Line
from contacts.domain.noticed import Noticed, noticed
from contacts.handlers.writing import ContactWriter, Wanted
from contracts.crm import ContactGiven
from runtime.ids import derive
from runtime.transaction import Transaction

_REASONS = {
    Refused.TOO_LARGE: "with this line the contact would have more than 1 MiB: give it less",
    Refused.NOT_JSON: "an attribute cannot be stored",
    Refused.UNKNOWN: "there is no such contact",
}


@dataclass(frozen=True, slots=True)
class Imported:
    imported: int
    """Lines taken, whether or not they changed anything."""
    rejected: list[tuple[int, str]]
    """(line, reason)"""
    repeated: list[tuple[int, str]]
    """(line, contact id) whose id an earlier line of this portion has: the later one wins where both say something."""
    attributes: list[Noticed]
    """Of the lines taken."""


class Imports:
    def __init__(self, writer: ContactWriter, address_hash: Hash) -> None:
        self._writer = writer
        self._address_hash = address_hash

    async def take(self, tx: Transaction, project: str, lines: Sequence[Line]) -> Imported:
        cause = derive("import", project, tx.now.isoformat(), lines[0].number if lines else 0)
        good = [(line.number, line.given) for line in lines if line.given is not None]
        wanted = [
            Wanted(
                project,
                given.id,
                Upsert(given, None if given.email is None else self._address_hash(project, given.email)),
                cause,
            )
            for _, given in good
        ]
        results = list(zip(good, await self._writer.write(tx, wanted), strict=True))
        unread = [(line.number, line.reason) for line in lines if line.reason is not None]
        refused = [(number, _REASONS[result]) for (number, _), result in results if isinstance(result, Refused)]
        taken = [one for one, result in results if not isinstance(result, Refused)]
        return Imported(len(taken), sorted(unread + refused), _repeated(good), noticed(taken))


def _repeated(good: Sequence[tuple[int, ContactGiven]]) -> list[tuple[int, str]]:
    seen: set[str] = set()
    found = []
    for number, given in good:
        contact_id = given.id
        if contact_id in seen:
            found.append((number, contact_id))
        seen.add(contact_id)
    return found
