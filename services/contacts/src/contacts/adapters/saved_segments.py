"""Conditions with a name, in PostgreSQL."""

from typing import NamedTuple

from runtime.transaction import Connection


class SavedSegment(NamedTuple):
    segment: str
    where: str
    revision: int
    """Rises with each change of the condition, through a deletion, too."""


class PostgresSavedSegments:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def save(self, project: str, segment: str, where: str) -> bool:
        """False: it said so already."""
        saved = await self._connection.fetchval(
            """
            INSERT INTO segment (project, segment, condition) VALUES ($1, $2, $3)
            ON CONFLICT (project, segment)
                DO UPDATE SET condition = excluded.condition, deleted = false, revision = segment.revision + 1
                WHERE segment.deleted OR segment.condition <> excluded.condition
            RETURNING true
            """,
            project,
            segment,
            where,
        )
        return saved is True

    async def listed(self, project: str, after: str, limit: int) -> list[SavedSegment]:
        rows = await self._connection.fetch(
            """
            SELECT segment, condition, revision FROM segment
            WHERE project = $1 AND segment > $2 AND NOT deleted ORDER BY segment LIMIT $3
            """,
            project,
            after,
            limit,
        )
        return [SavedSegment(*row) for row in rows]

    async def one(self, project: str, segment: str) -> SavedSegment | None:
        row = await self._connection.fetchrow(
            "SELECT segment, condition, revision FROM segment WHERE project = $1 AND segment = $2 AND NOT deleted",
            project,
            segment,
        )
        return SavedSegment(*row) if row else None

    async def locked(self, project: str, segment: str) -> SavedSegment | None:
        """As `one`; nobody else changes it until the transaction ends."""
        await self._connection.execute(
            "SELECT FROM segment WHERE project = $1 AND segment = $2 FOR UPDATE", project, segment
        )
        return await self.one(project, segment)

    async def delete(self, project: str, segment: str) -> bool:
        """Only its revision is kept."""
        done = await self._connection.fetchval(
            """
            UPDATE segment SET deleted = true, condition = ''
            WHERE project = $1 AND segment = $2 AND NOT deleted RETURNING true
            """,
            project,
            segment,
        )
        return done is True
