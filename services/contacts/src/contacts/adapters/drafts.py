"""Drafts in PostgreSQL: launches that are not requested yet; which are to be checked, and whom each would target."""

from datetime import datetime
from typing import Any, Final

from contacts.adapters.selected import unknown
from contacts.domain.checks import Unknown
from contacts.ports import Draft
from contracts.words import LaunchMode
from runtime.transaction import Connection

LISTED: Final = """
(SELECT count(*) FROM participant_list AS list WHERE list.launch_id = launch.launch_id AND list.index >= 0)
    >= launch.lists
"""
"""Whether all of a launch's participants have come."""
_COUNT: Final = {
    "all": "SELECT count(*) FROM (SELECT FROM contact WHERE project = $1 AND NOT deleted LIMIT $2) AS counted",
    "groups": """
        SELECT CASE WHEN count(*) < $3 THEN count(DISTINCT contact_id) ELSE $3 END FROM (
            SELECT contact_id FROM membership WHERE project = $1 AND group_id = ANY($2::text[]) LIMIT $3
        ) AS counted
    """,
    "contacts": """
        SELECT count(*) FROM (
            SELECT FROM participant JOIN contact USING (project, contact_id)
            WHERE project = $1 AND launch_id = $2 AND NOT deleted LIMIT $3
        ) AS counted
    """,
}


class PostgresDrafts:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def unchecked(self, home: int) -> list[Draft]:
        rows = await self._connection.fetch(
            f"""
            SELECT launch_id, project, kind, groups, version ->> 'creator' AS creator, drafted_at, check_round,
                coalesce(options ->> 'mode', 'live') AS mode, condition, trace
            FROM launch
            WHERE home = $1 AND drafted_at IS NOT NULL AND NOT checked AND {LISTED}
            ORDER BY drafted_at, launch_id
            """,  # noqa: S608
            home,
        )
        return [
            Draft(
                row["launch_id"],
                row["project"],
                row["kind"],
                tuple(row["groups"]),
                row["creator"],
                row["drafted_at"],
                row["check_round"],
                LaunchMode(row["mode"]),
                row["condition"],
                row["trace"],
            )
            for row in rows
        ]

    async def count_selected(self, draft: Draft) -> int:
        return int(
            await self._connection.fetchval(
                "SELECT count(*) FROM participant WHERE launch_id = $1 AND project = $2", draft.launch_id, draft.project
            )
        )

    async def count(self, draft: Draft, limit: int) -> int | None:
        if draft.kind == "segment":
            return None
        selections: dict[str, list[Any]] = {
            "all": [],
            "groups": [list(draft.groups)],
            "contacts": [draft.launch_id],
        }
        counted = int(
            await self._connection.fetchval(_COUNT[draft.kind], draft.project, *selections[draft.kind], limit + 1)
        )
        return None if counted > limit else counted

    async def unknown(self, draft: Draft) -> Unknown:
        return await unknown(self._connection, draft.project, draft.launch_id)

    async def checked(self, launch_id: str) -> None:
        await self._connection.execute("UPDATE launch SET checked = true WHERE launch_id = $1", launch_id)

    async def forget(self, before: datetime, undecided_before: datetime, limit: int) -> int:
        rows = await self._connection.fetch(
            """
            DELETE FROM launch WHERE launch_id IN (
                SELECT launch_id FROM launch WHERE requested_at IS NULL AND drafted_at < $1
                    AND (undecided_until IS NULL OR undecided_until < $2)
                ORDER BY drafted_at LIMIT $3)
            RETURNING launch_id
            """,
            before,
            undecided_before,
            limit,
        )
        forgotten = [row["launch_id"] for row in rows]
        await self._connection.execute("DELETE FROM participant WHERE launch_id = ANY($1::text[])", forgotten)
        await self._connection.execute("DELETE FROM participant_list WHERE launch_id = ANY($1::text[])", forgotten)
        return len(forgotten)
