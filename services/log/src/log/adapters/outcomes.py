"""Outcomes in PostgreSQL: one narrow row per target, inserted a chunk at a time, and one for what a group shares."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import accumulate
from typing import Any

from contracts.words import Outcome
from log.domain.endings import Ending, Endings
from log.domain.times import written
from log.ports import Identity
from runtime.packed import packed
from runtime.transaction import Transaction

# A target's group is found by its place ($3: where groups begin). A group that is there already as a whole is not made.
# Only the partition's lease writes these rows, so what is not there now is not there a moment later either: to look
# first costs half of what ON CONFLICT does. The ids that were there come back: hardly ever any.
_ADD = """
WITH target AS NOT MATERIALIZED (
    SELECT id, width_bucket(place, $3::bigint[]) AS kind
    FROM string_to_table($2, chr(31)) WITH ORDINALITY AS listed (id, place)
), known AS MATERIALIZED (
    SELECT contact_id FROM outcome
    WHERE launch = $1 AND partition = $8 AND contact_id = ANY(string_to_array($2, chr(31)))
), made AS MATERIALIZED (
    SELECT nextval('ending_number')::integer AS number, kind, outcome, reason, started_at
    FROM unnest($4::outcome_kind[], $5::text[], $6::timestamptz[]) WITH ORDINALITY
        AS listed (outcome, reason, started_at, kind)
), shared AS (
    INSERT INTO ending (launch, number, partition, outcome, reason, started_at, ended_at)
    SELECT $1, number, $8, outcome, reason, started_at, $7 FROM made
    WHERE NOT EXISTS (SELECT FROM known)
       OR EXISTS (SELECT FROM target WHERE kind = made.kind AND NOT EXISTS (SELECT FROM known WHERE contact_id = id))
), added AS (
    INSERT INTO outcome (launch, ending, partition, contact_id)
    SELECT $1, (SELECT array_agg(number ORDER BY kind) FROM made)[kind], $8, id FROM target
    WHERE NOT EXISTS (SELECT FROM known WHERE contact_id = id)
)
SELECT array_agg(contact_id) AS contact_ids FROM known
"""

_OVERDUE = """
SELECT DISTINCT launch_id, number, scenario, version, mode = 'live' AS public
FROM undescribed JOIN launch ON number = launch
WHERE partition = $1 AND scenario IS NOT NULL
"""


class PostgresOutcomes:
    async def add(self, tx: Transaction, endings: Sequence[tuple[int, Endings]]) -> Sequence[Endings]:
        each_once = [(number, asked.each_once()) for number, asked in endings]
        rows = await tx.connection.fetchmany(
            _ADD, [_arguments(number, asked, tx.number) for number, asked in each_once]
        )
        return [
            asked if row["contact_ids"] is None else asked.without(row["contact_ids"])
            for (_, asked), row in zip(each_once, rows, strict=True)
        ]

    async def keep_undescribed(self, tx: Transaction, number: int, endings: Endings) -> None:
        await tx.connection.execute(
            "INSERT INTO undescribed (launch, partition, event_id, project, ended_at, groups)"
            " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
            number,
            tx.number,
            endings.event_id,
            endings.project,
            endings.ended_at,
            [_stored(group) for group in endings.groups],
        )

    async def take_undescribed(self, tx: Transaction, number: int, launch_id: str) -> Sequence[Endings]:
        rows = await tx.connection.fetch(
            "DELETE FROM undescribed WHERE launch = $1 AND partition = $2"
            " RETURNING event_id, project, ended_at, groups",
            number,
            tx.number,
        )
        return [
            Endings(
                row["event_id"],
                launch_id,
                row["project"],
                row["ended_at"],
                [_restored(*group) for group in row["groups"]],
            )
            for row in sorted(rows, key=lambda row: str(row["event_id"]))
        ]

    async def overdue(self, pool: Any, partition: int) -> Mapping[str, Identity]:
        rows = await pool.fetch(_OVERDUE, partition)
        return {
            row["launch_id"]: Identity(row["number"], row["scenario"], row["version"], row["public"]) for row in rows
        }


def _arguments(number: int, endings: Endings, partition: int | None) -> tuple[object, ...]:
    groups = endings.groups
    sizes = [len(group.contact_ids) for group in groups]
    return (
        number,
        packed([contact_id for group in groups for contact_id in group.contact_ids]),
        list(accumulate(sizes[:-1], initial=1)),
        [group.outcome for group in groups],
        [group.reason for group in groups],
        [group.started_at for group in groups],
        endings.ended_at,
        partition,
    )


def _stored(group: Ending) -> list[object]:
    started_at = None if group.started_at is None else written(group.started_at)
    return [group.outcome, group.reason, started_at, list(group.contact_ids)]


def _restored(outcome: str, reason: str, started_at: str | None, contact_ids: Sequence[str]) -> Ending:
    began = None if started_at is None else datetime.fromisoformat(started_at)
    return Ending(Outcome(outcome), reason, began, contact_ids)
