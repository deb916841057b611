"""Summing up of `contact_tally`, which triggers of `contact` write (migration 6)."""

from runtime.transaction import Connection

_PART = "abs(hashtext(groups::text || consent::text)::bigint) % $2::integer"
"""Of $2 parts, the one that a row and all that are alike are in."""


class PostgresTallies:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def scattered(self, least: int) -> tuple[str, int] | None:
        row = await self._connection.fetchrow(
            """
            SELECT project, differences + sums AS tallies FROM (
                SELECT project, count(*) AS differences FROM contact_tally WHERE NOT gathered GROUP BY project
            ) AS scattered CROSS JOIN LATERAL (
                SELECT count(*) AS sums FROM contact_tally WHERE gathered AND contact_tally.project = scattered.project
            ) AS gathered
            WHERE differences > greatest($1, sums) LIMIT 1
            """,
            least,
        )
        return tuple(row) if row is not None else None

    async def gather(self, project: str, parts: int) -> None:
        await self._connection.execute(
            f"""
            WITH part AS (
                SELECT {_PART} AS number FROM contact_tally WHERE project = $1 AND NOT gathered LIMIT 1
            ), scattered AS (
                DELETE FROM contact_tally WHERE project = $1 AND {_PART} = (SELECT number FROM part) RETURNING *
            )
            INSERT INTO contact_tally
            SELECT project, active, suppressed, addressed, groups, consent, sum(contacts), true
            FROM scattered GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(contacts) <> 0
            """,  # noqa: S608
            project,
            parts,
        )
