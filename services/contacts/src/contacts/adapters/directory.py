"""The replica of `launcher.projects` in PostgreSQL."""

from collections.abc import Collection, Sequence

from contacts.domain.checks import Member
from contacts.ports import SigningKey
from contracts.projects import KeySet, ProjectSet, UserSet
from runtime.transaction import Connection


class PostgresDirectory:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def set_projects(self, events: Sequence[ProjectSet]) -> None:
        await self._connection.executemany(
            """
            INSERT INTO project (project, revision, zone) VALUES ($1, $2, $3)
            ON CONFLICT (project) DO UPDATE SET revision = excluded.revision, zone = excluded.zone
            WHERE excluded.revision > project.revision
            """,
            [(event.project, event.revision, event.zone) for event in events],
        )

    async def set_keys(self, events: Sequence[KeySet]) -> None:
        await self._connection.executemany(
            """
            INSERT INTO signing_key (key_id, project, revision, grants, revoked, sealed_secret)
            VALUES ($1, $2, $3, $4, $5, $6)
            ON CONFLICT (key_id) DO UPDATE SET revision = excluded.revision, grants = excluded.grants,
                revoked = excluded.revoked, sealed_secret = excluded.sealed_secret
            WHERE excluded.revision > signing_key.revision AND excluded.project = signing_key.project
            """,
            [
                (event.key_id, event.project, event.revision, event.grants, event.revoked, event.sealed_secret)
                for event in events
            ],
        )

    async def set_users(self, events: Sequence[UserSet]) -> None:
        await self._connection.executemany(
            """
            INSERT INTO project_user (project, user_id, revision, disabled, restriction) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (project, user_id) DO UPDATE SET revision = excluded.revision,
                disabled = excluded.disabled, restriction = excluded.restriction
            WHERE excluded.revision > project_user.revision
            """,
            [(event.project, event.user, event.revision, event.disabled, event.restriction) for event in events],
        )

    async def keys(self, key_ids: Collection[str]) -> dict[str, SigningKey]:
        rows = await self._connection.fetch(
            "SELECT key_id, project, grants, revoked, sealed_secret FROM signing_key WHERE key_id = ANY($1::text[])",
            list(key_ids),
        )
        return {
            row["key_id"]: SigningKey(row["project"], frozenset(row["grants"]), row["revoked"], row["sealed_secret"])
            for row in rows
        }

    async def member(self, project: str, name: str) -> Member | None:
        row = await self._connection.fetchrow(
            """
            SELECT disabled, restriction FROM project_user WHERE project = $1 AND user_id = $2
            UNION ALL SELECT false, NULL FROM signing_key WHERE project = $1 AND key_id = $2
            LIMIT 1
            """,
            project,
            name,
        )
        return None if row is None else Member(row["disabled"], row["restriction"])
