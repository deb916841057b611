"""Process instances, the cohorts in which they stand, and refused targets."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import orjson

from executor.adapters import standing
from executor.domain.cohort import Cohort, Roll, Status
from executor.domain.contact_data import entries, pick
from executor.domain.launch import Launch
from executor.ports import Known, Standing
from runtime.packed import packed
from runtime.rows import expect, written
from runtime.transaction import Lease, Transaction

_START = """
WITH made AS (
    INSERT INTO cohort (launch, partition, status, step, occurrences, messages, due_at, overlay, facts, started_at,
                        ended_at, outcome, reason, size, members)
    VALUES ($1, $2, $3, $4, $5::text::json, $6, $7, $8::text::json, $9, $10, $11, $12, $13, $14, $15) RETURNING number
)
INSERT INTO process_instance (launch, cohort, revision, partition, contact_id, facts)
SELECT $1, (SELECT number FROM made), t.revision, $2, t.contact_id, t.facts
FROM unnest(unpacked($16), unpacked($17)::integer[], unpacked($18)::json[]) AS t (contact_id, revision, facts)
"""

_LEAVE = """
WITH made AS (
    INSERT INTO cohort (launch, partition, status, step, occurrences, messages, due_at, overlay, facts, started_at,
                        ended_at, outcome, reason, size, members)
    VALUES ($1, $2, $3, $4, $5::text::json, $6, $7, $8::text::json, $9, $10, $11, $12, $13, $14, $15) RETURNING number
)
UPDATE process_instance SET cohort = (SELECT number FROM made), facts = CASE WHEN $9 THEN facts END
WHERE launch = $1 AND partition = $2 AND contact_id = ANY(unpacked($16))
"""

_MOVE = """
UPDATE cohort
SET status = $3, step = $4, occurrences = $5::text::json, messages = $6, due_at = $7, overlay = $8::text::json,
    facts = $9, ended_at = $10, outcome = $11, reason = $12
