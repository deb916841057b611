"""Changes that are committed and not told yet: a row per transaction and launch, deleted when they are told."""

from collections import defaultdict
from collections.abc import Sequence

import asyncpg

from contracts.words import DeliveryState
from messaging.domain.sends import Change, SendKey
from runtime.transaction import Transaction


class PostgresUntold:
    """`ports.sends.Untold`."""

    async def add(self, tx: Transaction, changes: Sequence[Change]) -> None:
        by_launch: dict[str, list[Change]] = defaultdict(list)
        for change in changes:
            by_launch[change.key.launch_id].append(change)
        for launch_id, same in sorted(by_launch.items()):
            await tx.connection.execute(
                "INSERT INTO untold (partition, launch_id, contact_ids, steps, occurrences, previous, states,"
                " reasons, attempts) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                tx.number,
                launch_id,
                [change.key.contact_id for change in same],
                [change.key.step for change in same],
                [change.key.occurrence for change in same],
                [change.previous for change in same],
                [change.state for change in same],
                [change.reason for change in same],
                [change.attempts for change in same],
            )

    async def take(self, tx: Transaction, limit: int) -> tuple[dict[str, list[Change]], bool]:
        rows = await tx.connection.fetch(
            "WITH taken AS ("
            " DELETE FROM untold WHERE (partition, place) IN"
            " (SELECT partition, place FROM untold WHERE partition = $1 ORDER BY place LIMIT $2) RETURNING *)"
            " SELECT * FROM taken ORDER BY place",
            tx.number,
            limit,
        )
        taken: dict[str, list[Change]] = defaultdict(list)
        for row in rows:
            taken[row["launch_id"]].extend(_changes(row))
        return taken, len(rows) == limit


def _changes(row: asyncpg.Record) -> list[Change]:
    columns = ("contact_ids", "steps", "occurrences", "previous", "states", "reasons", "attempts")
    return [
        Change(
            SendKey(row["launch_id"], contact_id, step, occurrence),
            DeliveryState(previous),
            DeliveryState(state),
            reason,
            attempts,
            None,
        )
        for contact_id, step, occurrence, previous, state, reason, attempts in zip(
            *(row[column] for column in columns), strict=True
        )
    ]
