"""What HTTP asks for, read from PostgreSQL: pages in order of their keys, streams in bounded memory."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import asyncpg

from contacts.adapters.contacts import COLUMNS, stored
from contacts.adapters.names import group_names
from contacts.domain.contact import StoredContact


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a launch's ledger."""

    contact_id: str
    reason: str | None
    """Why it was excluded; None: admitted."""


class PostgresReading:
    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool

    async def contact(self, project: str, contact_id: str) -> StoredContact | None:
        row = await self._pool.fetchrow(
            f"SELECT {COLUMNS} FROM contact WHERE project = $1 AND contact_id = $2 AND NOT deleted",  # noqa: S608
            project,
            contact_id,
        )
        return None if row is None else stored(row)

    async def contacts(self, project: str, after: str, limit: int) -> list[StoredContact]:
        rows = await self._pool.fetch(
            f"""
            SELECT {COLUMNS} FROM contact WHERE project = $1 AND contact_id > $2 AND NOT deleted
            ORDER BY contact_id LIMIT $3
            """,  # noqa: S608
            project,
            after,
            limit,
        )
        return [stored(row) for row in rows]

    async def has_group(self, project: str, group: str) -> bool:
        found: bool = await self._pool.fetchval(
            "SELECT EXISTS (SELECT FROM contact_group WHERE project = $1 AND group_id = $2)", project, group
        )
        return found

    async def group_names(self, project: str) -> list[str]:
        return await group_names(self._pool, project)

    async def groups(self, project: str, after: str, limit: int) -> list[tuple[str, int]]:
        """(group, how many contacts are in it)"""
        rows = await self._pool.fetch(
            """
            SELECT group_id, (SELECT count(*) FROM membership AS member
                WHERE member.project = $1 AND member.group_id = contact_group.group_id) AS contacts
            FROM contact_group WHERE project = $1 AND group_id > $2 ORDER BY group_id LIMIT $3
            """,
            project,
            after,
            limit,
        )
        return [(row["group_id"], row["contacts"]) for row in rows]

    async def members(self, project: str, group: str, after: str, limit: int) -> list[str]:
        rows = await self._pool.fetch(
            """
            SELECT contact_id FROM membership WHERE project = $1 AND group_id = $2 AND contact_id > $3
            ORDER BY contact_id LIMIT $4
            """,
            project,
            group,
            after,
            limit,
        )
        return [row["contact_id"] for row in rows]

    async def suppressions(self, project: str, after: tuple[str, str], limit: int) -> list[asyncpg.Record]:
        return await self._pool.fetch(
            """
            SELECT kind, value, shown, reason, at FROM suppression
            WHERE project = $1 AND (kind, value) > ($2, $3) ORDER BY kind, value LIMIT $4
            """,
            project,
            *after,
            limit,
        )

    async def has_launch(self, project: str, launch_id: str) -> bool:
        found: bool = await self._pool.fetchval(
            "SELECT EXISTS (SELECT FROM launch WHERE project = $1 AND launch_id = $2)", project, launch_id
        )
        return found

    async def ledger(self, project: str, launch_id: str) -> AsyncIterator[list[Entry]]:
        """Page by page of the walk, in byte order of the contact ids."""
        page: int | None = -1
        while True:
            page = await self._pool.fetchval(
                "SELECT min(page) FROM target_chunk WHERE launch_id = $1 AND project = $2 AND page > $3",
                launch_id,
                project,
                page,
            )
            if page is None:
                return
            rows = await self._pool.fetch(
                "SELECT contact_ids, reasons FROM target_chunk WHERE launch_id = $1 AND project = $2 AND page = $3",
                launch_id,
                project,
                page,
            )
            yield sorted((entry for row in rows for entry in _entries(row)), key=lambda entry: entry.contact_id)


def _entries(row: asyncpg.Record) -> list[Entry]:
    ids: list[str] = row["contact_ids"]
    reasons: list[Any] = row["reasons"] or [None] * len(ids)
    return [Entry(contact_id, reason) for contact_id, reason in zip(ids, reasons, strict=True)]
