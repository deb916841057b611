"""Changes that are committed and not told yet: a row per transaction and launch, deleted when they are told."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import orjson

from contracts.words import DeliveryState
from messaging.domain.sends import Change, SendKey
from runtime.transaction import Transaction


class PostgresUntold:
    """`ports.Untold`."""

    async def add(self, tx: Transaction, changes: Sequence[Change]) -> None:
        by_launch: dict[str, list[Change]] = defaultdict(list)
        for change in changes:
            by_launch[change.key.launch_id].append(change)
        for launch_id, same in sorted(by_launch.items()):
            await tx.connection.execute(
                "INSERT INTO untold (partition, launch_id, changes) VALUES ($1, $2, $3)",
                tx.number,
                launch_id,
                orjson.dumps(_runs(same)).decode(),
            )

    async def take(self, tx: Transaction, limit: int) -> tuple[dict[str, list[Change]], bool]:
        rows = await tx.connection.fetch(
            "WITH taken AS ("
            " DELETE FROM untold WHERE (partition, place) IN"
            " (SELECT partition, place FROM untold WHERE partition = $1 ORDER BY place LIMIT $2) RETURNING *)"
            " SELECT launch_id, changes FROM taken ORDER BY place",
            tx.number,
            limit,
        )
        taken: dict[str, list[Change]] = defaultdict(list)
        for row in rows:
            taken[row["launch_id"]].extend(_changes(row["launch_id"], orjson.loads(row["changes"])))
        return taken, len(rows) == limit


def _runs(changes: Sequence[Change]) -> list[list[Any]]:
    """Changes one after the other that differ in nothing but their contact, said once. Their order matters: a send may
    change twice in a transaction."""
    return [[*shared, [change.key.contact_id for change in run]] for shared, run in groupby(changes, _shared)]


def _shared(change: Change) -> tuple[object, ...]:
    key = change.key
    return key.step, key.occurrence, change.previous, change.state, change.reason, change.attempts


def _changes(launch_id: str, runs: Sequence[Sequence[Any]]) -> Iterator[Change]:
    for step, occurrence, previous, state, reason, attempts, contact_ids in runs:
        before, after = DeliveryState(previous), DeliveryState(state)
        for contact_id in contact_ids:
            yield Change(SendKey(launch_id, contact_id, step, occurrence), before, after, reason, attempts, None)
