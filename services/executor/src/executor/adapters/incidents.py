"""Open incidents."""

from executor.domain.launch import Launch
from runtime.transaction import Transaction


class PostgresIncidents:
    async def open(self, tx: Transaction, launch: Launch, ids: list[str], step: str, detail: str) -> None:
        await tx.connection.execute(
            """
            INSERT INTO incident (launch_id, contact_id, partition, project, step, detail, opened_at)
            SELECT $1, t.contact_id, $2, $3, $4, $5, $6 FROM unnest($7::text[]) AS t (contact_id)
            ON CONFLICT DO NOTHING
            """,
            launch.launch_id,
            tx.number,
            launch.project,
            step,
            detail,
            tx.now,
            ids,
        )

    async def close(self, tx: Transaction, launch: Launch, ids: list[str]) -> None:
        await tx.connection.execute(
            "DELETE FROM incident WHERE launch_id = $1 AND contact_id = ANY($2::text[])", launch.launch_id, ids
        )
