"""Who started and ended in which scenario, in PostgreSQL: the replica that counts look into."""

from datetime import datetime

from contacts.ports.counting import Place
from contracts.words import Recurrence
from runtime.transaction import Connection

STANDING = "sum(CASE WHEN ended THEN -cardinality(contact_ids) ELSE cardinality(contact_ids) END)"
"""Of a launch's rows: how many have started and not ended."""
HOLDERS = f"""
    SELECT coalesce(sum(holders), 0)::bigint FROM (
        SELECT CASE WHEN $3 AND keeps THEN sum(CASE WHEN ended THEN 0 ELSE cardinality(contact_ids) END)
            ELSE abs({STANDING}) END AS holders
        FROM place_chunk WHERE project = $1 AND scenario = $2 GROUP BY launch_id, keeps
    ) AS launched
"""  # noqa: S608
"""At most so many have a place in a scenario ($3: or ever had one, where it is kept)."""


class PostgresPlaces:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def of_launch(self, launch_id: str) -> Place | None:
        row = await self._connection.fetchrow(
            """
            SELECT project, version -> 'body' ->> 'key' AS scenario, version -> 'body' ->> 'recurrence' AS recurrence,
                coalesce(options ->> 'mode', 'live') AS mode
            FROM launch WHERE launch_id = $1
            """,
            launch_id,
        )
        if row is None:
            return None
        return Place(row["project"], row["scenario"], Recurrence(row["recurrence"]), row["mode"] == "live")

    async def note(self, place: Place, launch_id: str, event_id: str, contact_ids: list[str], *, ended: bool) -> None:
        await self._connection.execute(
            """
            INSERT INTO place_chunk (launch_id, event_id, project, scenario, ended, keeps, contact_ids)
            VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING
            """,
            launch_id,
            event_id,
            place.project,
            place.scenario,
            ended,
            place.recurrence is Recurrence.ONCE,
            contact_ids,
        )

    async def forget_left(self, before: datetime, limit: int) -> int:
        rows = await self._connection.fetch(
            f"""
            WITH left_behind AS (
                SELECT launch_id FROM place_chunk JOIN launch USING (launch_id)
                WHERE NOT keeps AND finished_at < $1 GROUP BY launch_id HAVING {STANDING} = 0 LIMIT $2
            ), forgotten AS (
                DELETE FROM place_chunk USING left_behind WHERE place_chunk.launch_id = left_behind.launch_id
            )
            SELECT launch_id FROM left_behind
            """,  # noqa: S608
            before,
            limit,
        )
        return len(rows)
