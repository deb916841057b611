"""Names of groups that there are, for who has mistyped one."""

from typing import TYPE_CHECKING

from runtime.transaction import Connection

if TYPE_CHECKING:
    import asyncpg

MOST = 1000


async def group_names(source: "Connection | asyncpg.Pool[asyncpg.Record]", project: str) -> list[str]:
    """All, or the first MOST of them."""
    rows = await source.fetch(
        "SELECT group_id FROM contact_group WHERE project = $1 ORDER BY group_id LIMIT $2", project, MOST
    )
    return [row["group_id"] for row in rows]
