"""Open incidents, and what people decided about them."""

from dataclasses import dataclass
from datetime import datetime

import asyncpg

from executor.domain.incidents import Decision
from executor.domain.launch import Launch
from executor.ports import Decided
from runtime.audit import Audit
from runtime.ids import derive
from runtime.rows import expect, written
from runtime.transaction import Lease, Transaction

ACTIONS = {Decision.RETRY: "incident.retried", Decision.FAIL: "incident.failed"}
"""What the audit calls a decision."""


class PostgresIncidents:
    async def open(
        self, tx: Transaction, launch: Launch, ids: list[str], step: str, detail: str, retriable: bool
    ) -> None:
        status = await tx.connection.execute(
            """
            INSERT INTO incident (id, launch_id, contact_id, partition, project, step, detail, retriable, opened_at)
            SELECT t.id, $1, t.contact_id, $2, $3, $4, $5, $6, $7
            FROM unnest($8::text[], $9::text[]) AS t (id, contact_id)
            ON CONFLICT DO NOTHING
            """,
            launch.launch_id,
            tx.number,
            launch.project,
            step,
            detail,
            retriable,
            tx.now,
            [derive("incident", launch.launch_id, id, tx.now.isoformat()) for id in ids],
            ids,
        )
        expect(tx, len(ids), written(status), f"new incidents of launch {launch.launch_id}")

    async def close(self, tx: Transaction, launch: Launch, ids: list[str]) -> None:
        status = await tx.connection.execute(
            "DELETE FROM incident WHERE launch_id = $1 AND contact_id = ANY($2::text[])", launch.launch_id, ids
        )
        expect(tx, len(ids), written(status), f"incidents of launch {launch.launch_id}")

    async def any_decided(self, lease: Lease) -> bool:
        return bool(
            await lease.pool.fetchval(
                "SELECT EXISTS (SELECT FROM resolution WHERE partition = $1 AND carried_out_at IS NULL)", lease.number
            )
        )

    async def take_decided(self, tx: Transaction, limit: int) -> list[Decided]:
        rows = await tx.connection.fetch(
            """
            WITH taken AS (
                UPDATE resolution SET carried_out_at = $2
                WHERE incident_id = ANY(ARRAY(
                    SELECT incident_id FROM resolution WHERE partition = $1 AND carried_out_at IS NULL
                    ORDER BY decided_at, incident_id LIMIT $3))
                RETURNING incident_id, decision)
            SELECT i.launch_id, i.contact_id, t.decision FROM taken t JOIN incident i ON i.id = t.incident_id
            ORDER BY i.launch_id, i.contact_id
            """,
            tx.number,
            tx.now,
            limit,
        )
        return [Decided(row["launch_id"], row["contact_id"], Decision(row["decision"])) for row in rows]


@dataclass(frozen=True, slots=True)
class ResolutionRow:
    incident_id: str
    launch_id: str
    contact_id: str
    decision: str | None
    """None: nobody has decided so far."""
    carried_out_at: datetime | None


class PostgresDecisions:
    """Where people decide, over HTTP. The owner of the partition carries it out."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool

    async def decide(self, project: str, incident_id: str, decision: Decision, by: str) -> ResolutionRow | None:
        """The first decision about this incident stands, and is returned. None: not open, or not to be retried."""
        async with self._pool.acquire() as connection, connection.transaction():
            made = await connection.fetchrow(
                """
                INSERT INTO resolution (incident_id, launch_id, contact_id, partition, project, decision, decided_by)
                SELECT id, launch_id, contact_id, partition, project, $3, $4 FROM incident
                WHERE id = $1 AND project = $2 AND (retriable OR $3 <> 'retry')
                ON CONFLICT DO NOTHING RETURNING launch_id, contact_id, decided_at
                """,
                incident_id,
                project,
                decision,
                by,
            )
            if made is not None:
                about = {"contact": made["contact_id"], "incident": incident_id}
                thing = f"launch/{made['launch_id']}"
                await Audit().note(connection, made["decided_at"], project, by, ACTIONS[decision], thing, details=about)
            row = await connection.fetchrow(
                """
                SELECT incident_id, launch_id, contact_id, decision, carried_out_at FROM resolution
                WHERE incident_id = $1 AND project = $2
                """,
                incident_id,
                project,
            )
        return None if row is None else ResolutionRow(**row)

    async def look(self, project: str, incident_id: str, decision: Decision) -> ResolutionRow | None:
        """What `decide` would find, and nothing changes."""
        row = await self._pool.fetchrow(
            """
            SELECT incident_id, launch_id, contact_id, decision, carried_out_at FROM resolution
            WHERE incident_id = $1 AND project = $2
            UNION ALL
            SELECT id, launch_id, contact_id, NULL, NULL FROM incident
            WHERE id = $1 AND project = $2 AND (retriable OR $3 <> 'retry')
              AND NOT EXISTS (SELECT FROM resolution WHERE incident_id = $1)
            """,
            incident_id,
            project,
            decision,
        )
        return None if row is None else ResolutionRow(**row)

    async def is_open(self, project: str, incident_id: str) -> bool:
        return bool(
            await self._pool.fetchval(
                "SELECT EXISTS (SELECT FROM incident WHERE id = $1 AND project = $2)", incident_id, project
            )
        )
