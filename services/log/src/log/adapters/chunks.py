"""Chunks, steps and incidents in PostgreSQL: what lists and timelines are made of."""

from collections.abc import Sequence

from contracts.outcomes import StepsCounted
from log.domain.chunks import Chunk
from log.domain.controls import Control
from runtime.packed import packed
from runtime.transaction import Transaction

_ADD = """
WITH added AS (
    INSERT INTO event_chunk (launch, partition, event_id, project, kind, at, step, contact_ids, said, occurrences)
    VALUES ($1, $2, $3, $4, $5, $6, $7, string_to_array($8, chr(31)), $9, $10) ON CONFLICT DO NOTHING RETURNING 1
)
SELECT count(*) FROM added
"""

_COUNT_STEPS = """
INSERT INTO steps_counted (launch, partition, project, revision, entered) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (launch, partition) DO UPDATE SET revision = EXCLUDED.revision, entered = EXCLUDED.entered
WHERE steps_counted.revision < EXCLUDED.revision
"""

_OPEN = """
INSERT INTO incident (launch, contact_id, said, project, opened_at)
SELECT $1, *, $4, $5 FROM unnest($2::text[], $3::text[])
ON CONFLICT (launch, contact_id) DO UPDATE SET said = EXCLUDED.said, opened_at = EXCLUDED.opened_at
"""

# A chunk of which nobody is left stays: a repetition of its record would bring them back.
_FORGET_WAYS = """
UPDATE event_chunk SET contact_ids = ARRAY(
    SELECT id FROM unnest(contact_ids) WITH ORDINALITY AS each (id, place) WHERE id <> ALL ($3::text[]) ORDER BY place
)
WHERE project = $1 AND partition = $2 AND kind = 'way'
  AND EXISTS (SELECT FROM unnest(contact_ids) AS each (id) WHERE id = ANY ($3::text[]))
"""


class PostgresChunks:
    async def add(self, tx: Transaction, chunks: Sequence[tuple[int, Chunk]]) -> Sequence[bool]:
        rows = await tx.connection.fetchmany(
            _ADD,
            [
                (
                    number,
                    tx.number,
                    chunk.event_id,
                    chunk.project,
                    chunk.kind,
                    chunk.at,
                    chunk.step,
                    packed(chunk.contact_ids),
                    chunk.said,
                    chunk.occurrences,
                )
                for number, chunk in chunks
            ],
        )
        return [row["count"] == 1 for row in rows]

    async def open_incidents(self, tx: Transaction, number: int, chunk: Chunk) -> None:
        await tx.connection.execute(_OPEN, number, chunk.contact_ids, chunk.said, chunk.project, chunk.at)

    async def close_incidents(self, tx: Transaction, number: int, chunk: Chunk) -> None:
        await tx.connection.execute(
            "DELETE FROM incident WHERE launch = $1 AND contact_id = ANY($2::text[])", number, chunk.contact_ids
        )

    async def count_steps(self, tx: Transaction, number: int, steps: StepsCounted) -> None:
        await tx.connection.execute(_COUNT_STEPS, number, steps.number, steps.project, steps.revision, steps.entered)

    async def note(self, tx: Transaction, number: int, project: str, controls: Sequence[Control]) -> None:
        await tx.connection.executemany(
            "INSERT INTO control_event (launch, event_id, what, project, at, detail) VALUES ($1, $2, $3, $4, $5, $6)"
            " ON CONFLICT DO NOTHING",
            [(number, each.event_id, each.what, project, each.at, each.detail) for each in controls],
        )

    async def forget_ways(self, tx: Transaction, project: str, contact_ids: Sequence[str]) -> None:
        await tx.connection.execute(_FORGET_WAYS, project, tx.number, contact_ids)
