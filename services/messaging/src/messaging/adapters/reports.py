"""What providers reported, between the request that brought it and the partition of the message, in PostgreSQL."""

from collections.abc import Sequence

from messaging.domain.deliveries import Act
from messaging.domain.sends import SendKey
from messaging.ports.known import Report
from runtime.ids import derive
from runtime.partitions import partition_of
from runtime.rows import expect, written
from runtime.transaction import Connection, Transaction


async def keep_reports(tx: Transaction, reports: Sequence[Report]) -> None:
    """Each once, until it is taken in; of two that are alike the one that names where the mail went."""
    await tx.connection.executemany(
        "INSERT INTO report (id, partition, launch_id, contact_id, step, occurrence, act, recipient, reason)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO UPDATE"
        " SET recipient = excluded.recipient, reason = excluded.reason"
        " WHERE report.recipient IS NULL AND excluded.recipient IS NOT NULL",
        [
            (
                report_id(report.key, report.act),
                partition_of(report.key.contact_id, tx.partitions),
                *report.key,
                report.act,
                report.recipient,
                report.reason,
            )
            for report in sorted(reports, key=lambda report: report_id(report.key, report.act))
        ],
    )


def report_id(key: SendKey, act: Act) -> str:
    """The same whoever says it, and however often."""
    return derive("reported", *key, act)


class PostgresReports:
    """`ports.known.Reports`."""

    async def of(self, connection: Connection, number: int, limit: int) -> list[Report]:
        rows = await connection.fetch(
            "SELECT launch_id, contact_id, step, occurrence, act, recipient, reason FROM report"
            " WHERE partition = $1 ORDER BY id LIMIT $2",
            number,
            limit,
        )
        return [Report(SendKey(*tuple(row)[:4]), Act(row["act"]), row["recipient"], row["reason"]) for row in rows]

    async def forget(self, tx: Transaction, reports: Sequence[Report]) -> None:
        """Raises Missed if one has got its recipient since it was read: it is to be taken in with that."""
        ids = [report_id(report.key, report.act) for report in reports]
        status = await tx.connection.execute(
            "DELETE FROM report USING unnest($1::text[], $2::text[]) AS read (id, recipient)"
            " WHERE report.id = read.id AND report.recipient IS NOT DISTINCT FROM read.recipient",
            ids,
            [report.recipient for report in reports],
        )
        launches = {report.key.launch_id for report in reports}
        expect(tx, len(ids), written(status), f"reports of launch {', '.join(sorted(launches))}")
