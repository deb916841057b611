"""Looking out for work of idle jobs: one query for all partition numbers of a process."""

from collections.abc import Sequence

import asyncpg

from runtime.service import Look


def where(exists: str) -> Look:
    """The numbers `n` for which this SELECT finds a row. It has to be cheap also when it finds none."""

    async def look(pool: "asyncpg.Pool[asyncpg.Record]", numbers: Sequence[int]) -> list[int]:
        rows = await pool.fetch(f"SELECT n FROM unnest($1::int[]) AS n WHERE EXISTS ({exists})", list(numbers))  # noqa: S608
        return [row["n"] for row in rows]

    return look
