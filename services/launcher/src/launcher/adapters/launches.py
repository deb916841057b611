"""Launches in PostgreSQL."""
# ruff: noqa: S608 - what is put into the statements are this module's own lists of columns

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any

import asyncpg

from contracts.checks import Point
from contracts.crm import CommandAt
from contracts.words import LaunchMode, LaunchState
from launcher.domain.launch import Collected, Flow, Kind, Launch, Origin, Rejected
from launcher.ports import LaunchFilter
from runtime.transaction import Connection

_FIXED = (
    "launch_id, project, scenario, participants, options, context, requested_by, command, drafted_at,"
    " mode, kind, flow, retry_of, relaunch_of"
)
_MOVING = (
    "version, creator, zone, state, revision, participants_chunks, selected, points, targeted_expected, requested_at,"
    " ended_at, figures, figures_revision, hold, lifted, check_round, summary, confirmed_by, confirmed_at, approved_by,"
    " approved_at, recounted, rejected, collected, paused_because"
)
_ALL = f"{_FIXED}, {_MOVING}"
_RUNS_FOR = "ended_at IS NULL AND state IN ('requested', 'running') AND (requested_by = $2 OR creator = $2)"


def _numbered(columns: str, first: int) -> str:
    """Placeholders for these columns: `$2, $3, …`."""
    return ", ".join(f"${first + index}" for index in range(columns.count(",") + 1))


class PostgresLaunches:
    async def exists(self, connection: Connection, launch_id: str) -> bool:
        found: bool = await connection.fetchval("SELECT EXISTS (SELECT FROM launch WHERE launch_id = $1)", launch_id)
        return found

    async def insert(self, connection: Connection, launch: Launch, asked: dict[str, Any] | None = None) -> None:
        await connection.execute(
            f"INSERT INTO launch (asked, {_ALL}) VALUES ($1, {_numbered(_ALL, 2)})",
            asked,
            *_fixed(launch),
            *_moving(launch),
        )

    async def asked(self, connection: Connection, launch_id: str) -> dict[str, Any] | None:
        asked: dict[str, Any] | None = await connection.fetchval(
            "SELECT asked FROM launch WHERE launch_id = $1", launch_id
        )
        return asked

    async def lock(self, connection: Connection, launch_ids: Iterable[str]) -> dict[str, Launch]:
        rows = await connection.fetch(
            f"SELECT {_ALL} FROM launch WHERE launch_id = ANY($1) ORDER BY launch_id FOR UPDATE",
            list(launch_ids),
        )
        return {row["launch_id"]: _launch(row) for row in rows}

    async def update(self, connection: Connection, launch: Launch) -> None:
        await connection.execute(
            f"UPDATE launch SET ({_MOVING}) = ({_numbered(_MOVING, 2)}) WHERE launch_id = $1",
            launch.launch_id,
            *_moving(launch),
        )

    async def load(self, connection: Connection, project: str, launch_id: str) -> Launch | None:
        row = await connection.fetchrow(
            f"SELECT {_ALL} FROM launch WHERE launch_id = $1 AND project = $2",
            launch_id,
            project,
        )
        return _launch(row) if row else None

    async def listed(self, connection: Connection, project: str, wanted: LaunchFilter) -> list[Launch]:
        at, launch_id = wanted.before or (None, None)
        rows = await connection.fetch(
            f"SELECT {_ALL} FROM launch WHERE project = $1"
            " AND ($2::text IS NULL OR state = $2) AND ($3::text IS NULL OR scenario = $3)"
            " AND ($4::text IS NULL OR requested_by = $4) AND ($5::timestamptz IS NULL OR drafted_at >= $5)"
            " AND ($6::timestamptz IS NULL OR (drafted_at, launch_id) < ($6, $7::text))"
            " AND ($9::timestamptz IS NULL OR drafted_at < $9) AND mode = $10"
            " ORDER BY drafted_at DESC, launch_id DESC LIMIT $8",
            project,
            wanted.state,
            wanted.scenario,
            wanted.user,
            wanted.since,
            at,
            launch_id,
            wanted.limit,
            wanted.until,
            wanted.mode,
        )
        return [_launch(row) for row in rows]

    async def asked_at(
        self, connection: Connection, project: str, subject: str | None, since: datetime, number: int
    ) -> datetime | None:
        whose = "" if subject is None else " AND requested_by = $4"
        found: datetime | None = await connection.fetchval(
            f"SELECT drafted_at FROM launch WHERE project = $1 AND drafted_at > $2{whose}"
            " ORDER BY drafted_at DESC OFFSET $3 - 1 LIMIT 1",
            project,
            since,
            number,
            *(() if subject is None else (subject,)),
        )
        return found

    async def any_open(self, connection: Connection, project: str, scenario: str) -> bool:
        found: bool = await connection.fetchval(
            "SELECT EXISTS (SELECT FROM launch WHERE project = $1 AND scenario = $2 AND ended_at IS NULL)",
            project,
            scenario,
        )
        return found

    async def collecting(self, connection: Connection, most: int) -> list[Launch]:
        rows = await connection.fetch(
            f"SELECT {_ALL} FROM launch WHERE state = 'draft' AND collected @> '{{\"done\": false}}'"
            " ORDER BY drafted_at LIMIT $1",
            most,
        )
        return [_launch(row) for row in rows]

    async def trials(self, connection: Connection, most: int) -> list[Launch]:
        rows = await connection.fetch(
            f"SELECT {_ALL} FROM launch WHERE mode <> 'live' AND ended_at IS NULL"
            " AND requested_at < now() - interval '1 second' ORDER BY requested_at LIMIT $1",
            most,
        )
        return [_launch(row) for row in rows]

    async def running_of(
        self, connection: Connection, project: str, user: str, most: int, *, free: bool
    ) -> list[Launch]:
        rows = await connection.fetch(
            f"SELECT {_ALL} FROM launch WHERE project = $1 AND {_RUNS_FOR} ORDER BY launch_id LIMIT $3 FOR UPDATE"
            f"{' SKIP LOCKED' if free else ''}",
            project,
            user,
            most,
        )
        return [_launch(row) for row in rows]

    async def any_running_of(self, connection: Connection, project: str, user: str) -> bool:
        found: bool = await connection.fetchval(
            f"SELECT EXISTS (SELECT FROM launch WHERE project = $1 AND {_RUNS_FOR})", project, user
        )
        return found

    async def undecided(self, connection: Connection, before: datetime, most: int) -> list[Launch]:
        rows = await connection.fetch(
            f"SELECT {_ALL} FROM launch WHERE drafted_at < $1"
            " AND state IN ('draft', 'validating', 'awaiting_confirmation', 'awaiting_approval')"
            " ORDER BY drafted_at LIMIT $2 FOR UPDATE SKIP LOCKED",
            before,
            most,
        )
        return [_launch(row) for row in rows]


