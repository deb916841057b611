"""Counts over contacts in PostgreSQL: one statement that reads each row once, and asks nothing of anybody's locks."""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import asyncpg

from contacts.adapters.count_query import CountQuery
from contacts.adapters.line import PATIENCE_SECONDS, Line
from contacts.domain.counting import Histogram
from contacts.ports.counting import Asked, Busy
from runtime.database import Pool
from runtime.transaction import Connection

AT_A_TIME = 2
"""Counts of one process, and as many more for approvals."""
CONNECTIONS = 2 * AT_A_TIME
SECONDS = 10
FEW_MEMBERS = 1000
"""So many members of groups, or one in SCANNED of all contacts, are looked up one by one; for more of them everybody is
looked at."""
SCANNED = 100
"""Contacts that a parallel scan looks at in the time in which one is looked up."""
AT_ONCE = 5000
"""Contacts that are evaluated in Python at a time."""
_SETTINGS = f"""
    SET LOCAL statement_timeout = '{SECONDS}s';
    SET LOCAL enable_seqscan = on;
    SET LOCAL plan_cache_mode = force_custom_plan;
    SET LOCAL max_parallel_workers_per_gather = 2;
    SET LOCAL parallel_setup_cost = 0;
    SET LOCAL parallel_tuple_cost = 0;
    SET LOCAL min_parallel_table_scan_size = 0;
    SET LOCAL work_mem = '64MB'
"""


class PostgresCounting:
    """On a connection of `Snapshots`: everything is of one moment."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def histogram(self, asked: Asked) -> Histogram:
        query = await self._query(asked, tallied=True)
        if query.in_sql:
            rows = await self._connection.fetch(query.counted(), *query.arguments)
            return {row["code"]: row["contacts"] for row in rows}
        found = Counter[int]()
        async for page in self._evaluated(query):
            found.update(code for _, code in page)
        return found

    async def listed(self, asked: Asked, codes: Sequence[int], after: str, limit: int) -> list[str]:
        """The first `limit` ids after `after`, in byte order, of contacts of these codes."""
        query = await self._query(asked)
        if query.in_sql:
            rows = await self._connection.fetch(query.listed(), *query.arguments, list(codes), after, limit)
            return [row["contact_id"] for row in rows]
        found: list[str] = []
        async for page in self._evaluated(query, after):
            found += [contact for contact, code in page if code in codes]
            if len(found) >= limit:
                break
        return found[:limit]

    async def _evaluated(self, query: CountQuery, after: str = "") -> AsyncIterator[list[tuple[str, int]]]:
        """(contact id, code) page by page, what is not SQL evaluated in Python."""
        while True:
            rows = await self._connection.fetch(query.paged(), *query.arguments, after, AT_ONCE)
            yield [found for row in rows if (found := query.evaluate(row)) is not None]
            if len(rows) < AT_ONCE:
                return
            after = rows[-1]["contact_id"]

    async def _query(self, asked: Asked, *, tallied: bool = False) -> CountQuery:
        """`tallied`: of sums, where they say enough; not of contacts one by one."""
        query = CountQuery(asked)
        has_places = asked.place is not None and await self._connection.fetchval(
            "SELECT EXISTS (SELECT FROM place_chunk WHERE project = $1 AND scenario = $2)",
            asked.project,
            asked.scenario,
        )
        if tallied and query.is_tallied and not has_places:
            query.choose_tallies()
            return query
        if asked.kind == "groups":
            query.choose_groups(await self._are_few(asked))
        query.look_at_places(has_places)
        return query

    async def _are_few(self, asked: Asked) -> bool:
        few: bool = await self._connection.fetchval(
            """
            WITH bound AS (
                SELECT greatest($3, reltuples / $4)::bigint AS members FROM pg_class WHERE oid = 'contact'::regclass
            )
            SELECT count(*) < (SELECT members FROM bound) FROM (
                SELECT FROM membership WHERE project = $1 AND group_id = ANY($2::text[])
                LIMIT (SELECT members FROM bound)
            ) AS counted
            """,
            asked.project,
            list(asked.groups),
            float(FEW_MEMBERS),
            float(SCANNED),
        )
        return few


class Snapshots:
    """Connections of their own for counts, a few: no launch waits for one, and no count waits for a launch."""

    def __init__(self, connect: Callable[[], Awaitable[Pool]], patience: float = PATIENCE_SECONDS) -> None:
        """`connect` is called at the first count, for CONNECTIONS."""
        self._connect = connect
        self._pool: Pool | None = None
        self._lines = {approves: Line(AT_A_TIME, patience) for approves in (False, True)}

    @asynccontextmanager
    async def __call__(self, project: str, *, approves: bool) -> AsyncIterator[Connection]:
        """Reads only, takes no locks, ten seconds per statement. Approvals wait for each other alone. Raises Busy."""
        try:
            async with (
                self._lines[approves].turn(project),
                (await self._opened()).acquire() as connection,
                connection.transaction(isolation="repeatable_read", readonly=True),
            ):
                await connection.execute(_SETTINGS)
                yield connection
        except asyncpg.QueryCanceledError:
            raise Busy(f"it took longer than {SECONDS} seconds") from None

    async def _opened(self) -> Pool:
        if self._pool is None:
            pool = await self._connect()
            if self._pool is None:
                self._pool = pool
            else:
                await pool.close()
        return self._pool

    async def close(self) -> None:
        if self._pool is not None:
            await self._pool.close()
