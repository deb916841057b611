"""Counts over contacts in PostgreSQL: one statement that reads each row once, and asks nothing of anybody's locks."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import asyncpg

from contacts.adapters.count_query import CountQuery, selected
from contacts.adapters.line import PATIENCE_SECONDS, Line
from contacts.adapters.places import HOLDERS
from contacts.adapters.selected import unknown
from contacts.domain.checks import Unknown
from contacts.domain.counting import TAKEN, Histogram
from contacts.ports.counting import Asked, Busy
from runtime import slices
from runtime.database import Pool
from runtime.transaction import Connection

AT_A_TIME = 2
"""Counts of one process, and as many more for approvals."""
CONNECTIONS = 2 * AT_A_TIME
SECONDS = 10
FEW = 1000
"""So many contacts are looked up one by one, however few there are in all."""
SCANNED = 100
"""One in so many, too, of a group's members: contacts that a parallel scan looks at in the time of one look-up."""
KEYED = 10
"""One in so many, of those who have a place in the scenario: the scan would not be parallel."""
AT_ONCE = 5000
"""Contacts that are read at a time to be evaluated in Python."""
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
        holders = await self._holders(asked)
        if CountQuery(asked).is_tallied and holders < await self._share(KEYED):
            return await self._tallied(asked, holders)
        query = await self._query(asked, holders)
        if query.in_sql:
            return await self._counted(query)
        found = Counter[int]()
        async for page in self._evaluated(query):
            found.update(code for _, code in page)
        return found

    async def unknown(self, asked: Asked) -> Unknown:
        return await unknown(self._connection, asked.project, selected(asked))

    async def listed(self, asked: Asked, codes: Sequence[int], after: str, limit: int) -> list[str]:
        """The first `limit` ids after `after`, in byte order, of contacts of these codes."""
        query = await self._query(asked, await self._holders(asked))
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
            yield [found for found in await slices.each(rows, query.evaluate) if found is not None]
            if len(rows) < AT_ONCE:
                return
            after = rows[-1]["contact_id"]

    async def _query(self, asked: Asked, holders: int) -> CountQuery:
        """Of each contact."""
        query = CountQuery(asked)
        if asked.kind == "groups":
            query.choose_groups(await self._are_few(asked))
        query.look_at_places(holders > 0)
        return query

    async def _counted(self, query: CountQuery) -> Histogram:
        rows = await self._connection.fetch(query.counted(), *query.arguments)
        return {row["code"]: row["contacts"] for row in rows}

    async def _tallied(self, asked: Asked, holders: int) -> Histogram:
        """Sums that the database keeps; those whose place is taken are counted out of them."""
        query = CountQuery(asked)
        query.choose_tallies()
        found = Counter(await self._counted(query))
        if holders:
            query = CountQuery(asked)
            query.choose_taken()
            for code, contacts in (await self._counted(query)).items():
                found[code] += contacts
                found[code & ~TAKEN] -= contacts
        return +found

    async def _holders(self, asked: Asked) -> int:
        """How many contacts have a place in the scenario, at most; 0: nobody has."""
        if asked.place is None:
            return 0
        holders: int = await self._connection.fetchval(HOLDERS, asked.project, asked.scenario, asked.place == "once")
        return holders

    async def _share(self, part: int) -> int:
        """So many contacts are one in `part` of all; a thousand are always few."""
        contacts: int = await self._connection.fetchval(
            "SELECT greatest($1, reltuples / $2)::bigint FROM pg_class WHERE oid = 'contact'::regclass",
            float(FEW),
            float(part),
        )
        return contacts

    async def _are_few(self, asked: Asked) -> bool:
        bound = await self._share(SCANNED)
        members: int = await self._connection.fetchval(
            """
            SELECT count(*) FROM (
                SELECT FROM membership WHERE project = $1 AND group_id = ANY($2::text[]) LIMIT $3
            ) AS counted
            """,
            asked.project,
            list(asked.groups),
            bound,
        )
        return members < bound


class Snapshots:
    """Connections of their own for counts, a few: no launch waits for one, and no count waits for a launch."""

    def __init__(self, connect: Callable[[], Awaitable[Pool]], patience: float = PATIENCE_SECONDS) -> None:
        """`connect` is called at the first count, for CONNECTIONS."""
        self._connect = connect
        self._pool: Pool | None = None
        self._lines = {approves: Line(AT_A_TIME, patience) for approves in (False, True)}

    @asynccontextmanager
    async def __call__(self, project: str, *, approves: bool) -> AsyncIterator[Connection]:
        """Reads only, takes no locks, ten seconds in all. Approvals wait for each other alone. Raises Busy."""
        try:
            async with (
                self._lines[approves].turn(project),
                asyncio.timeout(SECONDS),
                (await self._opened()).acquire() as connection,
                connection.transaction(isolation="repeatable_read", readonly=True),
            ):
                await connection.execute(_SETTINGS)
                yield connection
        except (asyncpg.QueryCanceledError, TimeoutError):
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
