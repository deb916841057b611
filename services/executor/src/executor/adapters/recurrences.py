"""The one place of a contact in a scenario. Keys decide, not order: two launches at once never both get it."""

from executor.domain.launch import Launch
from runtime.packed import packed
from runtime.transaction import Transaction


class PostgresRecurrences:
    async def take(self, tx: Transaction, launch: Launch, ids: list[str], keep: bool) -> set[str]:
        rows = await tx.connection.fetch(
            """
            INSERT INTO recurrence (project, scenario, contact_id, launch, keep)
            SELECT $1, $2, t.contact_id, $3, $4 FROM unnest(unpacked($5)) AS t (contact_id)
            ON CONFLICT DO NOTHING RETURNING contact_id
            """,
            launch.project,
            launch.scenario,
            launch.number,
            keep,
            packed(ids),
        )
        return {row["contact_id"] for row in rows}

    async def take_over(self, tx: Transaction, launch: Launch, ids: list[str]) -> set[str]:
        rows = await tx.connection.fetch(
            """
            UPDATE recurrence r SET launch = $3
            WHERE r.project = $1 AND r.scenario = $2 AND r.contact_id = ANY(unpacked($4))
              AND (SELECT c.outcome IS NULL FROM process_instance i
                   CROSS JOIN LATERAL (
                       SELECT outcome FROM cohort WHERE launch = i.launch AND number = i.cohort LIMIT 1
                   ) AS c
                   WHERE i.launch = r.launch AND i.partition = $5 AND i.contact_id = r.contact_id) IS NOT TRUE
            RETURNING r.contact_id
            """,
            launch.project,
            launch.scenario,
            launch.number,
            packed(ids),
            tx.number,
        )
        return {row["contact_id"] for row in rows}

    async def taken(self, tx: Transaction, launch: Launch, ids: list[str], over_ended: bool) -> set[str]:
        rows = await tx.connection.fetch(
            """
            SELECT r.contact_id FROM recurrence r
            WHERE r.project = $1 AND r.scenario = $2 AND r.contact_id = ANY(unpacked($3))
              AND (NOT $4 OR (SELECT c.outcome IS NULL FROM process_instance i
                   CROSS JOIN LATERAL (
                       SELECT outcome FROM cohort WHERE launch = i.launch AND number = i.cohort LIMIT 1
                   ) AS c
                   WHERE i.launch = r.launch AND i.partition = $5 AND i.contact_id = r.contact_id))
            """,
            launch.project,
            launch.scenario,
            packed(ids),
            over_ended,
            tx.number,
        )
        return {row["contact_id"] for row in rows}

    async def release(self, tx: Transaction, launch: Launch, ids: list[str]) -> None:
        await tx.connection.execute(
            """
            DELETE FROM recurrence
            WHERE project = $1 AND scenario = $2 AND contact_id = ANY(unpacked($3)) AND launch = $4 AND NOT keep
            """,
            launch.project,
            launch.scenario,
            packed(ids),
            launch.number,
        )
