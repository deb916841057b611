"""Launches in PostgreSQL: one row each, changed only under its lock; beside it what each partition has counted."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import asyncpg
import orjson

from contracts.words import ControlState, LaunchMode, LaunchState
from log.domain.launch import Launch, Request
from log.domain.tally import with_sums
from log.ports import Identity
from runtime.outbox import unpublished
from runtime.partitions import partition_of
from runtime.rows import expect, written
from runtime.transaction import Connection, Transaction

CONSUMER = "log"
REMEMBERED = 10_000
"""Launches."""

_IDENTITY = """
SELECT launch_id, number, scenario, version, mode = 'live' AS public FROM launch WHERE launch_id = ANY($1::text[])
"""

_IDENTIFYING = ("number", "scenario", "version", "public")

_MAKE = """
INSERT INTO launch (launch_id, project, home, trace)
SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::text[])
ON CONFLICT DO NOTHING
"""

_COUNT = """
WITH counted AS (
    INSERT INTO tally (launch, partition, name, count)
    SELECT $1, $2, * FROM unnest($3::text[], $4::bigint[])
    ON CONFLICT (launch, partition, name) DO UPDATE SET count = tally.count + EXCLUDED.count
)
UPDATE launch SET live = true WHERE number = $1 AND NOT live
"""

_SUMS = """
SELECT launch, name, sum(count)::bigint AS count FROM tally WHERE launch = ANY($1::bigint[]) GROUP BY launch, name
"""

_SAVE = """
UPDATE launch SET
    scenario = $2, version = $3, requested_at = $4, retry_of = $5, requested_by = $6, command_id = $7,
    command_source = $8, control = $9, control_revision = $10, held = $11, opened = $12, total = $13, failed = $14,
    final = $15, ended_at = $16, revision = $17, published_revision = $18, published_at = $19, announced = $20,
    seen_revision = $21, hold = $22, lifted = $23, live = $24, mode = $25, ends = $26, waits = $27, steps = $28,
    sends = $29, arms = $30
WHERE launch_id = $1
"""

_COUNTED = """
LATERAL (
    SELECT coalesce(sum(count) FILTER (WHERE name = 'changes'), 0) AS changes,
           coalesce(sum(count) FILTER (WHERE name LIKE 'outcome:%'), 0) AS ended
    FROM tally WHERE launch = number
) AS counted
"""

DUE = f"""
FROM launch, {_COUNTED}
WHERE home = {{home}} AND live AND (
    final IS NULL AND total = ended
    OR scenario IS NOT NULL AND requested_by IS NOT NULL AND published_revision < revision + changes
       AND (final IS NOT NULL AND NOT announced OR published_at IS NULL OR published_at <= now() - interval '1 second')
    OR announced AND published_at <= now() - interval '5 seconds')
"""

_DUE = f"""
SELECT launch_id, final IS NOT NULL AND NOT announced AS ends {DUE.format(home="$1")} ORDER BY launch_id LIMIT 50
"""

_ROUSE = f"""
UPDATE launch SET live = true
WHERE launch_id IN (
    SELECT launch_id FROM launch, {_COUNTED}
    WHERE home = $1 AND NOT live AND ended_at > now() - interval '1 hour' AND published_revision < revision + changes)
