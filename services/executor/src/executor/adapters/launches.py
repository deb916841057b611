"""Launches, the shared side of their gates, and what each partition has counted of them."""

from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import orjson

from contracts.launches import ScenarioVersion
from contracts.targets import LaunchOpened
from contracts.words import ControlState, LaunchMode
from executor.domain.launch import TOLD_EVERY, Launch, Share
from executor.ports import AtHand, Uncounted
from runtime.transaction import Connection, Lease, Transaction

Compile = Callable[[str, ScenarioVersion, Mapping[str, Any], str | None, LaunchMode], Launch]
"""Launch id, version, context, `retry_of`, mode."""

KEPT: Final = 256
"""Compiled launches that a process keeps."""


class PostgresLaunches:
    def __init__(self, compile: Compile) -> None:
        self._compile = compile
        self._kept: OrderedDict[str, Launch] = OrderedDict()

    async def open(self, tx: Transaction, opened: Sequence[tuple[LaunchOpened, str | None]]) -> None:
        await tx.connection.executemany(
            """
            INSERT INTO launch (launch_id, project, scenario, version, definition, context, retry_of, requested_at,
                trace, mode)
            VALUES ($1, $2, $3, $4, $5::text::json, $6::text::json, $7, $8, $9, $10) ON CONFLICT DO NOTHING
            """,
            [
                (
                    event.launch_id,
                    event.project,
                    event.version.key,
                    event.version.version,
                    event.version.model_dump_json(),
                    orjson.dumps(event.context).decode(),
                    event.retry_of,
                    event.requested_at,
                    trace,
                    event.options.mode,
                )
                for event, trace in sorted(opened, key=lambda one: one[0].launch_id)
            ],
        )

    async def at_hand(self, tx: Transaction, launch_ids: Collection[str]) -> dict[str, AtHand]:
        ids = sorted(launch_ids)
        await self._behind_gates(tx.connection, ids)
        rows = await tx.connection.fetch(
            """
            SELECT l.launch_id, n.number, g.state, s.*, EXISTS (
                SELECT FROM contact_order o
                WHERE o.launch_id = l.launch_id AND o.partition = $2 AND o.kind = 'remove'
                  AND (o.result IS NULL OR o.result = 'unknown_target')
            ) AS removals
            FROM unnest($1::text[]) AS l (launch_id)
            JOIN LATERAL (SELECT number FROM launch WHERE launch_id = l.launch_id LIMIT 1) AS n ON true
            LEFT JOIN LATERAL (SELECT state FROM gate WHERE launch_id = l.launch_id LIMIT 1) AS g ON true
            LEFT JOIN LATERAL (
                SELECT open, entered, revision, published, published_at FROM launch_share
                WHERE launch_id = l.launch_id AND partition = $2 LIMIT 1
            ) AS s ON true
            """,
            ids,
            tx.number,
        )
        launches = await self._launches(tx.connection, {row["launch_id"]: row["number"] for row in rows})
        return {
            row["launch_id"]: AtHand(
                launch=launches[row["launch_id"]],
                gate=ControlState(row["state"] or ControlState.RUNNING),
                share=_share(row) if row["revision"] is not None else Share(),
                removals=row["removals"],
            )
            for row in rows
        }

    async def _behind_gates(self, connection: Connection, ids: Sequence[str]) -> None:
        """Shared, in id order."""
        await connection.execute(
            "SELECT pg_advisory_xact_lock_shared(hashtextextended(id, 0)) FROM unnest($1::text[]) AS id", ids
        )

    async def _launches(self, connection: Connection, numbers: Mapping[str, int]) -> dict[str, Launch]:
        """Kept ones only under the number that they have now: one that was read in the transaction that made it may
        have been rolled back with it, and made again under another."""
        kept = {id: self._kept[id] for id in numbers if id in self._kept}
        found = {id: launch for id, launch in kept.items() if launch.number == numbers[id]}
        missing = [id for id in numbers if id not in found]
        if missing:
            rows = await connection.fetch(
                "SELECT launch_id, number, definition, context, retry_of, trace, mode FROM launch"
                " WHERE launch_id = ANY($1)",
                missing,
            )
            for row in rows:
                version = ScenarioVersion.model_validate_json(row["definition"])
                context = orjson.loads(row["context"])
                mode = LaunchMode(row["mode"])
                launch = self._compile(row["launch_id"], version, context, row["retry_of"], mode)
                found[row["launch_id"]] = replace(launch, trace=row["trace"], number=row["number"])
        for id, launch in found.items():
            self._kept[id] = launch
            self._kept.move_to_end(id)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return found

    async def count(self, tx: Transaction, shares: Mapping[str, tuple[Launch, Share]]) -> None:
        await tx.connection.execute(
            """
            INSERT INTO launch_share (partition, launch_id, project, open, entered, revision, published, published_at)
            SELECT $1, s.* FROM unnest(
                $2::text[], $3::text[], $4::integer[], $5::json[], $6::bigint[], $7::bigint[], $8::timestamptz[]) AS s
            ON CONFLICT (launch_id, partition) DO UPDATE
            SET open = excluded.open, entered = excluded.entered, revision = excluded.revision,
                published = excluded.published, published_at = excluded.published_at
            """,
            tx.number,
            list(shares),
            [launch.project for launch, _ in shares.values()],
            [share.open for _, share in shares.values()],
            [orjson.dumps(share.entered).decode() for _, share in shares.values()],
            [share.revision for _, share in shares.values()],
            [share.published for _, share in shares.values()],
            [share.published_at for _, share in shares.values()],
        )

    async def uncounted(self, lease: Lease) -> bool:
        return bool(
            await lease.pool.fetchval(
                "SELECT EXISTS (SELECT FROM launch_share"
                " WHERE partition = $1 AND published < revision AND published_at <= now() - $2::interval)",
                lease.number,
                TOLD_EVERY,
            )
        )

    async def take_uncounted(self, tx: Transaction, limit: int) -> list[Uncounted]:
        rows = await tx.connection.fetch(
            """
            UPDATE launch_share SET published = revision, published_at = $3
            WHERE partition = $1 AND launch_id = ANY(ARRAY(
                SELECT launch_id FROM launch_share
                WHERE partition = $1 AND published < revision AND published_at <= $4 ORDER BY launch_id LIMIT $2))
            RETURNING launch_id, project, open, entered, revision, published, published_at,
                (SELECT trace FROM launch WHERE launch.launch_id = launch_share.launch_id)
            """,
            tx.number,
            limit,
            tx.now,
            tx.now - TOLD_EVERY,
        )
        return [Uncounted(row["launch_id"], row["project"], _share(row), row["trace"]) for row in rows]


def _share(row: Any) -> Share:
    entered = orjson.loads(row["entered"])
    return Share(row["open"], entered, row["revision"], row["published"], row["published_at"])
