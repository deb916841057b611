"""Records that nobody can handle: kept with the reason, listed, and handled again when a person says so.

Replaying hands the same record, with the same id, to the handler, in the task that owns its partition number.
"""

from collections.abc import Sequence
from typing import Any

import asyncpg

from runtime.audit import Audit
from runtime.cloudevents import PROJECT
from runtime.ids import derive
from runtime.records import Record
from runtime.transaction import Connection

REASON_LENGTH = 2000
PREVIEW = 2000
_LISTED = (
    "SELECT id, topic, partition, record_offset, header_names, header_values, key, reason, state, parked_at,"
    " octet_length(value) AS size, substring(value FOR $2) AS preview FROM parked"
    " WHERE consumer = $1 AND state <> 'replayed'"
)


async def park(connection: Connection, consumer: str, record: Record, reason: str, at: Any) -> str:
    """In the transaction that moves the cursor past it; returns the id. Parking again only renews the reason."""
    id_ = derive(consumer, record.topic, record.partition, record.offset)
    headers = list(record.headers.items())
    await connection.execute(
        "INSERT INTO parked (id, consumer, topic, partition, record_offset, record_time, key, value, header_names,"
        " header_values, reason, parked_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
        " ON CONFLICT (id) DO UPDATE SET reason = excluded.reason, state = 'parked', parked_at = excluded.parked_at",
        id_,
        consumer,
        record.topic,
        record.partition,
        record.offset,
        record.timestamp,
        record.key,
        record.value,
        [_clean(name) for name, _ in headers],
        [value for _, value in headers],
        _clean(reason)[:REASON_LENGTH],
        at,
    )
    return id_


async def listed(pool: "asyncpg.Pool[asyncpg.Record]", consumer: str, limit: int = 1000) -> list[dict[str, Any]]:
    """What is parked now, oldest first, with the first bytes of each record as text."""
    rows = await pool.fetch(f"{_LISTED} ORDER BY parked_at, id LIMIT $3", consumer, PREVIEW, limit)
    return [_entry(consumer, row) for row in rows]


async def found(pool: "asyncpg.Pool[asyncpg.Record]", consumer: str, id_: str) -> dict[str, Any] | None:
    """One of what is `listed`; None if it is not parked."""
    row = await pool.fetchrow(f"{_LISTED} AND id = $3", consumer, PREVIEW, _clean(id_))
    return None if row is None else _entry(consumer, row)


async def counted(pool: "asyncpg.Pool[asyncpg.Record]", consumer: str) -> dict[int, int]:
    """How many wait for a person, by partition number."""
    rows = await pool.fetch(
        "SELECT partition, count(*) AS waiting FROM parked WHERE consumer = $1 AND state <> 'replayed'"
        " GROUP BY partition",
        consumer,
    )
    return {row["partition"]: row["waiting"] for row in rows}


async def request_replay(pool: "asyncpg.Pool[asyncpg.Record]", consumer: str, id_: str, by: str) -> bool:
    """Ask the owner of its partition number to handle it again, which the audit knows; False: it is not parked."""
    async with pool.acquire() as connection, connection.transaction():
        row = await connection.fetchrow(
            "UPDATE parked SET state = 'replaying' WHERE id = $1 AND consumer = $2 AND state <> 'replayed'"
            " RETURNING id, topic, partition, record_offset, header_names, header_values, clock_timestamp() AS now",
            _clean(id_),
            consumer,
        )
        if row is None:
            return False
        headers = dict(zip(row["header_names"], row["header_values"], strict=True))
        project = _text(headers.get(PROJECT)) or ""
        place = {"topic": row["topic"], "partition": row["partition"], "offset": row["record_offset"]}
        await Audit().note(connection, row["now"], project, by, "parked.replayed", f"parked/{row['id']}", details=place)
    return True


async def replays(pool: "asyncpg.Pool[asyncpg.Record]", consumer: str, numbers: Sequence[int]) -> dict[int, list[str]]:
    """Ids to be replayed, by partition number, of these numbers."""
    rows = await pool.fetch(
        "SELECT partition, array_agg(id ORDER BY record_offset) AS ids FROM parked"
        " WHERE consumer = $1 AND partition = ANY($2::int[]) AND state = 'replaying' GROUP BY partition",
        consumer,
        list(numbers),
    )
    return {row["partition"]: row["ids"] for row in rows}


async def claim(connection: Connection, id_: str) -> Record | None:
    """The record to replay, if it still is to be; locked until the end of the transaction."""
    row = await connection.fetchrow(
        "SELECT * FROM parked WHERE id = $1 AND state = 'replaying' FOR UPDATE",
        id_,
    )
    if row is None:
        return None
    return Record(
        topic=row["topic"],
        partition=row["partition"],
        offset=row["record_offset"],
        timestamp=row["record_time"],
        key=row["key"],
        value=row["value"],
        headers=dict(zip(row["header_names"], row["header_values"], strict=True)),
    )


async def replayed(connection: Connection, id_: str, at: Any) -> None:
    """In the transaction that handled it."""
    await connection.execute("UPDATE parked SET state = 'replayed', replayed_at = $2 WHERE id = $1", id_, at)


async def refused(connection: Connection, id_: str, reason: str) -> None:
    """The replay failed: parked again, with the new reason."""
    await connection.execute(
        "UPDATE parked SET state = 'parked', reason = $2 WHERE id = $1 AND state = 'replaying'",
        id_,
        _clean(reason)[:REASON_LENGTH],
    )


def _entry(consumer: str, row: asyncpg.Record) -> dict[str, Any]:
    headers = zip(row["header_names"], row["header_values"], strict=True)
    return {
        "id": row["id"],
        "service": consumer,
        "topic": row["topic"],
        "partition": row["partition"],
        "offset": row["record_offset"],
        "key": _text(row["key"]),
        "headers": {name: _text(value) for name, value in headers},
        "size": row["size"],
        "preview": _text(row["preview"]),
        "reason": row["reason"],
        "state": row["state"],
        "parked_at": row["parked_at"],
    }


def _clean(text: str) -> str:
    """PostgreSQL's text holds neither NUL nor lone surrogates."""
    return text.replace("\x00", "�").encode(errors="replace").decode()


def _text(raw: bytes | None) -> str | None:
    return None if raw is None else raw.decode(errors="replace").replace("\x00", "�")
