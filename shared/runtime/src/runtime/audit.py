"""Who did what to which thing: one table in every service's database, written in the transaction of what was done.

Details hold no personal data: ids of contacts, never addresses or attributes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from runtime.transaction import Connection

AUDIT_LIMIT, AUDIT_MOST = 50, 500
"""Entries of a page: unless the caller says, and at most. Of every service, and of all of theirs in one."""


@dataclass(frozen=True, slots=True)
class Entry:
    id: int
    at: datetime
    subject: str
    action: str
    """What was done: `launch.paused`, `contact.deleted`."""
    thing: str
    """To what: `launch/<id>`, `scenario/<key>`, `user/<name>`, `contact/<id>`, `parked/<id>`."""
    details: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Noted:
    """An entry to be written; the fields are those of Entry."""

    project: str
    subject: str
    action: str
    thing: str
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries to list: newest first, those before `before` (at, id) if given."""

    subject: str | None = None
    thing: str | None = None
    """Or a kind of things: `launch` for all of them. `launch/<id>`: also what names it in its details, as `launch`."""
    action: str | None = None
    since: datetime | None = None
    before: tuple[datetime, int] | None = None
    limit: int = AUDIT_LIMIT


class Audit:
    """Every method runs in the transaction of the connection it is given."""

    async def note(
        self,
        connection: Connection,
        at: datetime,
        project: str,
        subject: str,
        action: str,
        *things: str,
        details: Mapping[str, Any],
    ) -> None:
        """An entry for each thing, all with these details."""
        await self.note_each(connection, at, [Noted(project, subject, action, thing, details) for thing in things])

    async def note_each(self, connection: Connection, at: datetime, entries: Sequence[Noted]) -> None:
        """In this order, all of the same moment."""
        await connection.execute(
            "INSERT INTO audit_entry (at, project, subject, action, thing, details)"
            " SELECT date_trunc('milliseconds', $1::timestamptz), n.project, n.subject, n.action, n.thing, n.details"
            " FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::jsonb[])"
            " WITH ORDINALITY AS n (project, subject, action, thing, details, place) ORDER BY n.place",
            at,
            [entry.project for entry in entries],
            [entry.subject for entry in entries],
            [entry.action for entry in entries],
            [entry.thing for entry in entries],
            [dict(entry.details) for entry in entries],
        )

    async def listed(self, connection: Connection, project: str | None, wanted: Wanted) -> Sequence[Entry]:
        """`project` None: of all projects."""
        at, id_ = wanted.before or (None, None)
        rows = await connection.fetch(
            "SELECT id, at, subject, action, thing, details FROM audit_entry"
            " WHERE ($1::text IS NULL OR project = $1) AND ($2::text IS NULL OR subject = $2)"
            " AND ($3::text IS NULL OR thing = $3 OR split_part(thing, '/', 1) = $3"
            " OR thing <> $3 AND strpos($3, '/') > 0"
            " AND details ->> split_part($3, '/', 1) = substr($3, strpos($3, '/') + 1))"
            " AND ($4::text IS NULL OR action = $4) AND ($5::timestamptz IS NULL OR at >= $5)"
            " AND ($6::timestamptz IS NULL OR (at, id) < ($6, $7::bigint))"
            " ORDER BY at DESC, id DESC LIMIT $8",
            project,
            wanted.subject,
            wanted.thing,
            wanted.action,
            wanted.since,
            at,
            id_,
            wanted.limit,
        )
        return [Entry(**row) for row in rows]
