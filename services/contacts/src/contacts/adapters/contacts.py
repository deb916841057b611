"""Contacts, groups and suppression in PostgreSQL: whole calls with arrays, rows locked in byte order of their keys."""

from collections.abc import Collection, Mapping, Sequence

import asyncpg

from contacts.adapters.planning import by_key
from contacts.domain.contact import StoredContact, Suppressed
from contacts.ports import Key
from runtime.transaction import Connection

COLUMNS = (
    "project, contact_id, partition, revision, deleted, email, address_hash, phone, zone, active, groups, consent,"
    " attributes, suppressed"
)
_GUARD = 0x51_1B
_SEPARATOR = " "
"""Of group names, which hold none: a list of lists cannot be unnested."""


class PostgresContacts:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def guard(self, projects: Collection[str], *, exclusive: bool = False) -> None:
        lock = "pg_advisory_xact_lock" if exclusive else "pg_advisory_xact_lock_shared"
        await self._connection.execute(
            f"SELECT {lock}($1, hashtext(project)) FROM unnest($2::text[]) AS project ORDER BY hashtext(project)",  # noqa: S608
            _GUARD,
            sorted(projects),
        )

    async def lock(self, keys: Collection[Key], *, creating: Mapping[Key, int]) -> dict[Key, StoredContact]:
        await by_key(self._connection)
        if creating:
            projects, contact_ids = _columns(sorted(creating))
            await self._connection.execute(
                """
                INSERT INTO contact (project, contact_id, partition)
                SELECT project, contact_id, partition
                FROM unnest($1::text[], $2::text[], $3::smallint[]) AS new (project, contact_id, partition)
                ORDER BY project COLLATE "C", contact_id COLLATE "C"
                ON CONFLICT DO NOTHING
                """,
                projects,
                contact_ids,
                [creating[key] for key in sorted(creating)],
            )
        rows = await self._connection.fetch(
            f"""
            SELECT {COLUMNS} FROM contact
            WHERE (project, contact_id) IN (SELECT * FROM unnest($1::text[], $2::text[]))
            ORDER BY project, contact_id FOR UPDATE
            """,  # noqa: S608
            *_columns(sorted(set(keys) | set(creating))),
        )
        return {(row["project"], row["contact_id"]): stored(row) for row in rows}

    async def suppressed(self, keys: Collection[Key], hashes: Collection[tuple[str, bytes]]) -> Suppressed:
        rows = await self._connection.fetch(
            """
            SELECT project, kind, value FROM suppression
            WHERE (project, kind, value) IN
                (SELECT project, 'contact', value FROM unnest($1::text[], $2::text[]) AS wanted (project, value))
            OR (project, kind, value) IN
                (SELECT project, 'address', value FROM unnest($3::text[], $4::text[]) AS wanted (project, value))
            """,
            *_columns(keys),
            *_columns([(project, address.hex()) for project, address in hashes]),
        )
        return Suppressed(
            frozenset((row["project"], row["value"]) for row in rows if row["kind"] == "contact"),
            frozenset((row["project"], bytes.fromhex(row["value"])) for row in rows if row["kind"] == "address"),
        )

    async def save(
        self,
        changed: Sequence[tuple[StoredContact, StoredContact]],
        sizes: Mapping[Key, int],
        groups: Collection[tuple[str, str]],
    ) -> None:
        await self._connection.execute(
            """
            UPDATE contact SET revision = new.revision, deleted = new.deleted, email = new.email,
                address_hash = new.address_hash, phone = new.phone, zone = new.zone, active = new.active,
                groups = string_to_array(new.groups, ' '), consent = new.consent, attributes = new.attributes,
                suppressed = new.suppressed, size = new.size
            FROM unnest($1::text[], $2::text[], $3::bigint[], $4::boolean[], $5::text[], $6::bytea[], $7::text[],
                $8::text[], $9::boolean[], $10::text[], $11::jsonb[], $12::jsonb[], $13::boolean[], $14::integer[])
                AS new (project, contact_id, revision, deleted, email, address_hash, phone, zone, active, groups,
                consent, attributes, suppressed, size)
            WHERE contact.project = new.project AND contact.contact_id = new.contact_id
            """,
            *_rows([after for _, after in changed], sizes),
        )
        if groups:
            await self.make_groups(groups)
        await self._save_memberships(changed)
        if erased := [(b.project, b.address_hash) for b, a in changed if a.deleted and b.address_hash is not None]:
            await self._forget_addresses(erased)

    async def _forget_addresses(self, erased: Sequence[tuple[str, bytes]]) -> None:
        await self._connection.execute(
            "UPDATE suppression SET shown = NULL WHERE kind = 'address' AND (project, value)"
            " IN (SELECT * FROM unnest($1::text[], $2::text[]))",
            *_columns([(project, address.hex()) for project, address in erased]),
        )

    async def _save_memberships(self, changed: Sequence[tuple[StoredContact, StoredContact]]) -> None:
        """As the rows' `groups` now say."""
        added = [(a.project, g, a.contact_id) for b, a in changed for g in a.groups if g not in b.groups]
        removed = [(a.project, g, a.contact_id) for b, a in changed for g in b.groups if g not in a.groups]
        if added:
            await self._connection.execute(
                "INSERT INTO membership (project, group_id, contact_id)"
                " SELECT * FROM unnest($1::text[], $2::text[], $3::text[]) ON CONFLICT DO NOTHING",
                *map(list, zip(*added, strict=True)),
            )
        if removed:
            await self._connection.execute(
                "DELETE FROM membership WHERE (project, group_id, contact_id)"
                " IN (SELECT * FROM unnest($1::text[], $2::text[], $3::text[]))",
                *map(list, zip(*removed, strict=True)),
            )

    async def make_groups(self, groups: Collection[tuple[str, str]]) -> int:
        """(project, group), where missing; how many were."""
        made = await self._connection.fetch(
            "INSERT INTO contact_group (project, group_id) SELECT * FROM unnest($1::text[], $2::text[])"
            " ON CONFLICT DO NOTHING RETURNING group_id",
            *_columns(sorted(groups)),
        )
        return len(made)

    async def drop_group(self, project: str, group: str) -> bool:
        """The group, not who is in it; False: there was none."""
        dropped = await self._connection.fetchval(
            "DELETE FROM contact_group WHERE project = $1 AND group_id = $2 RETURNING true", project, group
        )
        return dropped is not None

    async def discard(self, keys: Collection[Key]) -> None:
        await self._connection.execute(
            "DELETE FROM contact WHERE revision = 0"
            " AND (project, contact_id) IN (SELECT * FROM unnest($1::text[], $2::text[]))",
            *_columns(keys),
        )


def stored(row: asyncpg.Record) -> StoredContact:
    values = dict(row.items())
    return StoredContact(**{**values, "groups": tuple(values["groups"])})


def _columns(pairs: Collection[tuple[str, str]]) -> tuple[list[str], list[str]]:
    return [first for first, _ in pairs], [second for _, second in pairs]


def _rows(contacts: Sequence[StoredContact], sizes: Mapping[Key, int]) -> tuple[list[object], ...]:
    """Column by column, in the order of the statement."""
    rows = [
        (
            contact.project,
            contact.contact_id,
            contact.revision,
            contact.deleted,
            contact.email,
            contact.address_hash,
            contact.phone,
            contact.zone,
            contact.active,
            _SEPARATOR.join(contact.groups),
            contact.consent,
            contact.attributes,
            contact.suppressed,
            sizes[contact.project, contact.contact_id],
        )
        for contact in contacts
    ]
    return tuple(map(list, zip(*rows, strict=True)))
