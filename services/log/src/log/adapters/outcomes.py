"""Outcomes in PostgreSQL: one row per target, inserted a chunk at a time."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import accumulate
from typing import Any

from contracts.words import Outcome
from log.adapters.parameters import joined
from log.domain.endings import Ending, Endings
from log.domain.times import written
from log.ports import Identity
from runtime.transaction import Transaction

# What targets have in common goes in once per group; a target's group is found by its place ($3: where groups begin).
# The ids that were new come back only in the case that should not be: some were, some were not.
_ADD = """
WITH target AS (
    SELECT id, width_bucket(place, $3::bigint[]) AS kind
    FROM string_to_table($2, chr(31)) WITH ORDINALITY AS listed (id, place)
), added AS (
    INSERT INTO outcome (launch, contact_id, outcome, reason, started_at, ended_at, partition, project)
    SELECT $1, id, ($5::outcome_kind[])[kind], ($6::text[])[kind], ($7::timestamptz[])[kind], $8, $9, $10 FROM target
    ON CONFLICT DO NOTHING RETURNING contact_id
)
SELECT count(*) AS count, CASE WHEN count(*) < $4::int THEN array_agg(contact_id) END AS contact_ids FROM added
"""

_OVERDUE = """
SELECT DISTINCT launch_id, number, scenario, version FROM undescribed JOIN launch ON number = launch
WHERE partition = $1 AND scenario IS NOT NULL
"""


class PostgresOutcomes:
    async def add(self, tx: Transaction, endings: Sequence[tuple[int, Endings]]) -> Sequence[Endings]:
        arguments = [_arguments(number, asked, tx.number) for number, asked in endings]
        rows = await tx.connection.fetchmany(_ADD, arguments)
        return [
            asked if row["contact_ids"] is None and row["count"] else asked.only(row["contact_ids"] or ())
            for (_, asked), row in zip(endings, rows, strict=True)
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
        return {row["launch_id"]: Identity(row["number"], row["scenario"], row["version"]) for row in rows}


def _arguments(number: int, endings: Endings, partition: int | None) -> tuple[object, ...]:
    groups = endings.groups
    sizes = [len(group.contact_ids) for group in groups]
    return (
        number,
        joined([contact_id for group in groups for contact_id in group.contact_ids]),
        list(accumulate(sizes[:-1], initial=1)),
        sum(sizes),
        [group.outcome for group in groups],
        [group.reason for group in groups],
        [group.started_at for group in groups],
        endings.ended_at,
        partition,
        endings.project,
    )


def _stored(group: Ending) -> list[object]:
    started_at = None if group.started_at is None else written(group.started_at)
    return [group.outcome, group.reason, started_at, list(group.contact_ids)]


def _restored(outcome: str, reason: str, started_at: str | None, contact_ids: Sequence[str]) -> Ending:
    began = None if started_at is None else datetime.fromisoformat(started_at)
    return Ending(Outcome(outcome), reason, began, contact_ids)