RETURNING launch_id
"""  # noqa: S608


class PostgresLaunches:
    def __init__(self) -> None:
        self._described: dict[str, Identity] = {}
        """Of launches that were there, described, when a transaction began: that never changes."""

    async def identify(
        self, tx: Transaction, projects: Mapping[str, str], traces: Mapping[str, str | None] | None = None
    ) -> Mapping[str, Identity]:
        known = {launch_id: self._described[launch_id] for launch_id in projects if launch_id in self._described}
        if len(known) == len(projects):
            return known
        known = await self._identities(tx.connection, projects)
        missing = sorted(projects.keys() - known.keys())
        if not missing:
            self._remember(known)
            return known
        homes = [partition_of(launch_id, tx.partitions) for launch_id in missing]
        told_projects = [projects[launch_id] for launch_id in missing]
        await tx.connection.execute(_MAKE, missing, told_projects, homes, [(traces or {}).get(id) for id in missing])
        return await self._identities(tx.connection, projects)

    async def _identities(self, connection: Connection, launch_ids: Collection[str]) -> dict[str, Identity]:
        rows = await connection.fetch(_IDENTITY, list(launch_ids))
        return {row["launch_id"]: Identity(*(row[name] for name in _IDENTIFYING)) for row in rows}

    def _remember(self, known: Mapping[str, Identity]) -> None:
        self._described.update({id: identity for id, identity in known.items() if identity.scenario is not None})
        while len(self._described) > REMEMBERED:
            del self._described[next(iter(self._described))]

    async def count(self, tx: Transaction, counted: Sequence[tuple[Identity, Mapping[str, int]]]) -> None:
        added = [(identity.number, tx.number, list(change), list(change.values())) for identity, change in counted]
        await tx.connection.executemany(_COUNT, added)

    async def locked(self, tx: Transaction, launch_ids: Collection[str]) -> Sequence[Launch]:
        rows = await tx.connection.fetch(
            "SELECT * FROM launch WHERE launch_id = ANY($1::text[]) ORDER BY launch_id FOR UPDATE", list(launch_ids)
        )
        sums: dict[int, dict[str, int]] = {row["number"]: {} for row in rows}
        for found in await tx.connection.fetch(_SUMS, list(sums)):  # only now: as they are under the lock
            sums[found["launch"]][found["name"]] = found["count"]
        return [launch_of(row, sums[row["number"]]) for row in rows]

    async def save(self, tx: Transaction, launch: Launch) -> None:
        status = await tx.connection.execute(_SAVE, *_columns(launch))
        expect(tx, 1, written(status), f"figures of launch {launch.launch_id}")

    async def due(self, pool: Any, number: int) -> Sequence[str]:
        rows = await pool.fetch(_DUE, number)
        return [row["launch_id"] for row in rows if not row["ends"] or await _drained(pool, row["launch_id"])]

    async def drained(self, tx: Transaction, launch: Launch) -> bool:
        return await _drained(tx.connection, launch.launch_id)

    async def rouse(self, tx: Transaction) -> Sequence[str]:
        return [row["launch_id"] for row in await tx.connection.fetch(_ROUSE, tx.number)]


async def _drained(connection: Connection, launch_id: str) -> bool:
    kept_back = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM undescribed WHERE launch = (SELECT number FROM launch WHERE launch_id = $1))",
        launch_id,
    )
    return not kept_back and not await unpublished(connection, CONSUMER, launch_id)


def launch_of(row: asyncpg.Record, sums: Mapping[str, int]) -> Launch:
    """From a row with all columns of `launch`, and the sums of its tally by name."""
    by = row["requested_by"]
    own = Launch(
        launch_id=row["launch_id"],
        project=row["project"],
        scenario=row["scenario"],
        version=row["version"],
        requested_at=row["requested_at"],
        retry_of=row["retry_of"],
        mode=LaunchMode(row["mode"]),
        ends=None if row["ends"] is None else tuple(row["ends"]),
        waits=row["waits"],
        steps=None if row["steps"] is None else tuple(row["steps"]),
        sends=tuple(row["sends"]),
        arms=None if row["arms"] is None else {step: tuple(leads) for step, leads in orjson.loads(row["arms"]).items()},
        request=None if by is None else Request(by, row["command_id"], row["command_source"]),
        control=ControlState(row["control"]),
        control_revision=row["control_revision"],
        hold=row["hold"],
        hold_reason=row["held"],
        lifted=row["lifted"],
        opened=row["opened"],
        total=row["total"],
        failed=row["failed"],
        end=None if row["final"] is None else LaunchState(row["final"]),
        ended_at=row["ended_at"],
        own_revision=row["revision"],
        published=row["published_revision"],
        published_at=row["published_at"],
        announced=row["announced"],
        seen=row["seen_revision"],
        live=row["live"],
        trace=row["trace"],
    )
    return with_sums(own, sums)


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
        launch.end,
        launch.ended_at,
        launch.own_revision,
        launch.published,
        launch.published_at,
        launch.announced,
        launch.seen,
        launch.hold,
        launch.lifted,
        launch.live,
        launch.mode,
        launch.ends,
        launch.waits,
        launch.steps,
        launch.sends,
        None if launch.arms is None else orjson.dumps(launch.arms).decode(),
    )
