"""What is asked over HTTP. Reads only, outside any transaction of a lease; a page is one query."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from runtime.partitions import each_partition, partition_of

LEDGER_PAGE = 2000


@dataclass(frozen=True, slots=True)
class InstanceRow:
    launch_id: str
    contact_id: str
    scenario: str
    version: int
    status: str
    step: str
    due_at: datetime | None
    started_at: datetime
    ended_at: datetime | None
    outcome: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which instances of a launch; what is None does not matter."""

    status: str | None = None
    step: str | None = None
    end: bool = False
    """The step is an end: who was stopped, removed or deleted right before it has not come to it."""


@dataclass(frozen=True, slots=True)
class IncidentRow:
    id: str
    launch_id: str
    contact_id: str
    step: str
    detail: str
    retriable: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class LedgerRow:
    contact_id: str
    state: str
    outcome: str | None
    reason: str | None


# Where one reads over all partitions, PostgreSQL merges them, in the order of contacts.
_EACH = """
    SELECT contact_id, cohort FROM process_instance
    WHERE launch = {launch} AND partition = :partition AND contact_id > {after}
"""
_IN_PROCESS = """
    SELECT contact_id, cohort FROM process_instance
    WHERE launch = l.number AND partition = :partition
      AND contact_id > CASE WHEN l.launch_id = $3 THEN $4 ELSE '' END
"""
_IN_PROCESS = """
SELECT l.launch_id, i.contact_id, l.scenario, l.version, i.status, i.step, i.due_at, i.started_at, i.ended_at,
       i.outcome, i.reason
FROM launch l
CROSS JOIN LATERAL (
    SELECT p.contact_id, c.* FROM ({each}) AS p
    CROSS JOIN LATERAL (
        SELECT * FROM cohort WHERE launch = l.number AND number = p.cohort AND outcome IS NULL LIMIT 1
    ) AS c
    ORDER BY p.contact_id LIMIT $5
) AS i
WHERE l.project = $1 AND l.scenario = $2 AND l.launch_id >= $3 AND l.mode = 'live'
  AND EXISTS (SELECT FROM launch_share s WHERE s.launch_id = l.launch_id AND s.open > 0)
ORDER BY l.launch_id, i.contact_id LIMIT $5
"""
_OF_LAUNCH = """
SELECT l.launch_id, i.contact_id, l.scenario, l.version, i.status, i.step, i.due_at, i.started_at, i.ended_at,
       i.outcome, i.reason
FROM (SELECT * FROM launch WHERE launch_id = $1) AS l
CROSS JOIN LATERAL (
    SELECT p.contact_id, c.* FROM ({each}) AS p
    CROSS JOIN LATERAL (
        SELECT * FROM cohort
        WHERE launch = l.number AND number = p.cohort
          AND ($2::text IS NULL OR status = $2) AND ($3::text IS NULL OR step = $3)
          AND (NOT $6 OR outcome IS NULL OR starts_with(reason, 'end:') OR starts_with(reason, 'skipped:')) LIMIT 1
    ) AS c
    ORDER BY p.contact_id LIMIT $5
) AS i
ORDER BY i.contact_id
"""
_LEDGER = """
(SELECT i.contact_id, CASE WHEN c.outcome IS NULL THEN 'open' ELSE 'ended' END AS state, c.outcome,
        CASE WHEN c.outcome IS NOT NULL THEN c.reason END AS reason
 FROM (SELECT * FROM ({each}) AS listed ORDER BY contact_id LIMIT $3) AS i
 CROSS JOIN LATERAL (SELECT outcome, reason FROM cohort WHERE launch = $1 AND number = i.cohort LIMIT 1) AS c)
UNION ALL
(SELECT contact_id, 'refused', 'other', reason
 FROM refused_target WHERE launch = $1 AND contact_id > $2 ORDER BY contact_id LIMIT $3)
ORDER BY contact_id LIMIT $3
"""


def _each(partitions: int, launch: str, after: str) -> str:
    """Instances of a launch behind a contact. Both are SQL of ours."""
    return each_partition(_EACH.format(launch=launch, after=after), range(partitions), order="contact_id")


