"""Commands that were taken, under their ids, in PostgreSQL."""

from datetime import datetime
from typing import Any

from launcher.ports import Asked, Identity
from runtime.transaction import Connection


class PostgresCommands:
    async def claim(
        self, connection: Connection, identity: Identity, type: str, fingerprint: bytes, now: datetime
    ) -> Asked | None:
        # A second statement reads what another transaction, that this one has waited for, has committed.
        done = await connection.execute(
            "INSERT INTO command (project, source, command_id, type, digest, received_at)"
            " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
            *identity,
            type,
            fingerprint,
            now,
        )
        if done == "INSERT 0 1":
            return None
        row = await connection.fetchrow(
            "SELECT type, digest, answer FROM command WHERE project = $1 AND source = $2 AND command_id = $3",
            *identity,
        )
        return Asked(row["type"], row["digest"], row["answer"]) if row else None

    async def answer(self, connection: Connection, identity: Identity, answer: dict[str, Any]) -> None:
        await connection.execute(
            "UPDATE command SET answer = $4 WHERE project = $1 AND source = $2 AND command_id = $3",
            *identity,
            answer,
        )

    async def forget(self, connection: Connection, before: datetime, most: int) -> int:
        gone: int = await connection.fetchval(
            "WITH gone AS (DELETE FROM command WHERE (project, source, command_id) IN"
            " (SELECT project, source, command_id FROM command WHERE received_at < $1 AND answer IS NOT NULL"
            " ORDER BY received_at LIMIT $2) RETURNING 1),"
            " also AS (DELETE FROM http_request WHERE (project, subject, idempotency_key) IN"
            " (SELECT project, subject, idempotency_key FROM http_request WHERE received_at < $1"
            " ORDER BY received_at LIMIT $2) RETURNING 1)"
            " SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM also)",
            before,
            most,
        )
        return gone
