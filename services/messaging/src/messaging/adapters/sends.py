"""Sends in PostgreSQL. Chunks go in and out as arrays, never row by row."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import asyncpg
import orjson

from contracts.words import ControlState, DeliveryState
from messaging.adapters import new_sends
from messaging.adapters.blocks import with_blocks
from messaging.domain.deliveries import OPEN
from messaging.domain.judgement import ContactState, Kept, Standing
from messaging.domain.sends import Change, Move, SendKey, StoredSend
from messaging.ports.sends import TURN, NewSends, Snapshots
from runtime.packed import packed
from runtime.partitions import partition_of
from runtime.rows import expect, written
from runtime.transaction import Connection, Transaction

_SEND = (
    "l.launch_id, s.contact_id, s.step, s.occurrence, s.state::text, s.attempts, s.dot_epoch,"
    " s.permitted, s.suppressed, s.consented, s.email, c.contact_id IS NOT NULL AS renewed,"
    " c.deleted, c.active, c.suppressed AS newly_suppressed, c.email AS new_email, c.consent,"
    " COALESCE(c.revision, s.revision, 0) AS revision"
)
_NEWER = (
    " LEFT JOIN LATERAL (SELECT * FROM contact_state n WHERE n.project = l.project AND n.contact_id = s.contact_id"
    " AND n.revision > s.revision LIMIT 1) c ON true"
)
"""One probe per send, whatever the planner believes: it had read thousands of rows to merge a hundred."""
_KEYS = "unnest($1::text[], $2::text[], $3::text[], $4::int[]) AS k (launch_id, contact_id, step, occurrence)"
_SAME = 4
"""So many sends or more that make the same change of one launch get a statement of their own: what they share is
written once, not once for each."""
_ENDED = "changed_at = $1, next_at = NULL, email = NULL, facts = NULL"


class PostgresSends:
    """`ports.sends.Sends`. Rows of a partition are written by its lease alone, so none of them needs a lock."""

    async def add_settled(
        self, tx: Transaction, sends: NewSends, state: str, reason: str | None
    ) -> list[tuple[str, int]]:
        return await new_sends.add_settled(tx, sends, state, reason)

    async def add_planned(self, tx: Transaction, sends: NewSends, snapshots: Snapshots) -> list[tuple[str, int]]:
        return await new_sends.add_waiting(tx, sends, snapshots, DeliveryState.PLANNED, None, tx.now)

    async def load(self, tx: Transaction, keys: Collection[SendKey]) -> dict[SendKey, StoredSend]:
        rows = await tx.connection.fetch(
            f"SELECT {_SEND} FROM {_KEYS} JOIN launch l USING (launch_id)"  # noqa: S608
            " JOIN send s ON s.launch = l.number AND s.partition = ANY($5::smallint[]) AND s.contact_id = k.contact_id"
            f" AND s.step = k.step AND s.occurrence = k.occurrence{_NEWER}",
            *_columns(keys),
            _where(tx, keys),
        )
        return await with_blocks(tx.connection, {send.key: send for send in map(_stored, rows)})

    async def sending(self, connection: Connection, number: int) -> list[StoredSend]:
        rows = await connection.fetch(
            f"SELECT {_SEND} FROM send s JOIN launch l ON l.number = s.launch{_NEWER}"  # noqa: S608
            " WHERE s.partition = $1 AND s.state = 'sending'",
            number,
        )
        return [_stored(row) for row in rows]

    async def move(self, tx: Transaction, moves: Sequence[Move], *, sure: bool) -> set[SendKey]:
        moved = await self._move(tx, moves)
        if sure:
            launches = {move.change.key.launch_id for move in moves if move.change.key not in moved}
            expect(tx, len(moves), len(moved), f"sends of launch {', '.join(sorted(launches))}")
        return moved

    async def _move(self, tx: Transaction, moves: Sequence[Move]) -> set[SendKey]:
        alike: dict[tuple[object, ...], list[Move]] = defaultdict(list)
        for move in moves:
            alike[_shared(move)].append(move)
        moved: set[SendKey] = set()
        others: list[Move] = []
        for same in alike.values():
            if len(same) < _SAME:
                others += same
            else:
                moved |= await self._move_alike(tx, same)
        return moved | await self._move_each(tx, others) if others else moved

    async def _move_alike(self, tx: Transaction, moves: Sequence[Move]) -> set[SendKey]:
        """They differ in nothing but their contact."""
        stored, change = moves[0].stored, moves[0].change
        rows = await tx.connection.fetch(
            "UPDATE send SET state = $8::text::delivery_state, reason = $9, attempts = $10, next_at = $11,"
            " dot_epoch = $12, changed_at = $13,"
            " email = CASE WHEN $14 THEN email END, facts = CASE WHEN $14 THEN facts END"
            " WHERE launch = (SELECT number FROM launch WHERE launch_id = $1) AND partition = $15"
            " AND contact_id = ANY(string_to_array($2, chr(31))) AND step = $3 AND occurrence = $4"
            " AND state = $5::text::delivery_state AND attempts = $6 AND dot_epoch IS NOT DISTINCT FROM $7"
            " RETURNING contact_id",
            stored.key.launch_id,
            packed([move.change.key.contact_id for move in moves]),
            stored.key.step,
            stored.key.occurrence,
            stored.state,
            stored.attempts,
            stored.dot_epoch,
            change.state,
            change.reason,
            change.attempts,
            change.next_at,
            change.dot_epoch,
            tx.now,
            change.state in OPEN,
            tx.number,
        )
        if len(rows) == len(moves):
            return {move.change.key for move in moves}
        found = {row["contact_id"] for row in rows}
        return {move.change.key for move in moves if move.change.key.contact_id in found}

    async def _move_each(self, tx: Transaction, moves: Sequence[Move]) -> set[SendKey]:
        rows = await tx.connection.fetch(
            "UPDATE send s SET state = n.state::delivery_state, reason = n.reason, attempts = n.attempts,"
            " next_at = n.next_at, dot_epoch = n.dot_epoch, changed_at = $5,"
            " email = CASE WHEN n.open THEN s.email END, facts = CASE WHEN n.open THEN s.facts END"
            " FROM unnest($1::text[], $2::text[], $3::text[], $4::int[], $6::text[], $7::text[], $8::int[],"
            " $9::timestamptz[], $10::bigint[], $11::bool[], $12::text[], $13::int[], $14::bigint[])"
            " AS n (launch_id, contact_id, step, occurrence, state, reason, attempts, next_at, dot_epoch, open,"
            " was, tried, owned) JOIN launch l ON l.launch_id = n.launch_id"
            " WHERE s.launch = l.number AND s.partition = $15 AND s.contact_id = n.contact_id AND s.step = n.step"
            " AND s.occurrence = n.occurrence"
            " AND s.state = n.was::delivery_state AND s.attempts = n.tried AND s.dot_epoch IS NOT DISTINCT FROM n.owned"
            " RETURNING l.launch_id, s.contact_id, s.step, s.occurrence",
            *_columns([move.change.key for move in moves]),
            tx.now,
            [move.change.state for move in moves],
            [move.change.reason for move in moves],
            [move.change.attempts for move in moves],
            [move.change.next_at for move in moves],
            [move.change.dot_epoch for move in moves],
            [move.change.state in OPEN for move in moves],
            [move.stored.state for move in moves],
            [move.stored.attempts for move in moves],
            [move.stored.dot_epoch for move in moves],
            tx.number,
        )
        return {SendKey(*row) for row in rows}

    async def restamp(self, tx: Transaction, keys: Collection[SendKey], epoch: int) -> None:
        status = await tx.connection.execute(
            f"UPDATE send s SET dot_epoch = $5 FROM {_KEYS} JOIN launch l USING (launch_id)"  # noqa: S608
            " WHERE s.launch = l.number AND s.partition = $6 AND s.contact_id = k.contact_id AND s.step = k.step"
            " AND s.occurrence = k.occurrence AND s.state = 'sending'",
            *_columns(keys),
            epoch,
            tx.number,
        )
        launches = {key.launch_id for key in keys}
        expect(tx, len(keys), written(status), f"sends at the dot of launch {', '.join(sorted(launches))}")

    async def cancel_launch(self, tx: Transaction, launch_id: str, kept: Kept, limit: int) -> list[Change]:
        rows = await tx.connection.fetch(
            # by their places: a join with the sub-select was planned as a loop in a loop
            f"UPDATE send SET state = $2::text::delivery_state, reason = $3, {_ENDED} WHERE ctid = ANY(ARRAY("  # noqa: S608
            " SELECT ctid FROM send WHERE partition = $4 AND state = 'planned'"
            " AND launch = (SELECT number FROM launch WHERE launch_id = $5) LIMIT $6))"
            " RETURNING $5 AS launch_id, contact_id, step, occurrence, attempts",
            tx.now,
            kept.state,
            kept.reason,
            tx.number,
            launch_id,
            limit,
        )
        return [_cancelled(row, kept) for row in rows]

    async def cancel_contacts(self, tx: Transaction, project: str, gone: Mapping[str, int], kept: Kept) -> list[Change]:
        rows = await tx.connection.fetch(
            f"UPDATE send s SET state = $2::text::delivery_state, reason = $3, {_ENDED}"  # noqa: S608
            " FROM unnest($5::text[], $6::bigint[]) AS gone (contact_id, revision)"
            " WHERE s.contact_id = gone.contact_id AND s.revision < gone.revision"
            " AND (s.state = 'planned')::integer = 1"  # as the index says it
            " AND (SELECT project FROM launch WHERE number = s.launch) = $4"
            " RETURNING (SELECT launch_id FROM launch WHERE number = s.launch), s.contact_id, s.step, s.occurrence,"
            " s.attempts",
            tx.now,
            kept.state,
            kept.reason,
            project,
            list(gone.keys()),
            list(gone.values()),
        )
        return [_cancelled(row, kept) for row in rows]

    async def turn(self, connection: Connection, number: int, after: str) -> list[tuple[str, ControlState]]:
        rows = await connection.fetch(
            "WITH RECURSIVE turn (launch, place) AS ("
            " SELECT (SELECT launch FROM send WHERE partition = $1 AND state = 'planned'"
            " AND launch > coalesce((SELECT number FROM launch WHERE launch_id = $2), 0) ORDER BY launch LIMIT 1), 1"
            " UNION ALL"
            " SELECT (SELECT s.launch FROM send s WHERE s.partition = $1 AND s.state = 'planned'"
            " AND s.launch > turn.launch ORDER BY s.launch LIMIT 1), place + 1"
            " FROM turn WHERE turn.launch IS NOT NULL AND place < $3)"
            " SELECT launch_id, gate.state FROM turn JOIN launch l ON l.number = turn.launch"
            " JOIN gate USING (launch_id) ORDER BY place",
            number,
            after,
            TURN,
        )
        return [(row["launch_id"], ControlState(row["state"])) for row in rows]

    async def due(
        self, connection: Connection, number: int, launch_ids: Sequence[str], busy: Collection[str], each: int
    ) -> tuple[datetime, list[StoredSend]]:
        rows = await connection.fetch(
            f"SELECT now() AS now, s.facts, {_SEND} FROM unnest($2::text[]) AS k (launch_id)"  # noqa: S608
            " JOIN launch l USING (launch_id) CROSS JOIN LATERAL ("
            " SELECT * FROM send WHERE partition = $1 AND send.launch = l.number AND state = 'planned'"
            # not `<> ALL`: of an array that it does not know when it plans, PostgreSQL makes no hash table
            " AND next_at <= now() AND contact_id NOT IN (SELECT unnest(string_to_array($3, chr(31))))"
            " ORDER BY next_at LIMIT $4) s"
            f"{_NEWER}",
            number,
            launch_ids,
            packed(busy),
            each,
        )
        return (rows[0]["now"] if rows else datetime.min), [_stored(row, orjson.loads(row["facts"])) for row in rows]


def _columns(keys: Collection[SendKey]) -> tuple[list[str], list[str], list[str], list[int]]:
    return (
        [key.launch_id for key in keys],
        [key.contact_id for key in keys],
        [key.step for key in keys],
        [key.occurrence for key in keys],
    )


def _where(tx: Transaction, keys: Collection[SendKey]) -> list[int]:
    """The partitions of these sends: under a lease its own, in a request those of their contacts."""
    if tx.number is not None:
        return [tx.number]
    return sorted({partition_of(key.contact_id, tx.partitions) for key in keys})


def _stored(row: asyncpg.Record, facts: dict[str, object] | None = None) -> StoredSend:
    newer = None
    if row["renewed"]:
        newer = ContactState(
            deleted=row["deleted"],
            active=row["active"],
            suppressed=row["newly_suppressed"],
            email=row["new_email"],
            consent=orjson.loads(row["consent"]),
        )
    return StoredSend(
        key=SendKey(row["launch_id"], row["contact_id"], row["step"], row["occurrence"]),
        state=DeliveryState(row["state"]),
        attempts=row["attempts"],
        dot_epoch=row["dot_epoch"],
        snapshot=Standing(row["permitted"], row["suppressed"], row["email"], row["consented"]),
        newer=newer,
        facts=facts or {},
        revision=row["revision"],
    )


def _shared(move: Move) -> tuple[object, ...]:
    """All of a move but the contact."""
    stored, change = move.stored, move.change
    launch_id, _, step, occurrence = stored.key
    return (launch_id, step, occurrence, stored.state, stored.attempts, stored.dot_epoch, change.state, change.reason,
            change.attempts, change.next_at, change.dot_epoch)  # fmt: skip


def _cancelled(row: asyncpg.Record, kept: Kept) -> Change:
    return Change(
        key=SendKey(row["launch_id"], row["contact_id"], row["step"], row["occurrence"]),
        previous=DeliveryState.PLANNED,
        state=kept.state,
        reason=kept.reason,
        attempts=row["attempts"],
        next_at=None,
    )
