"""Sends: what is asked for, what becomes of it, what is told of it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from contracts.sends import SendsWithdrawn
from contracts.words import ControlState
from messaging.domain.judgement import Kept
from messaging.domain.sends import Change, Move, SendKey, StoredSend
from runtime.transaction import Connection, Transaction


@dataclass(frozen=True, slots=True)
class NewSends:
    """Sends of one chunk that get the same state. Columns, one entry per contact."""

    launch_id: str
    step: str
    contact_ids: Sequence[str]
    occurrences: Sequence[int]


@dataclass(frozen=True, slots=True)
class Snapshots:
    """What of the contacts is stored with planned sends. Columns beside those of NewSends."""

    revisions: Sequence[int]
    permitted: Sequence[bool]
    suppressed: Sequence[bool]
    consented: Sequence[bool]
    emails: Sequence[str | None]
    facts: Sequence[str]
    """JSON: what the template reads."""


TURN = 16
"""How many launches take their turn at once."""


class Sends(Protocol):
    """The sends of all partitions; a lease touches only those of its own number."""

    async def add_settled(
        self, tx: Transaction, sends: NewSends, state: str, reason: str | None
    ) -> list[tuple[str, int]]:
        """Insert sends that are at their end. Returns (contact id, occurrence) of those that were not there."""
        ...

    async def add_planned(self, tx: Transaction, sends: NewSends, snapshots: Snapshots) -> list[tuple[str, int]]:
        """Insert sends that wait for their turn, likewise."""
        ...

    async def load(self, tx: Transaction, keys: Collection[SendKey]) -> dict[SendKey, StoredSend]:
        """As they are now, with the newest standing of their contacts, without facts."""
        ...

    async def sending(self, connection: Connection, number: int) -> list[StoredSend]:
        """All of this partition that are at the `dot`, without facts."""
        ...

    async def move(self, tx: Transaction, moves: Sequence[Move], *, sure: bool) -> set[SendKey]:
        """Write the new states of those that are still in the state, attempt and epoch given; returns which.

        `sure`: they were read in this transaction, so all of them are; raises Missed if not. At an end, address and
        facts are forgotten.
        """
        ...

    async def restamp(self, tx: Transaction, keys: Collection[SendKey], epoch: int) -> None:
        """These at the `dot`, read in this transaction, belong to this epoch now. Raises Missed if one is not there."""
        ...

    async def cancel_launch(self, tx: Transaction, launch_id: str, kept: Kept, limit: int) -> list[Change]:
        """End at most `limit` planned sends of a launch in the lease's partition."""
        ...

    async def cancel_contacts(self, tx: Transaction, project: str, gone: Mapping[str, int], kept: Kept) -> list[Change]:
        """End all planned sends of these contacts (id: revision) that were asked for before that revision."""
        ...

    async def turn(self, connection: Connection, number: int, after: str) -> list[tuple[str, ControlState]]:
        """Launches with planned sends in this partition, and their gates: the first few behind launch id `after`.

        Fewer than `TURN` of them: there are none behind these.
        """
        ...

    async def due(
        self, connection: Connection, number: int, launch_ids: Sequence[str], busy: Collection[str], each: int
    ) -> tuple[datetime, list[StoredSend]]:
        """PostgreSQL's time, and of each launch the first planned sends that may be tried now, with facts.

        Contacts in `busy` are left out: of one contact one send at a time is under way.
        """
        ...


class Withdrawals(Protocol):
    """Contacts who were taken out of a launch after they had been asked to be sent to."""

    async def keep(self, tx: Transaction, withdrawn: SendsWithdrawn) -> None:
        """Idempotent."""
        ...

    async def cancel(self, tx: Transaction, launch_id: str, contact_ids: Collection[str]) -> list[Change]:
        """End the planned and held sends of those of these contacts who were taken out."""
        ...

    async def of(self, connection: Connection, launch_id: str, contact_ids: Sequence[str]) -> dict[str, Kept]:
        """Those of these contacts who were taken out, and what that makes of their sends."""
        ...


class Teller(Protocol):
    """Tells the others what became of sends."""

    async def keep(self, tx: Transaction, changes: Sequence[Change]) -> None:
        """In the transaction that makes these changes: they are told soon after it is committed."""
        ...

    def hurry(self, number: int) -> None:
        """For now no other changes of this number are under way that would be worth waiting for."""
        ...


class Untold(Protocol):
    """Changes of state that are committed and not told yet."""

    async def add(self, tx: Transaction, changes: Sequence[Change]) -> None: ...

    async def take(self, tx: Transaction, limit: int) -> tuple[dict[str, list[Change]], bool]:
        """Remove the oldest of the lease's number, by launch and in order: those of `limit` rows, of one transaction
        each at most. And whether more may lie there."""
        ...
