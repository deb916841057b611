"""The newest of each contact, and updates of contacts that are under way."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from contracts.changes import ContactChange
from executor.domain.launch import Launch
from runtime.packed import packed
from runtime.rows import expect, written
from runtime.transaction import Transaction


class PostgresContacts:
    async def keep(self, tx: Transaction, project: str, changes: Sequence[ContactChange]) -> None:
        await tx.connection.execute(
            """
            INSERT INTO contact_state (project, contact_id, partition, revision, contact, suppressed)
            SELECT $1, t.contact_id, $2, t.revision, nullif(t.contact, 'null')::json, t.suppressed
            FROM unnest(unpacked($3), unpacked($4)::bigint[], unpacked($5), unpacked($6)::boolean[])
                AS t (contact_id, revision, contact, suppressed)
            ON CONFLICT (project, partition, contact_id) DO UPDATE
            SET revision = excluded.revision, contact = excluded.contact, suppressed = excluded.suppressed
            WHERE contact_state.revision < excluded.revision
            """,
            project,
            tx.number,
            packed([change.contact_id for change in changes]),
            packed([str(change.revision) for change in changes]),
            packed(["null" if change.contact is None else change.contact.model_dump_json() for change in changes]),
            packed([str(change.suppressed) for change in changes]),
        )

    async def read_up_to(self, tx: Transaction, written_at: datetime) -> None:
        await tx.connection.execute(
            """
            INSERT INTO changes_read (partition, written_at) VALUES ($1, $2)
            ON CONFLICT (partition) DO UPDATE SET written_at = greatest(changes_read.written_at, excluded.written_at)
            """,
            tx.number,
            written_at,
        )


class PostgresUpdates:
    async def request(self, tx: Transaction, launch: Launch, ids: list[str], update_ids: list[str]) -> None:
        await tx.connection.execute(
            """
            INSERT INTO pending_update (update_id, launch_id, contact_id, partition, project, requested_at)
            SELECT t.update_id, $1, t.contact_id, $2, $3, $4
            FROM unnest(unpacked($5), unpacked($6)) AS t (update_id, contact_id)
            """,
            launch.launch_id,
            tx.number,
            launch.project,
            tx.now,
            packed(update_ids),
            packed(ids),
        )

    async def answered(self, tx: Transaction, causes: Collection[str]) -> dict[str, list[str]]:
        rows = await tx.connection.fetch(
            "SELECT launch_id, contact_id FROM pending_update WHERE update_id = ANY($1::text[])", list(causes)
        )
        found: dict[str, list[str]] = {}
        for row in rows:
            found.setdefault(row["launch_id"], []).append(row["contact_id"])
        return found

    async def overdue(self, tx: Transaction, update_ids: list[str], timeout: timedelta) -> set[str]:
        rows = await tx.connection.fetch(
            """
            SELECT update_id FROM pending_update
            WHERE update_id = ANY($2::text[])
              AND requested_at + $3 <= (SELECT written_at FROM changes_read WHERE partition = $1)
            """,
            tx.number,
            update_ids,
            timeout,
        )
        return {row["update_id"] for row in rows}

    async def forget(self, tx: Transaction, launch: Launch, update_ids: list[str]) -> None:
        status = await tx.connection.execute("DELETE FROM pending_update WHERE update_id = ANY($1::text[])", update_ids)
        expect(tx, len(update_ids), written(status), f"updates of launch {launch.launch_id}")
