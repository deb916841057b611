"""Looking out for work of idle jobs: one query for all partition numbers of a process and all jobs of one pace."""

from collections.abc import Sequence

import asyncpg

from runtime.service import Job, Where


async def work_of(
    jobs: Sequence[Job], numbers: Sequence[int], pool: "asyncpg.Pool[asyncpg.Record]"
) -> list[tuple[str, int]]:
    """Job and number wherever there is work. Raises what PostgreSQL raises."""
    asked = {job.name: job.look.exists for job in jobs if isinstance(job.look, Where)}
    found: list[tuple[str, int]] = []
    if asked:
        each = (
            f"SELECT {place}, n FROM unnest($1::int[]) AS n WHERE EXISTS ({exists})"  # noqa: S608
            for place, exists in enumerate(asked.values())
        )
        names = list(asked)
        found = [(names[place], number) for place, number in await pool.fetch(" UNION ALL ".join(each), list(numbers))]
    for job in jobs:
        if callable(job.look):
            found += [(job.name, number) for number in job.look(numbers)]
    return found
