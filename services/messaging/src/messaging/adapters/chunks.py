"""Chunks that wait for their launch, in PostgreSQL: whole, as bytes."""

from typing import Literal

import asyncpg

from contracts.sends import SendsRequested
from messaging.ports.known import WaitingChunk
from runtime.rows import expect, written
from runtime.transaction import Connection, Transaction


class PostgresWaitingChunks:
    """`ports.known.WaitingChunks`."""

    async def keep(self, tx: Transaction, cause: str, position: int, chunk: SendsRequested, trace: str | None) -> None:
        await keep_chunk(tx, "waiting_chunk", cause, position, chunk, trace)

    async def ripe(self, connection: Connection, number: int, limit: int) -> list[WaitingChunk]:
        rows = await connection.fetch(
            "SELECT w.event_id, w.event, w.trace, w.position FROM waiting_chunk w"
            " JOIN launch USING (launch_id) JOIN gate USING (launch_id)"
            " WHERE w.partition = $1 AND gate.state <> 'paused' ORDER BY w.position LIMIT $2",
            number,
            limit,
        )
        return [kept_chunk(row) for row in rows]

    async def forget(self, tx: Transaction, launch_id: str, cause: str) -> None:
        await drop_chunk(tx, "waiting_chunk", launch_id, cause)


Table = Literal["waiting_chunk", "suspect_chunk"]


async def keep_chunk(
    tx: Transaction,
    table: Table,
    cause: str,
    position: int,
    chunk: SendsRequested,
    trace: str | None,
) -> None:
    await tx.connection.execute(
        f"INSERT INTO {table} (launch_id, event_id, project, partition, position, event, trace)"  # noqa: S608
        " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
        chunk.launch_id,
        cause,
        chunk.project,
        tx.number,
        position,
        chunk.model_dump_json().encode(),
        trace,
    )


async def drop_chunk(tx: Transaction, table: Table, launch_id: str, cause: str) -> None:
    status = await tx.connection.execute(
        f"DELETE FROM {table} WHERE launch_id = $1 AND event_id = $2",  # noqa: S608
        launch_id,
        cause,
    )
    expect(tx, 1, written(status), f"{table} of launch {launch_id}")


def kept_chunk(row: asyncpg.Record) -> WaitingChunk:
    """`row` has event_id, event, trace and position."""
    return WaitingChunk(
        row["event_id"], SendsRequested.model_validate_json(row["event"]), row["trace"], row["position"]
    )
