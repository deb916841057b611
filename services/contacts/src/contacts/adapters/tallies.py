"""Summing up of `contact_tally`, which triggers of `contact` write (migration 6)."""

from runtime.transaction import Connection


class PostgresTallies:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def scattered(self, least: int) -> str | None:
        project: str | None = await self._connection.fetchval(
            """
            SELECT project FROM (
                SELECT project, count(*) AS differences FROM contact_tally WHERE NOT gathered GROUP BY project
            ) AS scattered
            WHERE differences > greatest($1, (
                SELECT count(*) FROM contact_tally WHERE gathered AND contact_tally.project = scattered.project
            ))
            LIMIT 1
            """,
            least,
        )
        return project

    async def gather(self, project: str) -> None:
        await self._connection.execute(
            """
            WITH scattered AS (DELETE FROM contact_tally WHERE project = $1 RETURNING *)
            INSERT INTO contact_tally
            SELECT project, active, suppressed, addressed, groups, consent, sum(contacts), true
            FROM scattered GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(contacts) <> 0
            """,
            project,
        )
