"""What HTTP asks: reads only, of one project, outside the stream's transactions."""

from collections import Counter
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from log.adapters.launches import launch_of
from log.domain.chunks import Kind
from log.domain.controls import Control
from log.domain.launch import Launch
from log.domain.timeline import Result, Said
from runtime.ids import derive
from runtime.partitions import each_partition, partition_of

STREAMED = 2_000
"""Rows fetched at a time."""


@dataclass(frozen=True, slots=True)
class Found:
    number: int
    launch: Launch


@dataclass(frozen=True, slots=True)
class OutcomeRow:
    contact_id: str
    outcome: str
    reason: str
    started_at: datetime | None
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class OpenRow:
    contact_id: str
    since: datetime


@dataclass(frozen=True, slots=True)
class PassedRow:
    """`times`: how often it came to the step; the rest is of the last time. `arm` and `next`: of a fork."""

    contact_id: str
    times: int
    at: datetime
    arm: int | None
    next: str | None


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """`outcome` and `reason` are None while the target is open."""

    contact_id: str
    outcome: str | None
    reason: str | None


_LAUNCH = """
SELECT *, (
    SELECT jsonb_object_agg(name, count) FROM (
        SELECT name, sum(count)::bigint AS count FROM tally WHERE launch = number GROUP BY name
    ) AS each
) AS sums
FROM launch WHERE launch_id = $1 AND project = $2
"""

_EACH = "SELECT contact_id, ending FROM outcome WHERE launch = $1 AND partition = :partition AND contact_id > $2"

# LATERAL … LIMIT 1: one probe of the primary key per row, in the order of contacts, whatever the planner believes.
_OUTCOMES = """
SELECT contact_id, e.outcome::text, e.reason, e.started_at, e.ended_at FROM ({each}) AS o
CROSS JOIN LATERAL (
    SELECT * FROM ending
    WHERE launch = $1 AND number = o.ending AND ($3::outcome_kind IS NULL OR outcome = $3)
      AND ($4::text IS NULL OR reason = $4) AND ($5::boolean IS NULL OR $5 <> starts_with(reason, 'not_started:'))
    LIMIT 1
) AS e
ORDER BY contact_id LIMIT $6
"""

_OPEN = """
SELECT target.id AS contact_id, chunk.at AS since
FROM event_chunk AS chunk, unnest(chunk.contact_ids) AS target (id)
WHERE chunk.launch = $1 AND chunk.kind = 'admitted' AND target.id > $2
  AND NOT EXISTS (
      SELECT FROM outcome
      WHERE outcome.launch = $1 AND outcome.partition = chunk.partition AND outcome.contact_id = target.id
  )
ORDER BY target.id LIMIT $3
"""

# A wait is counted where it is entered; that it was left is told as well.
_PASSED = """
WITH passage AS MATERIALIZED (
    SELECT chunk.contact_ids, chunk.at, passed.arm, passed.next
    FROM event_chunk AS chunk,
         jsonb_to_recordset(chunk.said[1]::jsonb -> 'passed') AS passed (what text, step text, arm int, next text)
    WHERE chunk.launch = $1 AND chunk.kind = 'way' AND passed.step = $3 AND passed.what <> 'waited'
      AND ($4::text IS NULL OR passed.next = $4)
)
SELECT target.id AS contact_id, count(*) AS times, max(at) AS at,
       (array_agg(arm ORDER BY at DESC))[1] AS arm, (array_agg(next ORDER BY at DESC))[1] AS next
FROM passage, unnest(contact_ids) AS target (id)
WHERE target.id > $2 GROUP BY target.id ORDER BY target.id LIMIT $5
"""

_LEDGER = """
SELECT contact_id, e.outcome::text, e.reason FROM outcome AS o
CROSS JOIN LATERAL (SELECT * FROM ending WHERE launch = $1 AND number = o.ending LIMIT 1) AS e
WHERE o.launch = $1
UNION ALL
SELECT target.id, NULL, NULL FROM event_chunk AS chunk, unnest(chunk.contact_ids) AS target (id)
WHERE chunk.launch = $1 AND chunk.kind = 'admitted'
  AND NOT EXISTS (
      SELECT FROM outcome
      WHERE outcome.launch = $1 AND outcome.partition = chunk.partition AND outcome.contact_id = target.id
  )
ORDER BY contact_id
"""

_SAID = """
SELECT event_id, kind, at, step, said[CASE WHEN cardinality(said) > 1 THEN place ELSE 1 END] AS said,
       coalesce(occurrences[place], 1) AS occurrence
FROM event_chunk, unnest(array_positions(contact_ids, $3)) AS place
WHERE launch = $1 AND partition = $2 AND contact_ids @> ARRAY[$3]
"""

