"""Launches in PostgreSQL: one row each, changed only under its lock."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import asyncpg

from contracts.words import ControlState, LaunchState, Outcome
from log.domain.launch import Launch, Request
from log.ports import Identity
from runtime.outbox import unpublished
from runtime.partitions import partition_of
from runtime.transaction import Connection, Transaction

CONSUMER = "log"

_IDENTITY = "SELECT launch_id, number, scenario, version FROM launch WHERE launch_id = ANY($1::text[])"

_MAKE = """
INSERT INTO launch (launch_id, project, home, trace)
SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::text[])
ON CONFLICT DO NOTHING
"""

_SAVE = """
UPDATE launch SET
    scenario = $2, version = $3, requested_at = $4, retry_of = $5, requested_by = $6, command_id = $7,
    command_source = $8, control = $9, control_revision = $10, held = $11, opened = $12, total = $13, failed = $14,
    chunked = $15, begun = $16, success = $17, failure = $18, abandon = $19, other = $20, by_reason = $21,
    deliveries = $22, final = $23, ended_at = $24, revision = $25, changed_at = $26,
    published_revision = $27, published_at = $28, announced = $29, seen_revision = $30, hold = $31, lifted = $32
WHERE launch_id = $1
"""

_DUE = """
SELECT launch_id, final IS NOT NULL AND NOT announced AS ends FROM launch
WHERE home = $1 AND live AND published_revision < revision AND scenario IS NOT NULL AND requested_by IS NOT NULL
  AND (final IS NOT NULL AND NOT announced OR published_at IS NULL OR published_at <= now() - interval '1 second')
ORDER BY launch_id LIMIT 50
"""

_UNSETTLED = """
SELECT launch_id FROM launch
WHERE home = $1 AND live AND final IS NULL AND total = success + failure + abandon + other ORDER BY launch_id
"""


class PostgresLaunches:
    async def identify(
        self, tx: Transaction, projects: Mapping[str, str], traces: Mapping[str, str | None] | None = None
    ) -> Mapping[str, Identity]:
        known = await self._identities(tx.connection, projects)
        missing = sorted(projects.keys() - known.keys())
        if not missing:
            return known
        homes = [partition_of(launch_id, tx.partitions) for launch_id in missing]
        told_projects = [projects[launch_id] for launch_id in missing]
        await tx.connection.execute(_MAKE, missing, told_projects, homes, [(traces or {}).get(id) for id in missing])
        return await self._identities(tx.connection, projects)

    async def _identities(self, connection: Connection, launch_ids: Collection[str]) -> dict[str, Identity]:
        rows = await connection.fetch(_IDENTITY, list(launch_ids))
        return {row["launch_id"]: Identity(row["number"], row["scenario"], row["version"]) for row in rows}

    async def locked(self, tx: Transaction, launch_ids: Collection[str]) -> Sequence[Launch]:
        rows = await tx.connection.fetch(
            "SELECT * FROM launch WHERE launch_id = ANY($1::text[]) ORDER BY launch_id FOR UPDATE", list(launch_ids)
        )
        return [launch_of(row) for row in rows]

    async def save(self, tx: Transaction, launch: Launch) -> None:
        await tx.connection.execute(_SAVE, *_columns(launch))

    async def due(self, pool: Any, number: int) -> Sequence[str]:
        rows = await pool.fetch(_DUE, number)
        return [row["launch_id"] for row in rows if not row["ends"] or await _drained(pool, row["launch_id"])]

    async def drained(self, tx: Transaction, launch: Launch) -> bool:
        return await _drained(tx.connection, launch.launch_id)

    async def unsettled(self, pool: Any, number: int) -> Sequence[str]:
        return [row["launch_id"] for row in await pool.fetch(_UNSETTLED, number)]


async def _drained(connection: Connection, launch_id: str) -> bool:
    kept_back = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM undescribed WHERE launch = (SELECT number FROM launch WHERE launch_id = $1))",
        launch_id,
    )
    return not kept_back and not await unpublished(connection, CONSUMER, launch_id)


def launch_of(row: asyncpg.Record) -> Launch:
    """From a row with all columns of `launch`."""
    by = row["requested_by"]
    return Launch(
        launch_id=row["launch_id"],
        project=row["project"],
        scenario=row["scenario"],
        version=row["version"],
        requested_at=row["requested_at"],
        retry_of=row["retry_of"],
        request=None if by is None else Request(by, row["command_id"], row["command_source"]),
        control=ControlState(row["control"]),
        control_revision=row["control_revision"],
        hold=row["hold"],
        hold_reason=row["held"],
        lifted=row["lifted"],
        opened=row["opened"],
        total=row["total"],
        failed=row["failed"],
        chunked=row["chunked"],
        begun=row["begun"],
        outcomes={outcome: row[outcome.value] for outcome in Outcome if row[outcome.value]},
        by_reason=row["by_reason"],
        deliveries=row["deliveries"],
        end=None if row["final"] is None else LaunchState(row["final"]),
        ended_at=row["ended_at"],
        revision=row["revision"],
        changed_at=row["changed_at"],
        published=row["published_revision"],
        published_at=row["published_at"],
        announced=row["announced"],
        seen=row["seen_revision"],
        trace=row["trace"],
    )


def _columns(launch: Launch) -> tuple[object, ...]:
    request = launch.request
    return (
        launch.launch_id,
        launch.scenario,
        launch.version,
        launch.requested_at,
        launch.retry_of,
        None if request is None else request.requested_by,
        None if request is None else request.command_id,
        None if request is None else request.command_source,
        launch.control,
        launch.control_revision,
        launch.hold_reason,
        launch.opened,
        launch.total,
        launch.failed,
        launch.chunked,
        launch.begun,
        *(launch.outcomes.get(outcome, 0) for outcome in Outcome),
        launch.by_reason,
        launch.deliveries,
        launch.end,
        launch.ended_at,
        launch.revision,
        launch.changed_at,
        launch.published,
        launch.published_at,
        launch.announced,
        launch.seen,
        launch.hold,
        launch.lifted,
    )
