"""Projects, keys and users in PostgreSQL."""
# ruff: noqa: S608 - what is put into the statements are this module's own lists of columns

import asyncpg

from contracts.words import Permission
from launcher.domain.parties import Grants, Key, Project, User
from runtime.transaction import Connection

_PROJECT = "project, zone, revision, created_at, second_approver_above, launches_per_hour"
_KEY = (
    "key_id, project, name, grants, secret_hash, sealed_secret, revoked, revision, created_by, created_at,"
    " launches_per_hour"
)
_USER = "project, user_id, token_id, secret_hash, grants, restriction, disabled, revision, created_by, created_at"


class PostgresProjects:
    async def load(self, connection: Connection, project: str) -> Project | None:
        row = await connection.fetchrow(f"SELECT {_PROJECT} FROM project WHERE project = $1", project)
        return Project(**row) if row else None

    async def all(self, connection: Connection) -> list[Project]:
        rows = await connection.fetch(f"SELECT {_PROJECT} FROM project ORDER BY project")
        return [Project(**row) for row in rows]

    async def lock(self, connection: Connection, project: str) -> Project | None:
        # what refers to the project's key is inserted all the same
        row = await connection.fetchrow(f"SELECT {_PROJECT} FROM project WHERE project = $1 FOR NO KEY UPDATE", project)
        return Project(**row) if row else None

    async def insert(self, connection: Connection, project: Project) -> bool:
        done = await connection.execute(
            f"INSERT INTO project ({_PROJECT}) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (project) DO NOTHING",
            project.project,
            project.zone,
            project.revision,
            project.created_at,
            project.second_approver_above,
            project.launches_per_hour,
        )
        return done == "INSERT 0 1"

    async def update(self, connection: Connection, project: Project) -> None:
        await connection.execute(
            "UPDATE project SET zone = $2, revision = $3, second_approver_above = $4, launches_per_hour = $5"
            " WHERE project = $1",
            project.project,
            project.zone,
            project.revision,
            project.second_approver_above,
            project.launches_per_hour,
        )


class PostgresKeys:
    async def load(self, connection: Connection, key_id: str) -> Key | None:
        row = await connection.fetchrow(f"SELECT {_KEY} FROM access_key WHERE key_id = $1", key_id)
        return _key(row) if row else None

    async def of_project(self, connection: Connection, project: str) -> list[Key]:
        rows = await connection.fetch(
            f"SELECT {_KEY} FROM access_key WHERE project = $1 ORDER BY created_at, key_id",
            project,
        )
        return [_key(row) for row in rows]

    async def insert(self, connection: Connection, key: Key) -> None:
        await connection.execute(
            f"INSERT INTO access_key ({_KEY}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            key.key_id,
            key.project,
            key.name,
            sorted(key.grants),
            key.secret_hash,
            key.sealed_secret,
            key.revoked,
            key.revision,
            key.created_by,
            key.created_at,
            key.launches_per_hour,
        )

    async def revoke(self, connection: Connection, project: str, key_id: str) -> Key | None:
        row = await connection.fetchrow(
            "UPDATE access_key SET revoked = true, revision = revision + 1"
            f" WHERE key_id = $1 AND project = $2 AND NOT revoked RETURNING {_KEY}",
            key_id,
            project,
        )
        return _key(row) if row else None


class PostgresUsers:
    async def load(self, connection: Connection, project: str, user: str) -> User | None:
        return await self._one(connection, "project = $1 AND user_id = $2", project, user)

    async def lock(self, connection: Connection, project: str, user: str) -> User | None:
        return await self._one(connection, "project = $1 AND user_id = $2 FOR UPDATE", project, user)

    async def hold(self, connection: Connection, project: str, user: str) -> User | None:
        return await self._one(connection, "project = $1 AND user_id = $2 FOR SHARE", project, user)

    async def by_token(self, connection: Connection, token_id: str) -> User | None:
        return await self._one(connection, "token_id = $1", token_id)

    async def _one(self, connection: Connection, where: str, *values: str) -> User | None:
        row = await connection.fetchrow(f"SELECT {_USER} FROM project_user WHERE {where}", *values)
        return _user(row) if row else None

    async def of_project(self, connection: Connection, project: str) -> list[User]:
        rows = await connection.fetch(
            f"SELECT {_USER} FROM project_user WHERE project = $1 ORDER BY user_id",
            project,
        )
        return [_user(row) for row in rows]

    async def insert(self, connection: Connection, user: User) -> bool:
        done = await connection.execute(
            f"INSERT INTO project_user ({_USER}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
            " ON CONFLICT (project, user_id) DO NOTHING",
            user.project,
            user.user,
            user.token_id,
            user.secret_hash,
            sorted(user.grants),
            user.restriction,
            user.disabled,
            user.revision,
            user.created_by,
            user.created_at,
        )
        return done == "INSERT 0 1"

    async def update(self, connection: Connection, user: User) -> None:
        await connection.execute(
            "UPDATE project_user SET grants = $3, restriction = $4, disabled = $5, revision = $6"
            " WHERE project = $1 AND user_id = $2",
            user.project,
            user.user,
            sorted(user.grants),
            user.restriction,
            user.disabled,
            user.revision,
        )

    async def pausing(self, connection: Connection, project: str, user: str, left: bool) -> None:
        await connection.execute(
            "UPDATE project_user SET pausing = $3 WHERE project = $1 AND user_id = $2 AND pausing <> $3",
            project,
            user,
            left,
        )

    async def any_pausing(self, connection: Connection) -> bool:
        found: bool = await connection.fetchval("SELECT EXISTS (SELECT FROM project_user WHERE pausing)")
        return found

    async def still_pausing(self, connection: Connection, most: int) -> list[User]:
        rows = await connection.fetch(
            f"SELECT {_USER} FROM project_user WHERE pausing ORDER BY project, user_id LIMIT $1 FOR UPDATE SKIP LOCKED",
            most,
        )
        return [_user(row) for row in rows]


def _key(row: asyncpg.Record) -> Key:
    return Key(**{**row, "grants": _grants(row)})


def _user(row: asyncpg.Record) -> User:
    fields = dict(row)
    return User(user=fields.pop("user_id"), **{**fields, "grants": _grants(row)})


def _grants(row: asyncpg.Record) -> Grants:
    """What is no permission any more grants nothing."""
    return frozenset(grant for grant in Permission if grant in row["grants"])
