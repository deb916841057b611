"""Ids that were used, in PostgreSQL: of the CRM's records and of executor's updates."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from contacts.ports import Answer
from runtime.transaction import Connection

CommandKey = tuple[str, str, str]
"""(project, source, command id)"""


class PostgresAnswers:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def claim(self, ids: Mapping[CommandKey, bytes], now: datetime) -> dict[CommandKey, Answer]:
        keys = sorted(ids)
        columns = [list(column) for column in zip(*keys, strict=True)] or [[], [], []]
        ours = await self._connection.fetch(
            """
            INSERT INTO command_answer (project, source, command_id, data_hash, at)
            SELECT project, source, command_id, data_hash, $5
            FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[]) AS new (project, source, command_id, data_hash)
            ORDER BY project COLLATE "C", source COLLATE "C", command_id COLLATE "C"
            ON CONFLICT DO NOTHING RETURNING project, source, command_id
            """,
            *columns,
            [ids[key] for key in keys],
            now,
        )
        if len(ours) == len(keys):
            return {}
        rows = await self._connection.fetch(
            """
            SELECT project, source, command_id, data_hash, refusal FROM command_answer
            WHERE (project, source, command_id) IN (SELECT * FROM unnest($1::text[], $2::text[], $3::text[]))
            """,
            *columns,
        )
        taken = {_key(row) for row in ours}
        return {
            _key(row): Answer(row["data_hash"], None if row["refusal"] is None else orjson.loads(row["refusal"]))
            for row in rows
            if _key(row) not in taken
        }

    async def refuse(self, refusals: Mapping[CommandKey, Mapping[str, Any]]) -> None:
        await self._connection.executemany(
            "UPDATE command_answer SET refusal = $4 WHERE project = $1 AND source = $2 AND command_id = $3",
            [(*key, orjson.dumps(refusal).decode()) for key, refusal in sorted(refusals.items())],
        )

    async def first_applied(self, project: str, update_ids: Sequence[str], now: datetime) -> set[str]:
        rows = await self._connection.fetch(
            """
            INSERT INTO applied_update (update_id, project, at)
            SELECT update_id, $1, $3 FROM unnest($2::text[]) AS update_id ORDER BY update_id COLLATE "C"
            ON CONFLICT DO NOTHING RETURNING update_id
            """,
            project,
            list(update_ids),
            now,
        )
        return {row["update_id"] for row in rows}

    async def forget(self, before: datetime, limit: int) -> int:
        return int(
            await self._connection.fetchval(
                """
                WITH answers AS (
                    DELETE FROM command_answer WHERE ctid IN (
                        SELECT ctid FROM command_answer WHERE at < $1 ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED)
                    RETURNING 1
                ), updates AS (
                    DELETE FROM applied_update WHERE ctid IN (
                        SELECT ctid FROM applied_update WHERE at < $1 ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED)
                    RETURNING 1
                )
                SELECT (SELECT count(*) FROM answers) + (SELECT count(*) FROM updates)
                """,
                before,
                limit,
            )
        )


def _key(row: Any) -> CommandKey:
    return row["project"], row["source"], row["command_id"]