class Queries:
    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", partitions: int) -> None:
        self._pool = pool
        self._partitions = partitions
        going_on = "CASE WHEN l.launch_id = $3 THEN $4 ELSE '' END"
        self._in_process = _IN_PROCESS.format(each=_each(partitions, "l.number", going_on))
        self._of_launch = _OF_LAUNCH.format(each=_each(partitions, "l.number", "$4"))
        self._ledger = _LEDGER.format(each=_each(partitions, "$1", "$2"))

    async def knows(self, project: str, launch_id: str) -> bool:
        """Whether it is a launch of that project; one without any target leaves nothing but its gate."""
        found = await self._pool.fetchval(
            """
            SELECT EXISTS (SELECT FROM launch WHERE launch_id = $1 AND project = $2)
                OR EXISTS (SELECT FROM gate WHERE launch_id = $1 AND project = $2)
            """,
            launch_id,
            project,
        )
        return bool(found)

    async def steps(self, launch_id: str) -> Mapping[str, bool]:
        """Names, as its scenario version has them, and which are ends; none before the launch opens: its gate may come
        first, and without any target it never does."""
        rows = await self._pool.fetch(
            """
            SELECT name, step ->> 'end' IS NOT NULL AS ends
            FROM launch, json_each(definition #> '{body,steps}') AS each (name, step) WHERE launch_id = $1
            """,
            launch_id,
        )
        return {row["name"]: row["ends"] for row in rows}

    async def of_contact(
        self, project: str, contact_id: str, before: tuple[datetime, str] | None, limit: int
    ) -> list[InstanceRow]:
        """All instances of a contact but those of trials, newest first. Probes each launch that started anybody on the
        partition: an index by contact would cost every start as much as its primary key does."""
        rows = await self._pool.fetch(
            """
            SELECT l.launch_id, i.contact_id, l.scenario, l.version, c.status, c.step, c.due_at, c.started_at,
                   c.ended_at, c.outcome, c.reason
            FROM launch_share s
            JOIN launch l ON l.launch_id = s.launch_id
            JOIN process_instance i ON i.launch = l.number AND i.partition = $2 AND i.contact_id = $3
            CROSS JOIN LATERAL (SELECT * FROM cohort WHERE launch = l.number AND number = i.cohort LIMIT 1) AS c
            WHERE s.project = $1 AND s.partition = $2 AND l.mode = 'live'
              AND ($4::timestamptz IS NULL OR (c.started_at, l.launch_id) < ($4, $5))
            ORDER BY c.started_at DESC, l.launch_id DESC LIMIT $6
            """,
            project,
            partition_of(contact_id, self._partitions),
            contact_id,
            *(before or (None, None)),
            limit,
        )
        return [InstanceRow(**row) for row in rows]

    async def in_process(
        self, project: str, scenario: str, after: tuple[str, str] | None, limit: int
    ) -> list[InstanceRow]:
        """Open instances of a scenario, by launch and contact; those of trials are no contact's business."""
        rows = await self._pool.fetch(
            self._in_process,
            project,
            scenario,
            *(after or ("", "")),
            limit,
        )
        return [InstanceRow(**row) for row in rows]

    async def of_launch(self, launch_id: str, wanted: Wanted, after: str, limit: int) -> list[InstanceRow]:
        """Instances of a launch, open and ended, by contact (bytewise)."""
        rows = await self._pool.fetch(
            self._of_launch,
            launch_id,
            wanted.status,
            wanted.step,
            after,
            limit,
            wanted.end,
        )
        return [InstanceRow(**row) for row in rows]

    async def all_of_launch(self, launch_id: str, wanted: Wanted) -> AsyncGenerator[list[InstanceRow], None]:
        """In pages; every page is a statement of its own, so a slow reader holds no connection."""
        after = ""
        while True:
            page = await self.of_launch(launch_id, wanted, after, LEDGER_PAGE)
            if page:
                yield page
            if len(page) < LEDGER_PAGE:
                return
            after = page[-1].contact_id

    async def incidents(self, project: str, after: tuple[str, str] | None, limit: int) -> list[IncidentRow]:
        rows = await self._pool.fetch(
            """
            SELECT id, launch_id, contact_id, step, detail, retriable, opened_at AS at FROM incident
            WHERE project = $1 AND (launch_id, contact_id) > ($2, $3)
            ORDER BY launch_id, contact_id LIMIT $4
            """,
            project,
            *(after or ("", "")),
            limit,
        )
        return [IncidentRow(**row) for row in rows]

    async def ledger(self, launch_id: str) -> AsyncGenerator[LedgerRow, None]:
        """Every target executor has decided on, by contact id (bytewise), a page at a time."""
        number = await self._pool.fetchval("SELECT number FROM launch WHERE launch_id = $1", launch_id)
        after = ""
        while True:
            rows: list[Any] = await self._pool.fetch(self._ledger, number, after, LEDGER_PAGE)
            for row in rows:
                yield LedgerRow(**row)
            if len(rows) < LEDGER_PAGE:
                return
            after = rows[-1]["contact_id"]
