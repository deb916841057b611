"""What people ordered for single contacts, and whose targets have all been read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import asyncpg

from contracts.launches import ContactOrdered
from contracts.outcomes import OrderResult
from executor.domain.launch import Launch
from executor.domain.orders import ContactOrder
from runtime.audit import Audit, Noted
from runtime.packed import packed
from runtime.partitions import partition_of
from runtime.rows import expect
from runtime.transaction import Lease, Transaction

ACTIONS: Final[dict[OrderResult, str]] = {
    "removed": "launch.contact_removed",
    "moved_on": "launch.contact_moved_on",
    **dict.fromkeys(("not_waiting", "ended", "unknown_target"), "launch.contact_unchanged"),
}
"""What the audit calls a result."""
_ORDER = "order_id, launch_id, project, contact_id, kind, ordered_by, trace"


class PostgresContactOrders:
    async def keep(self, tx: Transaction, ordered: Sequence[tuple[ContactOrdered, str | None]]) -> None:
        await tx.connection.executemany(
            """
            INSERT INTO contact_order
                (order_id, partition, launch_id, contact_id, project, kind, ordered_by, ordered_at, trace)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING
            """,
            [
                (
                    event.order_id,
                    partition_of(event.contact_id, tx.partitions),
                    event.launch_id,
                    event.contact_id,
                    event.project,
                    event.kind,
                    event.by,
                    event.at,
                    trace,
                )
                for event, trace in ordered
            ],
        )

    async def any_open(self, lease: Lease) -> bool:
        return bool(
            await lease.pool.fetchval(
                "SELECT EXISTS (SELECT FROM contact_order WHERE partition = $1 AND result IS NULL)", lease.number
            )
        )

    async def open(self, tx: Transaction, limit: int) -> list[ContactOrder]:
        rows = await tx.connection.fetch(
            f"""
            WITH tried AS (
                UPDATE contact_order SET tried_at = $2
                WHERE order_id = ANY(ARRAY(
                    SELECT order_id FROM contact_order WHERE partition = $1 AND result IS NULL
                    ORDER BY tried_at NULLS FIRST, ordered_at, order_id LIMIT $3))
                RETURNING {_ORDER}, ordered_at
            )
            SELECT {_ORDER} FROM tried ORDER BY ordered_at, order_id
            """,  # noqa: S608
            tx.number,
            tx.now,
            limit,
        )
        return [_order(row) for row in rows]

    async def removals(self, tx: Transaction, launch: Launch, ids: list[str]) -> list[ContactOrder]:
        rows = await tx.connection.fetch(
            f"""
            SELECT {_ORDER} FROM contact_order
            WHERE launch_id = $1 AND partition = $2 AND contact_id = ANY(unpacked($3)) AND kind = 'remove'
              AND (result IS NULL OR result = 'unknown_target')
            ORDER BY ordered_at, order_id
            """,  # noqa: S608
            launch.launch_id,
            tx.number,
            packed(ids),
        )
        return [_order(row) for row in rows]

    async def carried_out(self, tx: Transaction, results: Mapping[str, OrderResult]) -> None:
        rows = await tx.connection.fetch(
            f"""
            UPDATE contact_order o SET done_at = $1, result = r.result
            FROM unnest($2::text[], $3::text[]) AS r (done, result) WHERE o.order_id = r.done
            RETURNING {_ORDER}
            """,  # noqa: S608
            tx.now,
            list(results),
            list(results.values()),
        )
        expect(tx, len(results), len(rows), f"orders for contacts ({', '.join(sorted(results)[:3])})")
        noted = [_noted(order, results[order.order_id]) for order in map(_order, rows)]
        await Audit().note_each(tx.connection, tx.now, noted)

    async def targeted(self, tx: Transaction, finished: Mapping[str, str]) -> None:
        await tx.connection.execute(
            """
            INSERT INTO targeting_finished (launch_id, partition, project, read_at)
            SELECT t.launch_id, $1, t.project, $2 FROM unnest($3::text[], $4::text[]) AS t (launch_id, project)
            ON CONFLICT DO NOTHING
            """,
            tx.number,
            tx.now,
            list(finished),
            list(finished.values()),
        )

    async def all_targeted(self, tx: Transaction, launch_id: str, patience: timedelta) -> bool:
        return bool(
            await tx.connection.fetchval(
                """
                SELECT EXISTS (
                    SELECT FROM targeting_finished WHERE launch_id = $1 AND (partition = $2 OR read_at <= $3))
                """,
                launch_id,
                tx.number,
                tx.now - patience,
            )
        )


def _noted(order: ContactOrder, result: OrderResult) -> Noted:
    """Under the name of whoever gave the order."""
    about: dict[str, str] = {"contact": order.contact_id, "order": order.order_id, "kind": order.kind, "result": result}
    return Noted(order.project, order.by, ACTIONS[result], f"launch/{order.launch_id}", about)


def _order(row: Any) -> ContactOrder:
    return ContactOrder(
        row["order_id"],
        row["launch_id"],
        row["project"],
        row["contact_id"],
        row["kind"],
        row["ordered_by"],
        row["trace"],
    )


@dataclass(frozen=True, slots=True)
class OrderRow:
    order_id: str
    launch_id: str
    contact_id: str
    kind: str
    ordered_by: str
    ordered_at: datetime
    result: str | None


class OrdersGiven:
    """Where people look what became of an order, over HTTP."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool

    async def find(self, project: str, launch_id: str, order_id: str) -> OrderRow | None:
        row = await self._pool.fetchrow(
            """
            SELECT order_id, launch_id, contact_id, kind, ordered_by, ordered_at, result FROM contact_order
            WHERE order_id = $1 AND launch_id = $2 AND project = $3
            """,
            order_id,
            launch_id,
            project,
        )
        return None if row is None else OrderRow(**row)
