"""Process instances and refused targets."""

from collections.abc import Collection, Mapping
from datetime import datetime
from itertools import groupby
from typing import Any

import orjson

from executor.adapters.standing import newer_of, standing
from executor.domain.advance import OPEN
from executor.domain.cohort import Cohort, Roll, Status
from executor.domain.contact_data import entries, pick
from executor.domain.launch import Launch
from executor.ports import Known, Standing
from runtime.packed import packed
from runtime.transaction import Lease, Transaction


class PostgresInstances:
    async def known(self, tx: Transaction, launch: Launch, ids: list[str], revisions: list[int]) -> Known:
        packed_ids = packed(ids)
        decided = await tx.connection.fetch(
            """
            SELECT contact_id FROM process_instance WHERE launch_id = $1 AND contact_id = ANY(unpacked($2))
            UNION ALL
            SELECT contact_id FROM refused_target WHERE launch_id = $1 AND contact_id = ANY(unpacked($2))
            """,
            launch.launch_id,
            packed_ids,
        )
        newer = await tx.connection.fetch(
            """
            WITH stored AS MATERIALIZED (
                SELECT contact_id, revision, contact, suppressed FROM contact_state
                WHERE project = $1 AND contact_id = ANY(unpacked($2))
            )
            SELECT t.place - 1 AS member, s.revision AS newer, s.contact, s.suppressed
            FROM unnest(unpacked($2), unpacked($3)::bigint[]) WITH ORDINALITY AS t (contact_id, revision, place)
            JOIN stored s ON s.contact_id = t.contact_id AND s.revision > t.revision
            """,
            launch.project,
            packed_ids,
            packed([str(each) for each in revisions]),
        )
        repeated = {row["contact_id"] for row in decided}
        return Known(
            decided=frozenset(member for member, id in enumerate(ids) if id in repeated) if repeated else frozenset(),
            newer={row["member"]: newer_of(row) for row in newer},
        )

    async def insert(self, tx: Transaction, launch: Launch, roll: Roll, cohort: Cohort) -> None:
        assert roll.snapshot is not None
        ids, revisions = pick(roll.contact_ids, cohort.members), pick(roll.snapshot.revisions, cohort.members)
        kept = entries(roll.snapshot, cohort.members) if _keeps_facts(launch, cohort) else []
        await tx.connection.execute(
            """
            INSERT INTO process_instance (launch_id, contact_id, partition, project, version, status, step,
                                          occurrences, messages, revision, due_at, facts, started_at, ended_at,
                                          outcome, reason)
            SELECT $1, t.contact_id, $2, $3, $4, $5, $6, $7::text::json, $8, t.revision, $9, t.facts, $10, $11, $12, $13
            FROM unnest(unpacked($14), unpacked($15)::bigint[], unpacked($16)::json[])
                AS t (contact_id, revision, facts)
            """,
            launch.launch_id,
            tx.number,
            launch.project,
            launch.version,
            cohort.status,
            cohort.step,
            _occurrences(cohort),
            cohort.messages,
            cohort.due_at,
            tx.now,
            tx.now if cohort.status is Status.ENDED else None,
            cohort.outcome,
            cohort.reason,
            packed(ids),
            packed([str(each) for each in revisions]),
            packed([orjson.dumps(entry).decode() for entry in kept]),
        )

    async def refuse(self, tx: Transaction, launch: Launch, ids: list[str], reasons: list[str]) -> None:
        await tx.connection.execute(
            """
            INSERT INTO refused_target (launch_id, contact_id, partition, project, reason, refused_at)
            SELECT $1, t.contact_id, $2, $3, t.reason, $4
            FROM unnest($5::text[], $6::text[]) AS t (contact_id, reason)
            """,
            launch.launch_id,
            tx.number,
            launch.project,
            tx.now,
            ids,
            reasons,
        )

    async def standing(
        self, tx: Transaction, launch_id: str, ids: Collection[str], statuses: Collection[Status]
    ) -> Standing:
        rows = await tx.connection.fetch(
            """
            SELECT * FROM standing
            WHERE launch_id = $1 AND contact_id = ANY(unpacked($2)) AND status = ANY($3::text[])
            """,
            launch_id,
            packed(ids),
            list(statuses),
        )
        return standing(rows)

    async def open_after(self, tx: Transaction, launch_id: str, after: str, limit: int) -> Standing:
        rows = await tx.connection.fetch(
            """
            SELECT * FROM standing
            WHERE launch_id = $1 AND contact_id > $2 AND partition = $3 AND status = ANY($4::text[])
            ORDER BY contact_id LIMIT $5
            """,
            launch_id,
            after,
            tx.number,
            list(OPEN),
            limit,
        )
        return standing(rows)

    async def any_due(self, lease: Lease) -> bool:
        return bool(
            await lease.pool.fetchval(
                "SELECT EXISTS (SELECT FROM process_instance WHERE partition = $1 AND due_at <= now())", lease.number
            )
        )

    async def due(self, tx: Transaction, limit: int) -> dict[str, Standing]:
        rows = await tx.connection.fetch(
            """
            SELECT * FROM standing
            WHERE partition = $1 AND due_at <= $2 ORDER BY due_at LIMIT $3
            """,
            tx.number,
            tx.now,
            limit,
        )

        def by_launch(row: Any) -> str:
            return str(row["launch_id"])

        return {id: standing(list(group)) for id, group in groupby(sorted(rows, key=by_launch), by_launch)}

    async def move(self, tx: Transaction, launch: Launch, ids: list[str], cohort: Cohort) -> None:
        await tx.connection.execute(
            """
            UPDATE process_instance
            SET status = $3, step = $4, occurrences = $5::text::json, messages = $6, due_at = $7, ended_at = $8,
                outcome = $9, reason = $10, facts = CASE WHEN $11 THEN facts END
            WHERE launch_id = $1 AND contact_id = ANY(unpacked($2))
            """,
            launch.launch_id,
            packed(ids),
            cohort.status,
            cohort.step,
            _occurrences(cohort),
            cohort.messages,
            cohort.due_at,
            tx.now if cohort.status is Status.ENDED else None,
            cohort.outcome,
            cohort.reason,
            _keeps_facts(launch, cohort),
        )

    async def postpone(self, tx: Transaction, launch_id: str, ids: list[str], until: datetime) -> None:
        await tx.connection.execute(
            "UPDATE process_instance SET due_at = $3 WHERE launch_id = $1 AND contact_id = ANY(unpacked($2))",
            launch_id,
            packed(ids),
            until,
        )

    async def resume(self, tx: Transaction, launch_id: str, after: str, limit: int) -> str | None:
        ids: list[str] = await tx.connection.fetchval(
            """
            WITH resumed AS (
                UPDATE process_instance SET due_at = $5
                WHERE launch_id = $1 AND contact_id = ANY(ARRAY(
                    SELECT contact_id FROM process_instance
                    WHERE launch_id = $1 AND contact_id > $2 AND partition = $3 AND status = $6
                    ORDER BY contact_id LIMIT $4))
                RETURNING contact_id)
            SELECT coalesce(array_agg(contact_id), '{}') FROM resumed
            """,
            launch_id,
            after,
            tx.number,
            limit,
            tx.now,
            Status.PAUSED,
        )
        return max(ids) if len(ids) == limit else None

    async def open_of_deleted(self, tx: Transaction, deleted: Mapping[tuple[str, str], int]) -> dict[str, list[str]]:
        rows = await tx.connection.fetch(
            """
            SELECT i.launch_id, i.contact_id
            FROM unnest($2::text[], $3::text[], $4::bigint[]) AS d (project, contact_id, revision)
            CROSS JOIN LATERAL (
                SELECT s.launch_id FROM launch_share s
                WHERE s.partition = $1 AND s.open > 0 AND s.project = d.project OFFSET 0
            ) AS s
            CROSS JOIN LATERAL (
                SELECT p.launch_id, p.contact_id FROM process_instance p
                WHERE p.launch_id = s.launch_id AND p.contact_id = d.contact_id
                  AND p.revision < d.revision AND p.status = ANY($5::text[]) LIMIT 1
            ) AS i
            """,
            tx.number,
            [project for project, _ in deleted],
            [contact_id for _, contact_id in deleted],
            list(deleted.values()),
            list(OPEN),
        )
        found: dict[str, list[str]] = {}
        for row in rows:
            found.setdefault(row["launch_id"], []).append(row["contact_id"])
        return found


def _occurrences(cohort: Cohort) -> str | None:
    return orjson.dumps(cohort.occurrences, option=orjson.OPT_SORT_KEYS).decode() if cohort.occurrences else None


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
