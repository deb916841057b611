"""Stored instances read back, cohort by cohort: rows into columns, contact data only where a step ahead reads it."""

from collections.abc import Collection, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

import orjson

from contracts.changes import Contact
from contracts.targets import Snapshot
from executor.domain.cohort import Cohort, Origin, Roll, Status
from executor.domain.contact_data import Newer, Stored, from_entries, superseded
from executor.domain.launch import Launch
from executor.ports import Standing
from runtime.packed import SEPARATOR, packed
from runtime.transaction import Transaction

_UNREAD: Final = Stored(
    email=None, zone=None, attributes={}, consents={}, suppressed=False, permitted=False, groups=None
)
"""In the place of an instance that needs no contact data, beside others that do."""

# LATERAL … LIMIT 1 here and in queries: one probe of the primary key per row, whatever the planner believes.
_OF_CONTACTS = """
WITH found AS MATERIALIZED (
    SELECT contact_id, cohort FROM process_instance
    WHERE launch = $1 AND partition = $4 AND contact_id = ANY(unpacked($2))
), grouped AS MATERIALIZED (
    SELECT cohort, string_agg(contact_id, chr(31)) AS ids FROM found GROUP BY cohort
)
SELECT c.*, g.ids FROM grouped g
CROSS JOIN LATERAL (SELECT * FROM cohort WHERE launch = $1 AND number = g.cohort LIMIT 1) AS c
WHERE c.status = ANY($3::text[]) ORDER BY c.number
"""

# Whole cohorts, until they have `limit` instances between them, but at least one. Who left a cohort stays among its
# `members`, so its instances are asked which cohort they are of.
_OF_PARTITION = """
WITH listed AS (
    SELECT number, size FROM cohort
    WHERE launch = $1 AND partition = $2 AND outcome IS NULL ORDER BY number LIMIT $3
), portion AS MATERIALIZED (
    SELECT number FROM (SELECT number, sum(size) OVER (ORDER BY number) - size AS before FROM listed) AS summed
    WHERE before < $3
)
SELECT c.*, i.ids FROM portion p
CROSS JOIN LATERAL (SELECT * FROM cohort WHERE launch = $1 AND number = p.number LIMIT 1) AS c
CROSS JOIN LATERAL (
    SELECT string_agg(contact_id, chr(31)) AS ids FROM process_instance
    WHERE launch = $1 AND partition = $2 AND contact_id = ANY(unpacked(c.members)) AND cohort = c.number
) AS i
ORDER BY c.number
"""

_DUE = """
WITH listed AS (
    SELECT launch, number, size, row_number() OVER (ORDER BY due_at, launch, number) AS place
    FROM (
        SELECT launch, number, size, due_at FROM cohort WHERE partition = $1 AND due_at <= $2 ORDER BY due_at LIMIT $3
    ) AS longest
), portion AS MATERIALIZED (
    SELECT launch, number, place
    FROM (SELECT launch, number, place, sum(size) OVER (ORDER BY place) - size AS before FROM listed) AS summed
    WHERE before < $3
)
SELECT l.launch_id, l.project, c.*, i.ids FROM portion p
CROSS JOIN LATERAL (SELECT * FROM cohort WHERE launch = p.launch AND number = p.number LIMIT 1) AS c
CROSS JOIN LATERAL (SELECT launch_id, project FROM launch WHERE number = p.launch LIMIT 1) AS l
CROSS JOIN LATERAL (
    SELECT string_agg(contact_id, chr(31)) AS ids FROM process_instance
    WHERE launch = p.launch AND partition = $1 AND contact_id = ANY(unpacked(c.members)) AND cohort = c.number
) AS i
ORDER BY l.launch_id, p.place
"""

_FACTS = """
SELECT i.contact_id, i.revision, i.facts, c.revision AS newer, c.contact, c.suppressed
FROM process_instance i
LEFT JOIN LATERAL (
    SELECT s.revision, s.contact, s.suppressed FROM contact_state s
    WHERE i.facts IS NOT NULL AND s.project = $3 AND s.partition = $4 AND s.contact_id = i.contact_id
      AND s.revision > i.revision LIMIT 1
) AS c ON true
WHERE i.launch = $1 AND i.partition = $4 AND i.contact_id = ANY(unpacked($2))
"""


async def of_contacts(tx: Transaction, launch: Launch, ids: Collection[str], statuses: Collection[Status]) -> Standing:
    rows = await tx.connection.fetch(_OF_CONTACTS, launch.number, packed(ids), list(statuses), tx.number)
    return await _standing(tx, launch.number, launch.project, rows)


async def of_partition(tx: Transaction, launch: Launch, limit: int) -> Standing:
    rows = await tx.connection.fetch(_OF_PARTITION, launch.number, tx.number, limit)
    return await _standing(tx, launch.number, launch.project, rows)


async def due(tx: Transaction, limit: int) -> dict[str, Standing]:
    found: dict[str, Standing] = {}
    rows = await tx.connection.fetch(_DUE, tx.number, tx.now, limit)
    for launch_id, group in groupby(rows, itemgetter("launch_id")):
        alike = list(group)
        found[launch_id] = await _standing(tx, alike[0]["launch"], alike[0]["project"], alike)
    return found


async def _standing(tx: Transaction, number: int, project: str, rows: Sequence[Any]) -> Standing:
    """`rows` are cohorts of one launch, each with the ids of instances of it."""
    ids: list[str] = []
    started_at = []
    cohorts = []
    for row in rows:
        here = row["ids"].split(SEPARATOR)
        cohorts.append(_cohort(row, range(len(ids), len(ids) + len(here))))
        ids += here
        started_at += [row["started_at"]] * len(here)
    if not any(row["facts"] for row in rows):
        return Standing(Roll(ids, started_at, lambda: None), cohorts)
    facts = await tx.connection.fetch(_FACTS, number, packed(ids), project, tx.number)
    return Standing(_roll(ids, started_at, facts), cohorts)


def _cohort(row: Any, members: Sequence[int]) -> Cohort:
    return Cohort(
        members=members,
        status=Status(row["status"]),
        step=row["step"],
        occurrences={} if row["occurrences"] is None else orjson.loads(row["occurrences"]),
        messages=row["messages"],
        overlay=None if row["overlay"] is None else orjson.loads(row["overlay"]),
        origin=Origin(row["number"], row["size"], row["facts"], row["started_at"]),
    )


def _roll(ids: list[str], started_at: list[Any], rows: Sequence[Any]) -> Roll:
    of = {row["contact_id"]: row for row in rows}
    known = [of[id] for id in ids]

    def load() -> Snapshot:
        entries: list[Stored] = [_UNREAD if row["facts"] is None else orjson.loads(row["facts"]) for row in known]
        newer = {member: newer_of(row) for member, row in enumerate(known) if row["newer"] is not None}
        return superseded(from_entries(ids, [row["revision"] for row in known], entries), newer)

    return Roll(ids, started_at, load, [len(row["contact"] or row["facts"] or "") for row in known])


def newer_of(row: Any) -> Newer:
    contact = None if row["contact"] is None else Contact.model_validate_json(row["contact"])
    return Newer(row["newer"], contact, row["suppressed"], len(row["contact"] or ""))
