"""Launches in PostgreSQL: what they ask for, gates, turns, and how far each walk is.

`adapters.drafts` has what is looked up while one waits to be requested, `adapters.audience` the pages.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import orjson

from contacts.adapters.drafts import LISTED
from contacts.adapters.names import group_names
from contacts.domain.audience import Chunk, Excluded
from contacts.domain.checks import KnownGroups
from contacts.ports import Turn, Walk
from contracts.launches import Contacts, Groups, LaunchDrafted, LaunchRequested, Segment
from contracts.words import ControlState
from runtime.transaction import Connection


class PostgresLaunches:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def draft(self, event: LaunchDrafted, home: int, now: datetime, trace: str | None) -> None:
        await self._connection.execute(
            """
            INSERT INTO launch (launch_id, project, home, version, kind, groups, lists, options, context, condition,
                launched_by, drafted_at, trace, check_round, undecided_until)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
            ON CONFLICT (launch_id) DO UPDATE SET version = excluded.version, kind = excluded.kind,
                groups = excluded.groups, lists = excluded.lists, options = excluded.options,
                context = excluded.context, condition = excluded.condition, launched_by = excluded.launched_by,
                drafted_at = excluded.drafted_at, trace = excluded.trace, check_round = excluded.check_round,
                undecided_until = excluded.undecided_until, checked = false
            WHERE launch.requested_at IS NULL AND launch.project = excluded.project
                AND launch.check_round < excluded.check_round
            """,
            *_immutable(event, home),
            now,
            trace,
            event.check,
            event.undecided_until,
        )

    async def request(self, event: LaunchRequested, home: int, trace: str | None) -> None:
        await self._connection.execute(
            """
            INSERT INTO launch (launch_id, project, home, version, kind, groups, lists, options, context, condition,
                launched_by, requested_at, retry_of, trace)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
            ON CONFLICT (launch_id) DO UPDATE SET version = excluded.version, kind = excluded.kind,
                groups = excluded.groups, lists = excluded.lists, options = excluded.options,
                context = excluded.context, condition = excluded.condition, launched_by = excluded.launched_by,
                requested_at = excluded.requested_at, retry_of = excluded.retry_of, trace = excluded.trace
            WHERE launch.requested_at IS NULL AND launch.project = excluded.project
            """,
            *_immutable(event, home),
            event.requested_at,
            event.retry_of,
            trace,
        )

    async def list_participants(
        self, project: str, launch_id: str, index: int, contact_ids: Sequence[str], partitions: Sequence[int]
    ) -> None:
        await self._connection.execute(
            """
            WITH list AS (
                INSERT INTO participant_list (launch_id, index, project) VALUES ($1, $2, $3)
                ON CONFLICT DO NOTHING RETURNING launch_id, project
            )
            INSERT INTO participant (launch_id, contact_id, project, partition)
            SELECT launch_id, contact_id, project, partition
            FROM list, unnest($4::text[], $5::smallint[]) AS new (contact_id, partition)
            ON CONFLICT DO NOTHING
            """,
            launch_id,
            index,
            project,
            list(contact_ids),
            list(partitions),
        )

    async def control(self, project: str, launch_id: str, revision: int, state: ControlState) -> None:
        await self._connection.execute(
            """
            INSERT INTO gate (launch_id, project, revision, state) VALUES ($1, $2, $3, $4)
            ON CONFLICT (launch_id) DO UPDATE SET revision = excluded.revision, state = excluded.state
            WHERE excluded.revision > gate.revision AND excluded.project = gate.project
            """,
            launch_id,
            project,
            revision,
            state,
        )

    async def line_up(self, launch_ids: Collection[str]) -> None:
        await self._connection.execute(
            f"""
            UPDATE launch SET turn = nextval('walk_turn')
            WHERE launch_id = ANY($1::text[]) AND requested_at IS NOT NULL AND turn IS NULL AND finished_at IS NULL
                AND {LISTED}
            """,  # noqa: S608
            list(launch_ids),
        )

    async def known_groups(self, project: str, groups: Collection[str]) -> KnownGroups:
        rows = await self._connection.fetch(
            "SELECT group_id FROM contact_group WHERE project = $1 AND group_id = ANY($2::text[])",
            project,
            list(groups),
        )
        there = frozenset(row["group_id"] for row in rows)
        if there.issuperset(groups):
            return KnownGroups(there)
        return KnownGroups(there, frozenset(await group_names(self._connection, project)) - there)

    async def next_turn(self, home: int, resting: Collection[str] = ()) -> Turn | None:
        row = await self._connection.fetchrow(
            """
            SELECT launch_id, trace FROM launch
            WHERE home = $1 AND turn IS NOT NULL AND launch_id <> ALL($2::text[]) ORDER BY turn LIMIT 1
            """,
            home,
            list(resting),
        )
        return None if row is None else Turn(row["launch_id"], row["trace"])

    async def walk(self, launch_id: str) -> Walk:
        row = await self._connection.fetchrow(
            """
            SELECT launch.*, coalesce(gate.state, 'running') AS gate
            FROM launch LEFT JOIN gate USING (launch_id) WHERE launch_id = $1
            """,
            launch_id,
        )
        assert row is not None  # rows of launches are never deleted
        return Walk(
            launch_id=launch_id,
            project=row["project"],
            kind=row["kind"],
            groups=tuple(row["groups"]),
            where=row["condition"],
            launched_by=row["launched_by"],
            version=row["version"],
            options=orjson.loads(row["options"]),
            context=orjson.loads(row["context"]),
            retry_of=row["retry_of"],
            requested_at=row["requested_at"],
            cursor=row["cursor"],
            page=row["page"],
            opened=tuple(row["opened"]),
            targeted=row["admitted"] + row["excluded"],
            overridden=tuple(row["overridden"]),
            gate=ControlState(row["gate"]),
        )

    async def advance(
        self,
        walk: Walk,
        last: str,
        chunks: Sequence[tuple[str, Chunk]],
        opened: Sequence[int],
        overridden: Sequence[int] = (),
    ) -> None:
        excluded = sum(len(chunk.contact_ids) for _, chunk in chunks if isinstance(chunk, Excluded))
        targeted = sum(len(chunk.contact_ids) for _, chunk in chunks)
        await self._connection.executemany(
            """
            INSERT INTO target_chunk (launch_id, project, page, partition, event_id, contact_ids, reasons)
            VALUES ($1, $2, $3, $4, $5, $6, $7)
            """,
            [
                (
                    walk.launch_id,
                    walk.project,
                    walk.page,
                    chunk.partition,
                    event_id,
                    chunk.contact_ids,
                    chunk.reasons if isinstance(chunk, Excluded) else None,
                )
                for event_id, chunk in chunks
            ],
        )
        await self._connection.execute(
            """
            UPDATE launch SET cursor = $2, page = page + 1, opened = opened || $3::smallint[],
                admitted = admitted + $4, excluded = excluded + $5, overridden = $6, turn = nextval('walk_turn')
            WHERE launch_id = $1
            """,
            walk.launch_id,
            last,
            list(opened),
            targeted - excluded,
            excluded,
            list(overridden),
        )

    async def postpone(self, launch_id: str) -> None:
        await self._connection.execute(
            "UPDATE launch SET turn = nextval('walk_turn') WHERE launch_id = $1 AND turn IS NOT NULL", launch_id
        )

    async def finish(self, walk: Walk, now: datetime) -> None:
        await self._connection.execute(
            "UPDATE launch SET turn = NULL, finished_at = $2 WHERE launch_id = $1", walk.launch_id, now
        )
        await self._connection.execute("DELETE FROM participant WHERE launch_id = $1", walk.launch_id)


def _immutable(event: LaunchDrafted | LaunchRequested, home: int) -> tuple[Any, ...]:
    participants = event.participants
    return (
        event.launch_id,
        event.project,
        home,
        event.version.model_dump_json(by_alias=True),
        participants.kind,
        participants.groups if isinstance(participants, Groups) else [],
        event.participants_chunks if isinstance(participants, Contacts) else 0,
        event.options.model_dump_json(),
        orjson.dumps(event.context).decode(),
        participants.where if isinstance(participants, Segment) else None,
        event.launched_by,
    )
