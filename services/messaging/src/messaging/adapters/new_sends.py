"""Sends of a chunk go into PostgreSQL, at their end or to wait.

Those that are there already are looked for first, and come back: hardly ever any. ON CONFLICT would cost twice as much,
and nobody but the partition's lease writes its sends.
"""

from collections.abc import Sequence
from datetime import datetime

import asyncpg

from messaging.ports.sends import NewSends, Snapshots
from runtime.packed import packed
from runtime.transaction import Transaction

_KNOWN = """
WITH known AS MATERIALIZED (
    SELECT contact_id, occurrence FROM send
    WHERE launch = (SELECT number FROM launch WHERE launch_id = $1) AND partition = $5 AND step = $2
      AND contact_id = ANY(string_to_array($3, chr(31)))
)"""
_NEW_ONE = "NOT EXISTS (SELECT FROM known k WHERE k.contact_id = t.contact_id AND k.occurrence = t.occurrence)"
_ADD_SETTLED = f"""{_KNOWN}, added AS (
    INSERT INTO send (launch, step, contact_id, occurrence, partition, changed_at, state, reason)
    SELECT (SELECT number FROM launch WHERE launch_id = $1), $2, t.*, $5, $6, $7::text::delivery_state, $8
    FROM unnest(string_to_array($3, chr(31)), string_to_array($4, chr(31))::int[]) AS t (contact_id, occurrence)
    WHERE {_NEW_ONE}
)
SELECT contact_id, occurrence FROM known
"""  # noqa: S608
_ADD_WAITING = f"""{_KNOWN}, added AS (
    INSERT INTO send (launch, step, partition, changed_at, state, reason, next_at,
                      contact_id, occurrence, revision, permitted, suppressed, consented, email, facts)
    SELECT (SELECT number FROM launch WHERE launch_id = $1), $2, $5, $6, $7::text::delivery_state, $8, $9, t.*
    FROM unnest(string_to_array($3, chr(31)), string_to_array($4, chr(31))::int[], $10::bigint[], $11::bool[],
                $12::bool[], $13::bool[], $14::text[], $15::json[])
        AS t (contact_id, occurrence, revision, permitted, suppressed, consented, email, facts)
    WHERE {_NEW_ONE}
)
SELECT contact_id, occurrence FROM known
"""  # noqa: S608


async def add_settled(tx: Transaction, sends: NewSends, state: str, reason: str | None) -> list[tuple[str, int]]:
    """(contact id, occurrence) of those that were not there."""
    return _fresh(sends, await tx.connection.fetch(_ADD_SETTLED, *_shared(tx, sends), state, reason))


async def add_waiting(
    tx: Transaction, sends: NewSends, snapshots: Snapshots, state: str, reason: str | None, next_at: datetime | None
) -> list[tuple[str, int]]:
    """Likewise, with what they are judged by when their turn comes."""
    rows = await tx.connection.fetch(
        _ADD_WAITING,
        *_shared(tx, sends),
        state,
        reason,
        next_at,
        snapshots.revisions,
        snapshots.permitted,
        snapshots.suppressed,
        snapshots.consented,
        snapshots.emails,
        snapshots.facts,
    )
    return _fresh(sends, rows)


def _shared(tx: Transaction, sends: NewSends) -> tuple[object, ...]:
    return (
        sends.launch_id,
        sends.step,
        packed(sends.contact_ids),
        packed([str(occurrence) for occurrence in sends.occurrences]),
        tx.number,
        tx.now,
    )


def _fresh(sends: NewSends, known: Sequence[asyncpg.Record]) -> list[tuple[str, int]]:
    asked = list(zip(sends.contact_ids, sends.occurrences, strict=True))
    if not known:
        return asked
    there = {(row["contact_id"], row["occurrence"]) for row in known}
    return [key for key in asked if key not in there]
