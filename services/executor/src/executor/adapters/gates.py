"""Gates from the writing side: the exclusive lock, control states, and orders for the owners of partitions."""

from collections.abc import Collection

from contracts.words import ControlState
from executor.domain.launch import Control, Order, OrderKind
from runtime.transaction import Lease, Transaction


class PostgresGates:
    async def shut(self, tx: Transaction, launch_ids: Collection[str]) -> dict[str, tuple[ControlState, int]]:
        ids = sorted(launch_ids)
        await tx.connection.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(id, 0)) FROM unnest($1::text[]) AS id", ids
        )
        rows = await tx.connection.fetch("SELECT launch_id, state, revision FROM gate WHERE launch_id = ANY($1)", ids)
        return {row["launch_id"]: (ControlState(row["state"]), row["revision"]) for row in rows}

    async def turn(self, tx: Transaction, control: Control, kind: OrderKind | None) -> None:
        await self.renew(tx, control)
        await tx.connection.execute(
            "DELETE FROM work_order WHERE launch_id = $1 AND partition = ANY(ARRAY(SELECT generate_series(0, $2 - 1)))",
            control.launch_id,
            tx.partitions,
        )
        if kind is not None:
            await tx.connection.execute(
                """
                INSERT INTO work_order (partition, launch_id, project, kind, revision, trace)
                SELECT n, $1, $2, $3, $4, $6 FROM generate_series(0, $5 - 1) AS n
                """,
                control.launch_id,
                control.project,
                kind,
                control.revision,
                tx.partitions,
                control.trace,
            )

    async def renew(self, tx: Transaction, control: Control) -> None:
        await tx.connection.execute(
            """
            INSERT INTO gate (launch_id, project, state, revision) VALUES ($1, $2, $3, $4)
            ON CONFLICT (launch_id) DO UPDATE SET state = excluded.state, revision = excluded.revision
            WHERE gate.revision < excluded.revision
            """,
            control.launch_id,
            control.project,
            control.state,
            control.revision,
        )

    async def ordered(self, lease: Lease) -> Order | None:
        row = await lease.pool.fetchrow(
            """
            SELECT launch_id, kind, revision, trace FROM work_order WHERE partition = $1
            ORDER BY revision, launch_id LIMIT 1
            """,
            lease.number,
        )
        if row is None:
            return None
        return Order(row["launch_id"], OrderKind(row["kind"]), row["revision"], row["trace"])

    async def carried_out(self, tx: Transaction, order: Order) -> None:
        await tx.connection.execute(
            "DELETE FROM work_order WHERE partition = $1 AND launch_id = $2 AND revision = $3",
            tx.number,
            order.launch_id,
            order.revision,
        )
