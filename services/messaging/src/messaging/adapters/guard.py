"""The blast guard's books in PostgreSQL."""

from collections.abc import Collection, Mapping, Sequence

import orjson

from contracts.sends import SendsRequested
from contracts.words import ControlState, DeliveryState
from messaging.adapters.chunks import drop_chunk, keep_chunk, kept_chunk
from messaging.adapters.new_sends import add_waiting
from messaging.domain.guard import Share, Tally
from messaging.domain.judgement import Kept
from messaging.domain.sends import Change, SendKey
from messaging.ports.guard import Holding
from messaging.ports.known import WaitingChunk
from messaging.ports.sends import NewSends, Snapshots
from runtime.transaction import Connection, Transaction


class PostgresGuard:
    """`ports.guard.Guard`."""

    async def admit(self, tx: Transaction, chunks: Sequence[tuple[str, str, int]]) -> None:
        await tx.connection.execute(
            "WITH new AS ("
            " INSERT INTO admitted_chunk (launch_id, event_id, partition, contacts)"
            " SELECT c.launch_id, c.event_id, $1, c.contacts"
            " FROM unnest($2::text[], $3::text[], $4::int[]) AS c (launch_id, event_id, contacts)"
            " ON CONFLICT DO NOTHING RETURNING launch_id, contacts)"
            " INSERT INTO share (launch_id, partition, admitted)"
            " SELECT launch_id, $1, sum(contacts) FROM new GROUP BY launch_id"
            " ON CONFLICT (launch_id, partition) DO UPDATE SET admitted = share.admitted + excluded.admitted",
            tx.number,
            *map(list, zip(*chunks, strict=True)),
        )

    async def tally(self, tx: Transaction, launch_ids: Collection[str]) -> Tally:
        rows = await tx.connection.fetch(
            "SELECT launch_id, admitted, asked, surplus, allowed FROM share"
            " WHERE launch_id = ANY($1) AND partition = $2",
            list(launch_ids),
            tx.number,
        )
        return Tally(
            {
                row["launch_id"]: Share(
                    row["admitted"], *(orjson.loads(row[each]) for each in ("asked", "surplus", "allowed"))
                )
                for row in rows
            }
        )

    async def save(self, tx: Transaction, tally: Tally) -> None:
        if not tally.changed:
            return
        changed = sorted(tally.changed)
        shares = [tally.of(launch_id) for launch_id in changed]
        await tx.connection.execute(
            "INSERT INTO share (launch_id, partition, asked, surplus, allowed)"
            " SELECT s.launch_id, $1, s.asked, s.surplus, s.allowed"
            " FROM unnest($2::text[], $3::json[], $4::json[], $5::json[]) AS s (launch_id, asked, surplus, allowed)"
            " ON CONFLICT (launch_id, partition) DO UPDATE"
            " SET asked = excluded.asked, surplus = excluded.surplus, allowed = excluded.allowed",
            tx.number,
            changed,
            [_json(share.asked) for share in shares],
            [_json(share.surplus) for share in shares],
            [_json(share.allowed) for share in shares],
        )
        tally.changed.clear()

    async def new(self, tx: Transaction, chunk: SendsRequested) -> list[int]:
        known = await tx.connection.fetch(
            "SELECT s.contact_id, s.occurrence FROM unnest($3::text[], $4::int[]) AS k (contact_id, occurrence)"
            " JOIN send s ON s.launch = (SELECT number FROM launch WHERE launch_id = $1)"
            " AND s.partition = $5 AND s.contact_id = k.contact_id AND s.step = $2 AND s.occurrence = k.occurrence",
            chunk.launch_id,
            chunk.step,
            chunk.targets.contact_ids,
            chunk.occurrences,
            tx.number,
        )
        stored = {(row["contact_id"], row["occurrence"]) for row in known}
        pairs = zip(chunk.targets.contact_ids, chunk.occurrences, strict=True)
        return [occurrence for contact_id, occurrence in dict.fromkeys(pairs) if (contact_id, occurrence) not in stored]

    async def suspect(
        self, tx: Transaction, cause: str, position: int, chunk: SendsRequested, trace: str | None
    ) -> None:
        await keep_chunk(tx, "suspect_chunk", cause, position, chunk, trace)

    async def suspects(self, connection: Connection, number: int, limit: int) -> list[WaitingChunk]:
        rows = await connection.fetch(
            "SELECT event_id, event, trace, position FROM suspect_chunk WHERE partition = $1"
            " ORDER BY position LIMIT $2",
            number,
            limit,
        )
        return [kept_chunk(row) for row in rows]

    async def acquit(self, tx: Transaction, launch_id: str, cause: str) -> None:
        await drop_chunk(tx, "suspect_chunk", launch_id, cause)

    async def hold_launch(self, tx: Transaction, launch_id: str, reason: str) -> int | None:
        number: int | None = await tx.connection.fetchval(
            "UPDATE gate SET holds = holds + 1, held = $2,"
            " state = CASE state WHEN 'running' THEN 'paused' ELSE state END"
            " WHERE launch_id = $1 AND holds <= lifted RETURNING holds",
            launch_id,
            reason,
        )
        return number

    async def add_held(
        self, tx: Transaction, sends: NewSends, snapshots: Snapshots, kept: Kept
    ) -> list[tuple[str, int]]:
        await self._holding(tx, sends.launch_id, kept)
        return await add_waiting(tx, sends, snapshots, kept.state, kept.reason, None)

    async def hold_planned(
        self, tx: Transaction, launch_id: str, steps: Collection[str], kept: Kept, limit: int
    ) -> list[Change]:
        rows = await tx.connection.fetch(
            "UPDATE send SET state = $1::text::delivery_state, reason = $2, changed_at = $3 WHERE ctid = ANY(ARRAY("
            " SELECT ctid FROM send"
            " WHERE partition = $4 AND launch = (SELECT number FROM launch WHERE launch_id = $5)"
            " AND state = 'planned' AND step = ANY($6) LIMIT $7))"
            " RETURNING $5 AS launch_id, contact_id, step, occurrence, attempts",
            kept.state,
            kept.reason,
            tx.now,
            tx.number,
            launch_id,
            list(steps),
            limit,
        )
        if rows:
            await self._holding(tx, launch_id, kept)
        return [
            Change(SendKey(*tuple(row)[:4]), DeliveryState.PLANNED, kept.state, kept.reason, row["attempts"], None)
            for row in rows
        ]

    async def holdings(self, connection: Connection, number: int) -> list[Holding]:
        rows = await connection.fetch(
            "SELECT launch_id, reason, gate.state FROM holding JOIN gate USING (launch_id)"
            " WHERE partition = $1 ORDER BY launch_id, reason",
            number,
        )
        return [Holding(row["launch_id"], row["reason"], ControlState(row["state"])) for row in rows]

    async def held(self, tx: Transaction, holding: Holding, limit: int) -> list[SendKey]:
        rows = await tx.connection.fetch(
            "SELECT $1 AS launch_id, contact_id, step, occurrence FROM send"
            " WHERE launch = (SELECT number FROM launch WHERE launch_id = $1)"
            " AND state = 'held' AND partition = $2 AND reason = $3 LIMIT $4",
            holding.launch_id,
            tx.number,
            holding.reason,
            limit,
        )
        return [SendKey(*row) for row in rows]

    async def held_of(self, tx: Transaction, project: str, gone: Mapping[str, int]) -> list[SendKey]:
        rows = await tx.connection.fetch(
            "SELECT h.launch_id, s.contact_id, s.step, s.occurrence"
            " FROM (SELECT DISTINCT launch_id FROM holding WHERE partition = $1) h"
            " CROSS JOIN unnest($3::text[], $4::bigint[]) AS gone (contact_id, revision)"
            " JOIN launch l ON l.launch_id = h.launch_id AND l.project = $2"
            " JOIN send s ON s.launch = l.number AND s.partition = $1 AND s.contact_id = gone.contact_id"
            " AND s.state = 'held' AND s.revision < gone.revision",
            tx.number,
            project,
            list(gone.keys()),
            list(gone.values()),
        )
        return [SendKey(*row) for row in rows]

    async def emptied(self, tx: Transaction, holding: Holding) -> None:
        await tx.connection.execute(
            "DELETE FROM holding WHERE partition = $1 AND launch_id = $2 AND reason = $3",
            tx.number,
            holding.launch_id,
            holding.reason,
        )

    async def _holding(self, tx: Transaction, launch_id: str, kept: Kept) -> None:
        await tx.connection.execute(
            "INSERT INTO holding (partition, launch_id, reason) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            tx.number,
            launch_id,
            kept.reason,
        )


def _json(counts: Mapping[str, int]) -> str:
    return orjson.dumps(dict(counts)).decode()
