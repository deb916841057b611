"""Who did what, in PostgreSQL."""

from datetime import datetime
from typing import Any

from launcher.ports import AuditFilter, Entry
from runtime.transaction import Connection


class PostgresAudit:
    async def note(
        self,
        connection: Connection,
        at: datetime,
        project: str,
        subject: str,
        action: str,
        thing: str,
        details: dict[str, Any] | None = None,
    ) -> None:
        await connection.execute(
            "INSERT INTO audit (at, project, subject, action, thing, details) VALUES ($1, $2, $3, $4, $5, $6)",
            at,
            project,
            subject,
            action,
            thing,
            details or {},
        )

    async def listed(self, connection: Connection, project: str, wanted: AuditFilter) -> list[Entry]:
        rows = await connection.fetch(
            "SELECT audit_id, at, subject, action, thing, details FROM audit WHERE project = $1"
            " AND ($2::text IS NULL OR subject = $2) AND ($3::text IS NULL OR thing = $3)"
            " AND ($4::timestamptz IS NULL OR at >= $4) AND ($5::bigint IS NULL OR audit_id < $5)"
            " AND ($6::text IS NULL OR action = $6)"
            " ORDER BY audit_id DESC LIMIT $7",
            project,
            wanted.subject,
            wanted.thing,
            wanted.since,
            wanted.before,
            wanted.action,
            wanted.limit,
        )
        return [Entry(**row) for row in rows]
