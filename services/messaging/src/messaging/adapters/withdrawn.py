"""Contacts who were taken out of a launch, in PostgreSQL."""

from collections.abc import Collection, Sequence

from contracts.sends import SendsWithdrawn
from contracts.words import DeliveryState
from messaging.domain.judgement import Kept
from messaging.domain.sends import Change, SendKey
from runtime.packed import packed
from runtime.transaction import Connection, Transaction

_CANCEL = """
WITH found AS MATERIALIZED (
    SELECT s.launch, s.contact_id, s.step, s.occurrence, s.state::text AS previous, w.reason
    FROM withdrawn w JOIN launch l USING (launch_id)
    JOIN send s ON s.launch = l.number AND s.partition = $4 AND s.contact_id = w.contact_id
    WHERE w.launch_id = $1 AND w.contact_id = ANY(string_to_array($2, chr(31))) AND s.state IN ('planned', 'held')
)
UPDATE send s
SET state = 'cancelled', reason = f.reason, changed_at = $3, next_at = NULL, email = NULL, facts = NULL
FROM found f
WHERE s.launch = f.launch AND s.partition = $4 AND s.contact_id = f.contact_id AND s.step = f.step
  AND s.occurrence = f.occurrence
RETURNING s.contact_id, s.step, s.occurrence, s.attempts, f.previous, f.reason
"""


class PostgresWithdrawals:
    """`ports.sends.Withdrawals`."""

    async def keep(self, tx: Transaction, withdrawn: SendsWithdrawn) -> None:
        await tx.connection.execute(
            "INSERT INTO withdrawn (launch_id, contact_id, project, reason)"
            " SELECT $1, t.contact_id, $3, $4 FROM unnest(string_to_array($2, chr(31))) AS t (contact_id)"
            " ON CONFLICT DO NOTHING",
            withdrawn.launch_id,
            packed(withdrawn.contact_ids),
            withdrawn.project,
            withdrawn.reason,
        )

    async def cancel(self, tx: Transaction, launch_id: str, contact_ids: Collection[str]) -> list[Change]:
        rows = await tx.connection.fetch(_CANCEL, launch_id, packed(sorted(contact_ids)), tx.now, tx.number)
        return [
            Change(
                key=SendKey(launch_id, row["contact_id"], row["step"], row["occurrence"]),
                previous=DeliveryState(row["previous"]),
                state=DeliveryState.CANCELLED,
                reason=row["reason"],
                attempts=row["attempts"],
                next_at=None,
            )
            for row in rows
        ]

    async def of(self, connection: Connection, launch_id: str, contact_ids: Sequence[str]) -> dict[str, Kept]:
        rows = await connection.fetch(
            "SELECT contact_id, reason FROM withdrawn"
            " WHERE launch_id = $1 AND contact_id = ANY(string_to_array($2, chr(31)))",
            launch_id,
            packed(contact_ids),
        )
        return {row["contact_id"]: Kept(DeliveryState.CANCELLED, row["reason"]) for row in rows}
