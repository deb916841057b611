"""Where a partition number stands and who owns it: rows of `stream_cursor`, moved by compare-and-set only.

Every consumed topic of a number has a row, and so has `clock`, whose offset counts the transactions of idle jobs.
All rows of a number carry the epoch of its owner; whoever takes the number raises it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from runtime.errors import Fenced
from runtime.transaction import Connection

CLOCK = "clock"
LOCK_TIMEOUT_MS = 12_000
"""Longer than a frozen owner's transaction may live (`database.IDLE_IN_TRANSACTION_MS`)."""

_ADVANCE = """
WITH gone AS (DELETE FROM outbox WHERE consumer = $1 AND lease_partition = $2 AND seq = ANY($7::bigint[]))
UPDATE stream_cursor SET next_offset = $5
WHERE consumer = $1 AND partition = $2 AND topic = $3 AND next_offset = $4 AND epoch = $6
RETURNING date_trunc('milliseconds', clock_timestamp())
"""


class Stopped(Exception):
    """Going on would guess: this partition number waits for a person. The message says what to do."""


@dataclass(frozen=True, slots=True)
class TopicAt:
    """A consumed topic as Kafka has it: its identity, and the log's first and next offset of this partition."""

    id: str
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Position:
    epoch: int
    offsets: Mapping[str, int]
    """Next offset by topic, `clock` included."""


@dataclass(frozen=True, slots=True)
class Owned:
    """A number as the database has it."""

    owner: str
    epoch: int
    offsets: Mapping[str, int]
    """Next offset by topic."""


async def positions(pool: "asyncpg.Pool[asyncpg.Record]", consumer: str) -> dict[int, Owned]:
    """Every number of a consumer, whoever owns it."""
    rows = await pool.fetch(
        "SELECT topic, partition, next_offset, epoch, owner FROM stream_cursor WHERE consumer = $1 ORDER BY topic",
        consumer,
    )
    offsets: dict[int, dict[str, int]] = {}
    for row in rows:
        if row["topic"] != CLOCK:
            offsets.setdefault(row["partition"], {})[row["topic"]] = row["next_offset"]
    clocks = {row["partition"]: row for row in rows if row["topic"] == CLOCK}
    return {number: Owned(row["owner"], row["epoch"], offsets.get(number, {})) for number, row in clocks.items()}


async def acquire(
    connection: Connection, consumer: str, number: int, topics: Mapping[str, TopicAt], owner: str
) -> Position:
    """Take the number: every row's epoch one above the highest. A first row starts at the log's beginning.

    Raises Stopped, and takes nothing, when a topic was made again or records were removed before they were read.
    """
    async with connection.transaction():
        await connection.execute(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}")
        names = sorted(topics)
        await connection.execute(
            "INSERT INTO stream_cursor (consumer, topic, partition, next_offset, epoch, owner, topic_id)"
            " SELECT $1, topic, $2, next_offset, 0, '', topic_id"
            " FROM unnest($3::text[], $4::bigint[], $5::text[]) AS given (topic, next_offset, topic_id)"
            " ON CONFLICT DO NOTHING",
            consumer,
            number,
            [CLOCK, *names],
            [0, *(topics[name].begin for name in names)],
            ["", *(topics[name].id for name in names)],
        )
        rows = await connection.fetch(
            "SELECT topic, next_offset, epoch, topic_id FROM stream_cursor"
            " WHERE consumer = $1 AND partition = $2 ORDER BY topic FOR UPDATE",
            consumer,
            number,
        )
        for row in rows:
            if row["topic"] in topics:
                check(consumer, row["topic"], number, row["next_offset"], row["topic_id"], topics[row["topic"]])
        epoch = max(row["epoch"] for row in rows) + 1
        await connection.execute(
            "UPDATE stream_cursor SET epoch = $3, owner = $4 WHERE consumer = $1 AND partition = $2",
            consumer,
            number,
            epoch,
            owner,
        )
    wanted = {CLOCK, *topics}
    return Position(epoch, {row["topic"]: row["next_offset"] for row in rows if row["topic"] in wanted})


async def reload(
    connection: Connection, consumer: str, number: int, epoch: int, topics: Mapping[str, TopicAt]
) -> Position:
    """After a failure: where do we stand? Also answers whether a COMMIT that got no answer was applied.

    Never raises the epoch. Raises Fenced if it is another's, Stopped as `acquire` does.
    """
    rows = await connection.fetch(
        "SELECT topic, next_offset, topic_id FROM stream_cursor WHERE consumer = $1 AND partition = $2 AND epoch = $3",
        consumer,
        number,
        epoch,
    )
    wanted = {CLOCK, *topics}
    offsets = {row["topic"]: row["next_offset"] for row in rows if row["topic"] in wanted}
    if len(offsets) != len(wanted):
        raise Fenced(f"partition {number}, epoch {epoch}")
    for row in rows:
        if row["topic"] in topics:
            check(consumer, row["topic"], number, row["next_offset"], row["topic_id"], topics[row["topic"]])
    return Position(epoch, offsets)


async def check_owned(connection: Connection, consumer: str, number: int, epoch: int) -> None:
    """Raises Fenced if the number is another's by now."""
    now = await connection.fetchval(
        "SELECT epoch FROM stream_cursor WHERE consumer = $1 AND partition = $2 AND topic = $3", consumer, number, CLOCK
    )
    if now != epoch:
        raise Fenced(f"partition {number}, epoch {epoch}: taken over with epoch {now}")


async def advance(
    connection: Connection,
    consumer: str,
    number: int,
    topic: str,
    *,
    old: int,
    new: int,
    epoch: int,
    delete: Sequence[int] = (),
) -> datetime:
    """The compare-and-set, first in every transaction of a lease; returns PostgreSQL's clock. Raises Fenced.

    `delete`: outbox rows that Kafka has.
    """
    now: datetime | None = await connection.fetchval(_ADVANCE, consumer, number, topic, old, new, epoch, delete)
    if now is None:
        raise Fenced(f"partition {number} of {topic} at {old}, epoch {epoch}")
    return now


def check(consumer: str, topic: str, number: int, next_offset: int, topic_id: str, now: TopicAt) -> None:
    def accept(change: str) -> str:
        where = f"consumer = '{consumer}' AND topic = '{topic}' AND partition = {number}"
        return f"UPDATE stream_cursor SET {change} WHERE {where}; and restart"  # noqa: S608 - advice, not a query

    if topic_id != now.id:
        raise Stopped(
            f"topic {topic} was deleted and made again (id was {topic_id}, is {now.id}): what was not read is lost. "
            "Reconcile the open launches, then accept the new topic: "
            + accept(f"topic_id = '{now.id}', next_offset = {now.begin}")
        )
    if next_offset < now.begin:
        raise Stopped(
            f"records {next_offset} to {now.begin - 1} of {topic} were removed before they were read (retention). "
            "Reconcile the open launches, then accept the gap: " + accept(f"next_offset = {now.begin}")
        )
    if next_offset > now.end:
        raise Stopped(
            f"{topic} ends at {now.end}, but was read up to {next_offset}: the broker has lost records. "
            "Restore it, or reconcile and accept: " + accept(f"next_offset = {now.end}")
        )
