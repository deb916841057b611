"""Scenarios and their versions in PostgreSQL."""
# ruff: noqa: S608 - what is put into the statements are this module's own lists of columns

import asyncpg
import orjson

from contracts.scenario import Scenario
from launcher.domain.scenarios import ScenarioState, StoredScenario, StoredVersion
from runtime.transaction import Connection

_SCENARIO = "project, key, name, creator, state, active_version, newest_version, revision, created_at"
_VERSION = "version, body, source, digest, pushed_by, pushed_at"


class PostgresScenarios:
    async def load(self, connection: Connection, project: str, key: str) -> StoredScenario | None:
        return await self._one(connection, "project = $1 AND key = $2", project, key)

    async def lock(self, connection: Connection, project: str, key: str) -> StoredScenario | None:
        return await self._one(connection, "project = $1 AND key = $2 FOR UPDATE", project, key)

    async def hold(self, connection: Connection, project: str, key: str) -> StoredScenario | None:
        return await self._one(connection, "project = $1 AND key = $2 FOR SHARE", project, key)

    async def _one(self, connection: Connection, where: str, *values: str) -> StoredScenario | None:
        row = await connection.fetchrow(f"SELECT {_SCENARIO} FROM scenario WHERE {where}", *values)
        return _scenario(row) if row else None

    async def of_project(self, connection: Connection, project: str) -> list[StoredScenario]:
        rows = await connection.fetch(
            f"SELECT {_SCENARIO} FROM scenario WHERE project = $1 ORDER BY key",
            project,
        )
        return [_scenario(row) for row in rows]

    async def insert(self, connection: Connection, scenario: StoredScenario) -> bool:
        done = await connection.execute(
            f"INSERT INTO scenario ({_SCENARIO}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
            " ON CONFLICT (project, key) DO NOTHING",
            scenario.project,
            scenario.key,
            scenario.name,
            scenario.creator,
            scenario.state,
            scenario.active_version,
            scenario.newest_version,
            scenario.revision,
            scenario.created_at,
        )
        return done == "INSERT 0 1"

    async def update(self, connection: Connection, scenario: StoredScenario) -> None:
        await connection.execute(
            "UPDATE scenario SET name = $3, state = $4, active_version = $5, newest_version = $6, revision = $7,"
            " creator = $8 WHERE project = $1 AND key = $2",
            scenario.project,
            scenario.key,
            scenario.name,
            scenario.state,
            scenario.active_version,
            scenario.newest_version,
            scenario.revision,
            scenario.creator,
        )

    async def version(self, connection: Connection, project: str, key: str, version: int) -> StoredVersion | None:
        row = await connection.fetchrow(
            f"SELECT {_VERSION} FROM scenario_version WHERE project = $1 AND scenario = $2 AND version = $3",
            project,
            key,
            version,
        )
        return _version(row) if row else None

    async def versions(self, connection: Connection, project: str, key: str) -> list[StoredVersion]:
        rows = await connection.fetch(
            f"SELECT {_VERSION} FROM scenario_version WHERE project = $1 AND scenario = $2 ORDER BY version DESC",
            project,
            key,
        )
        return [_version(row) for row in rows]

    async def active_versions(self, connection: Connection, project: str) -> list[StoredVersion]:
        rows = await connection.fetch(
            f"SELECT {_VERSION} FROM scenario_version AS stored JOIN scenario ON scenario.project = stored.project"
            " AND scenario.key = stored.scenario AND scenario.active_version = stored.version"
            " WHERE stored.project = $1 ORDER BY scenario.key",
            project,
        )
        return [_version(row) for row in rows]

    async def insert_version(self, connection: Connection, project: str, key: str, version: StoredVersion) -> None:
        await connection.execute(
            f"INSERT INTO scenario_version (project, scenario, {_VERSION}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            project,
            key,
            version.version,
            orjson.dumps(version.body.model_dump(mode="json")).decode(),
            version.source,
            version.digest,
            version.pushed_by,
            version.pushed_at,
        )


def _scenario(row: asyncpg.Record) -> StoredScenario:
    return StoredScenario(**{**row, "state": ScenarioState(row["state"])})


def _version(row: asyncpg.Record) -> StoredVersion:
    return StoredVersion(**{**row, "body": Scenario.model_validate_json(row["body"])})
