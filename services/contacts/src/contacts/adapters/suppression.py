"""The suppression list in PostgreSQL."""

from collections.abc import Collection, Mapping
from datetime import datetime

from runtime.transaction import Connection


class PostgresSuppression:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(
        self,
        project: str,
        contacts: Collection[str],
        addresses: Mapping[bytes, str | None],
        reason: str,
        now: datetime,
    ) -> None:
        rows: list[tuple[str, str, str | None]] = [("contact", contact_id, contact_id) for contact_id in contacts]
        rows += [("address", hashed.hex(), address) for hashed, address in addresses.items()]
        await self._connection.execute(
            """
            INSERT INTO suppression (project, kind, value, shown, reason, at)
            SELECT $1, kind, value, shown, $5, $6
            FROM unnest($2::text[], $3::text[], $4::text[]) AS new (kind, value, shown)
            ON CONFLICT (project, kind, value) DO NOTHING
            """,
            project,
            *map(list, zip(*rows, strict=True)),
            reason,
            now,
        )

    async def had(self, project: str, hashes: Collection[bytes]) -> set[bytes]:
        rows = await self._connection.fetch(
            "SELECT DISTINCT address_hash FROM contact WHERE project = $1 AND NOT deleted"
            " AND address_hash = ANY($2::bytea[])",
            project,
            list(hashes),
        )
        return {row["address_hash"] for row in rows}

    async def lift(self, project: str, contacts: Collection[str], hashes: Collection[bytes]) -> int:
        lifted = await self._connection.fetch(
            """
            DELETE FROM suppression WHERE project = $1
                AND ((kind = 'contact' AND value = ANY($2::text[])) OR (kind = 'address' AND value = ANY($3::text[])))
            RETURNING kind
            """,
            project,
            list(contacts),
            [hashed.hex() for hashed in hashes],
        )
        return len(lifted)

    async def affected(self, project: str, contacts: Collection[str], hashes: Collection[bytes]) -> list[str]:
        rows = await self._connection.fetch(
            """
            SELECT contact_id FROM contact WHERE project = $1 AND NOT deleted
                AND (contact_id = ANY($2::text[]) OR address_hash = ANY($3::bytea[]))
            ORDER BY contact_id
            """,
            project,
            list(contacts),
            list(hashes),
        )
        return [row["contact_id"] for row in rows]