def _fixed(launch: Launch) -> tuple[object, ...]:
    return (
        launch.launch_id,
        launch.project,
        launch.scenario,
        launch.participants,
        launch.options,
        launch.context,
        launch.requested_by,
        _command(launch.origin),
        launch.drafted_at,
        launch.mode,
        launch.kind,
        launch.flow,
        launch.retry_of,
        launch.relaunch_of,
    )


def _moving(launch: Launch) -> tuple[object, ...]:
    return (
        launch.version,
        launch.creator,
        launch.zone,
        launch.state,
        launch.revision,
        launch.participants_chunks,
        launch.selected,
        [point.model_dump(mode="json") for point in launch.points],
        launch.targeted_expected,
        launch.requested_at,
        launch.ended_at,
        launch.figures,
        launch.figures_revision,
        launch.hold,
        launch.lifted,
        launch.check_round,
        launch.summary,
        launch.confirmed_by,
        launch.confirmed_at,
        launch.approved_by,
        launch.approved_at,
        launch.recounted,
        launch.rejected,
        asdict(launch.collected) if launch.collected else None,
        launch.paused_because,
    )


def _command(origin: Origin | None) -> dict[str, Any] | None:
    if origin is None:
        return None
    return {"id": origin.id, "source": origin.source, "at": origin.at.model_dump()}


def _launch(row: asyncpg.Record) -> Launch:
    fields = dict(row)
    command = fields.pop("command")
    fields["origin"] = command and Origin(command["id"], command["source"], CommandAt.model_validate(command["at"]))
    fields["state"] = LaunchState(fields["state"])
    fields["mode"], fields["kind"] = LaunchMode(fields["mode"]), Kind(fields["kind"])
    fields["flow"] = Flow(fields["flow"])
    fields["collected"] = Collected(**fields["collected"]) if fields["collected"] else None
    fields["rejected"] = Rejected(fields["rejected"]) if fields["rejected"] else None
    fields["points"] = tuple(Point.model_validate(point) for point in fields["points"])
    return Launch(**fields)
