"""The replica of contacts in PostgreSQL: the newest state of each, by revision."""

from collections.abc import Sequence

import asyncpg
import orjson

from contracts.changes import ContactChange
from messaging.adapters.blocks import answered
from messaging.domain.judgement import ContactState
from runtime.packed import packed
from runtime.transaction import Connection


class PostgresContacts:
    """`ports.known.Contacts`."""

    async def keep(self, connection: Connection, project: str, changes: Sequence[ContactChange]) -> None:
        newest: dict[str, ContactChange] = {}
        for change in changes:
            known = newest.get(change.contact_id)
            if known is None or known.revision < change.revision:
                newest[change.contact_id] = change
        rows = sorted(newest.values(), key=lambda change: change.contact_id)
        await connection.execute(
            "INSERT INTO contact_state (project, contact_id, revision, deleted, active, suppressed, email, consent)"
            " SELECT $1, * FROM unnest($2::text[], $3::bigint[], $4::bool[], $5::bool[], $6::bool[], $7::text[],"
            " $8::json[])"
            " ON CONFLICT (project, contact_id) DO UPDATE SET revision = excluded.revision,"
            " deleted = excluded.deleted, active = excluded.active, suppressed = excluded.suppressed,"
            " email = excluded.email, consent = excluded.consent"
            " WHERE contact_state.revision < excluded.revision",
            project,
            [row.contact_id for row in rows],
            [row.revision for row in rows],
            [row.contact is None for row in rows],
            [row.contact is not None and row.contact.active for row in rows],
            [row.suppressed for row in rows],
            [None if row.contact is None else row.contact.email for row in rows],
            ["{}" if row.contact is None else orjson.dumps(row.contact.consent).decode() for row in rows],
        )
        await answered(connection, project, changes)

    async def newer(
        self, connection: Connection, project: str, contact_ids: Sequence[str], revisions: Sequence[int]
    ) -> dict[str, ContactState]:
        rows = await connection.fetch(
            """
            WITH stored AS MATERIALIZED (
                SELECT * FROM contact_state WHERE project = $1 AND contact_id = ANY(string_to_array($2, chr(31)))
            ), blocked AS MATERIALIZED (
                SELECT contact_id, array_agg(kind) AS kinds FROM local_block
                WHERE project = $1 AND contact_id = ANY(string_to_array($2, chr(31))) GROUP BY contact_id
            )
            SELECT s.contact_id, c.contact_id IS NOT NULL AS said, b.kinds,
                c.deleted, c.active, c.suppressed, c.email, c.consent
            FROM unnest(string_to_array($2, chr(31)), string_to_array($3, chr(31))::bigint[])
                AS s (contact_id, revision)
            LEFT JOIN blocked b ON b.contact_id = s.contact_id
            -- of a blocked contact also what was known before, for the answer takes its place
            LEFT JOIN stored c ON c.contact_id = s.contact_id
                AND c.revision > s.revision - (b.contact_id IS NOT NULL)::int
            WHERE c.contact_id IS NOT NULL OR b.contact_id IS NOT NULL
            """,
            project,
            packed(contact_ids),
            packed([str(revision) for revision in revisions]),
        )
        return {row["contact_id"]: _state(row) for row in rows}


def _state(row: asyncpg.Record) -> ContactState:
    blocks = frozenset(row["kinds"] or ())
    if not row["said"]:
        return ContactState.unknown(blocks)
    return ContactState(
        deleted=row["deleted"],
        active=row["active"],
        suppressed=row["suppressed"],
        email=row["email"],
        consent=orjson.loads(row["consent"]),
        blocks=blocks,
    )