WHERE launch = $1 AND number = ANY($2::integer[])
"""

_SHRINK = "UPDATE cohort SET size = size - $3 WHERE launch = $1 AND number = $2 RETURNING size"


class PostgresInstances:
    async def known(self, tx: Transaction, launch: Launch, ids: list[str], revisions: list[int]) -> Known:
        packed_ids = packed(ids)
        decided = await tx.connection.fetch(
            """
            SELECT contact_id FROM process_instance
            WHERE launch = $1 AND partition = $3 AND contact_id = ANY(unpacked($2))
            UNION ALL
            SELECT contact_id FROM refused_target WHERE launch = $1 AND contact_id = ANY(unpacked($2))
            """,
            launch.number,
            packed_ids,
            tx.number,
        )
        newer = await tx.connection.fetch(
            """
            WITH stored AS MATERIALIZED (
                SELECT contact_id, revision, contact, suppressed FROM contact_state
                WHERE project = $1 AND partition = $4 AND contact_id = ANY(unpacked($2))
            )
            SELECT t.place - 1 AS member, s.revision AS newer, s.contact, s.suppressed
            FROM unnest(unpacked($2), unpacked($3)::bigint[]) WITH ORDINALITY AS t (contact_id, revision, place)
            JOIN stored s ON s.contact_id = t.contact_id AND s.revision > t.revision
            """,
            launch.project,
            packed_ids,
            packed([str(each) for each in revisions]),
            tx.number,
        )
        repeated = {row["contact_id"] for row in decided}
        return Known(
            decided=frozenset(member for member, id in enumerate(ids) if id in repeated) if repeated else frozenset(),
            newer={row["member"]: standing.newer_of(row) for row in newer},
        )

    async def insert(self, tx: Transaction, launch: Launch, roll: Roll, cohort: Cohort) -> None:
        assert roll.snapshot is not None
        ids, revisions = pick(roll.contact_ids, cohort.members), pick(roll.snapshot.revisions, cohort.members)
        keeps = _keeps_facts(launch, cohort)
        kept = entries(roll.snapshot, cohort.members) if keeps else []
        packed_ids = packed(ids)
        await tx.connection.execute(
            _START,
            *(launch.number, tx.number, *_place(cohort), keeps, tx.now, *_end(tx, cohort), len(ids)),
            None if cohort.status is Status.ENDED else packed_ids,
            packed_ids,
            packed([str(each) for each in revisions]),
            packed([orjson.dumps(entry).decode() for entry in kept]),
        )

    async def decided(self, tx: Transaction, launch: Launch, contact_id: str) -> bool:
        return bool(
            await tx.connection.fetchval(
                """
                SELECT EXISTS (SELECT FROM process_instance WHERE launch = $1 AND partition = $3 AND contact_id = $2)
                    OR EXISTS (SELECT FROM refused_target WHERE launch = $1 AND contact_id = $2)
                """,
                launch.number,
                contact_id,
                tx.number,
            )
        )

    async def refuse(self, tx: Transaction, launch: Launch, ids: list[str], reasons: list[str]) -> None:
        await tx.connection.execute(
            "INSERT INTO refused_target (launch, contact_id, reason) SELECT $1, * FROM unnest($2::text[], $3::text[])",
            launch.number,
            ids,
            reasons,
        )

    async def standing(
        self, tx: Transaction, launch: Launch, ids: Collection[str], statuses: Collection[Status]
    ) -> Standing:
        return await standing.of_contacts(tx, launch, ids, statuses)

    async def open(self, tx: Transaction, launch: Launch, limit: int) -> Standing:
        return await standing.of_partition(tx, launch, limit)

    async def any_due(self, lease: Lease) -> bool:
        return bool(
            await lease.pool.fetchval(
                "SELECT EXISTS (SELECT FROM cohort WHERE partition = $1 AND due_at <= now())", lease.number
            )
        )

    async def due(self, tx: Transaction, limit: int) -> dict[str, Standing]:
        return await standing.due(tx, limit)

    async def move(self, tx: Transaction, launch: Launch, roll: Roll, cohorts: Sequence[Cohort]) -> None:
        """A stored cohort that goes as a whole takes its instances along; else those that go leave it for a new one."""
        left: dict[int, int] = {}
        whole: dict[tuple[Any, ...], list[Cohort]] = {}
        parts: dict[tuple[Any, ...], list[Cohort]] = {}
        for cohort in cohorts:
            origin = cohort.origin
            assert origin is not None, "an instance that was not read back cannot be moved"
            keeps = origin.facts and _keeps_facts(launch, cohort)
            place = (*_place(cohort), keeps)
            size = left.get(origin.number, origin.size)
            left[origin.number] = size - len(cohort.members)
            if len(cohort.members) == size and keeps == origin.facts:
                whole.setdefault((*place, *_end(tx, cohort)), []).append(cohort)
            else:
                parts.setdefault((*place, origin.started_at, *_end(tx, cohort)), []).append(cohort)
        for how, alike in parts.items():
            await self._leave(tx, launch, roll, alike, how)
        for how, alike in whole.items():
            numbers = [cohort.origin.number for cohort in alike if cohort.origin is not None]
            status = await tx.connection.execute(_MOVE, launch.number, numbers, *how)
            expect(tx, len(numbers), written(status), f"cohorts of launch {launch.launch_id}")

    async def _leave(
        self, tx: Transaction, launch: Launch, roll: Roll, cohorts: list[Cohort], how: tuple[Any, ...]
    ) -> None:
        ids = [id for cohort in cohorts for id in pick(roll.contact_ids, cohort.members)]
        packed_ids = packed(ids)
        members = None if cohorts[0].status is Status.ENDED else packed_ids
        status = await tx.connection.execute(_LEAVE, launch.number, tx.number, *how, len(ids), members, packed_ids)
        expect(tx, len(ids), written(status), f"instances of launch {launch.launch_id}")
        left = [(cohort.origin.number, len(cohort.members)) for cohort in cohorts if cohort.origin is not None]
        shrunk = await tx.connection.fetchmany(_SHRINK, [(launch.number, number, gone) for number, gone in left])
        expect(tx, len(left), len(shrunk), f"cohorts that instances of launch {launch.launch_id} left")
        emptied = [number for (number, _), row in zip(left, shrunk, strict=True) if row["size"] == 0]
        if emptied:
            await tx.connection.execute(
                "DELETE FROM cohort WHERE launch = $1 AND number = ANY($2::integer[])", launch.number, emptied
            )

    async def resume(self, tx: Transaction, launch_id: str, limit: int) -> bool:
        resumed = await tx.connection.fetch(
            """
            UPDATE cohort SET due_at = $4
            WHERE launch = (SELECT number FROM launch WHERE launch_id = $1) AND number = ANY(ARRAY(
                SELECT number FROM cohort
                WHERE launch = (SELECT number FROM launch WHERE launch_id = $1) AND partition = $2
                  AND outcome IS NULL AND status = $5 AND due_at IS NULL
                ORDER BY number LIMIT $3))
            RETURNING number
            """,
            launch_id,
            tx.number,
            limit,
            tx.now,
            Status.PAUSED,
        )
        return len(resumed) == limit

    async def open_of_deleted(self, tx: Transaction, deleted: Mapping[tuple[str, str], int]) -> dict[str, list[str]]:
        rows = await tx.connection.fetch(
            """
            SELECT s.launch_id, i.contact_id
            FROM unnest($2::text[], $3::text[], $4::bigint[]) AS d (project, contact_id, revision)
            CROSS JOIN LATERAL (
                SELECT s.launch_id FROM launch_share s
                WHERE s.partition = $1 AND s.open > 0 AND s.project = d.project OFFSET 0
            ) AS s
            CROSS JOIN LATERAL (SELECT number FROM launch WHERE launch_id = s.launch_id LIMIT 1) AS l
            CROSS JOIN LATERAL (
                SELECT p.contact_id, p.cohort FROM process_instance p
                WHERE p.launch = l.number AND p.partition = $1 AND p.contact_id = d.contact_id
                  AND p.revision < d.revision LIMIT 1
            ) AS i
            CROSS JOIN LATERAL (
                SELECT FROM cohort WHERE launch = l.number AND number = i.cohort AND outcome IS NULL LIMIT 1
            ) AS c
            """,
            tx.number,
            [project for project, _ in deleted],
            [contact_id for _, contact_id in deleted],
            list(deleted.values()),
        )
        found: dict[str, list[str]] = {}
        for row in rows:
            found.setdefault(row["launch_id"], []).append(row["contact_id"])
        return found


def _place(cohort: Cohort) -> tuple[Any, ...]:
    """Status, step, occurrences, messages, due_at, overlay."""
    occurrences, overlay = _json(cohort.occurrences), _json(cohort.overlay)
    return cohort.status, cohort.step, occurrences, cohort.messages, cohort.due_at, overlay


def _json(values: Mapping[str, Any] | None) -> str | None:
    return orjson.dumps(values, option=orjson.OPT_SORT_KEYS).decode() if values else None


def _end(tx: Transaction, cohort: Cohort) -> tuple[Any, ...]:
    """ended_at, outcome, reason."""
    return (tx.now if cohort.status is Status.ENDED else None), cohort.outcome, cohort.reason


def _keeps_facts(launch: Launch, cohort: Cohort) -> bool:
    """Only while a step ahead reads contact data."""
    match cohort.status:
        case Status.ENDED:
            return False
        case Status.PAUSED:
            return cohort.step in launch.flow.reading
        case Status.INCIDENT:
            return True
        case _:
            return launch.flow.reads_after(cohort.step)