_RESULT = """
SELECT contact_id, e.outcome::text, e.reason, e.started_at, e.ended_at FROM outcome AS o
CROSS JOIN LATERAL (SELECT * FROM ending WHERE launch = $1 AND number = o.ending LIMIT 1) AS e
WHERE o.launch = $1 AND o.partition = $2 AND contact_id = $3
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which outcomes; what is None does not matter. `started`: the target had an instance."""

    outcome: str | None = None
    reason: str | None = None
    started: bool | None = None


class Queries:
    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", partitions: int) -> None:
        self._pool = pool
        self._partitions = partitions
        self._outcomes = _OUTCOMES.format(each=each_partition(_EACH, range(partitions), order="contact_id"))

    async def launch(self, project: str, launch_id: str) -> Found | None:
        row = await self._pool.fetchrow(_LAUNCH, launch_id, project)
        return None if row is None else Found(row["number"], launch_of(row, row["sums"] or {}))

    async def steps(self, number: int) -> Mapping[str, int]:
        """How many instances entered each step, over all partitions."""
        entered: Counter[str] = Counter()
        for row in await self._pool.fetch("SELECT entered FROM steps_counted WHERE launch = $1", number):
            entered.update(row["entered"])
        return entered

    async def controls(self, number: int) -> tuple[Sequence[Control], datetime]:
        """What people decided about the launch, in order; and PostgreSQL's time."""
        rows = await self._pool.fetch(
            "SELECT event_id, what, at, detail, now() AS now FROM (SELECT) AS always"
            " LEFT JOIN control_event ON launch = $1 ORDER BY at, event_id",
            number,
        )
        found = [Control(row["event_id"], row["what"], row["at"], row["detail"]) for row in rows if row["event_id"]]
        return found, rows[0]["now"]

    async def stuck(self, number: int) -> int:
        """Targets with an open incident."""
        count: int = await self._pool.fetchval("SELECT count(*) FROM incident WHERE launch = $1", number)
        return count

    async def outcomes(self, number: int, after: str, wanted: Wanted, limit: int) -> Sequence[OutcomeRow]:
        rows = await self._pool.fetch(
            self._outcomes, number, after, wanted.outcome, wanted.reason, wanted.started, limit
        )
        return [OutcomeRow(*row) for row in rows]

    async def all_outcomes(self, number: int, wanted: Wanted) -> AsyncGenerator[OutcomeRow, None]:
        every = self._stream(self._outcomes, number, "", wanted.outcome, wanted.reason, wanted.started, None)
        async with aclosing(every) as rows:
            async for row in rows:
                yield OutcomeRow(*row)

    async def in_progress(self, number: int, after: str, limit: int) -> Sequence[OpenRow]:
        return [OpenRow(*row) for row in await self._pool.fetch(_OPEN, number, after, limit)]

    async def all_in_progress(self, number: int) -> AsyncGenerator[OpenRow, None]:
        async with aclosing(self._stream(_OPEN, number, "", None)) as rows:
            async for row in rows:
                yield OpenRow(*row)

    async def passed(self, number: int, after: str, step: str, towards: str | None, limit: int) -> Sequence[PassedRow]:
        """Who came to a wait or a fork, or past an update. `towards`: only by the arm of the fork that leads there."""
        return [PassedRow(*row) for row in await self._pool.fetch(_PASSED, number, after, step, towards, limit)]

    async def all_passed(self, number: int, step: str, towards: str | None) -> AsyncGenerator[PassedRow, None]:
        async with aclosing(self._stream(_PASSED, number, "", step, towards, None)) as rows:
            async for row in rows:
                yield PassedRow(*row)

    async def ledger(self, number: int) -> AsyncGenerator[LedgerRow, None]:
        """Every target once, by contact id, bytewise."""
        async with aclosing(self._stream(_LEDGER, number)) as rows:
            async for row in rows:
                yield LedgerRow(*row)

    async def said(self, number: int, contact_id: str) -> Sequence[Said]:
        rows = await self._pool.fetch(_SAID, number, partition_of(contact_id, self._partitions), contact_id)
        return [
            Said(row["event_id"], Kind(row["kind"]), row["at"], row["step"], row["said"], row["occurrence"])
            for row in rows
        ]

    async def result(self, launch: Found, contact_id: str) -> Result | None:
        there = partition_of(contact_id, self._partitions)
        row = await self._pool.fetchrow(_RESULT, launch.number, there, contact_id)
        if row is None:
            return None
        event_id = derive("outcome", launch.launch.launch_id, contact_id)
        return Result(event_id, row["outcome"], row["reason"], row["ended_at"])

    async def _stream(self, query: str, *arguments: Any) -> AsyncGenerator[asyncpg.Record, None]:
        """One consistent picture, in bounded memory. A slow reader is waited for: it holds no lock that others want."""
        async with (
            self._pool.acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            await connection.execute("SET LOCAL idle_in_transaction_session_timeout = '10min'")
            async for row in connection.cursor(query, *arguments, prefetch=STREAMED):
                yield row
