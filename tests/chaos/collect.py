"""Collects what a live platform holds into a `Run`: every topic to its end, the tables, the ledgers.

python -m chaos.collect HOME [FOLDER]     judges it; with FOLDER also writes it there
"""

import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

from chaos.oracle.plain import Command, Record, Row, Run
from chaos.tables import EVERYWHERE, OF, SERVICES

OURS = re.compile(r"^(crm|launcher|contacts|executor|messaging|log)\.")
CHUNK = 5_000
"""Rows and records that are fetched at once."""
OWN = ("ce_id", "ce_time", "traceparent")
"""Headers that differ from record to record; the others are held once."""


@dataclass(frozen=True)
class Place:
    """Where a platform is."""

    kafka: str
    postgres: str
    """With `{service}` for the database."""
    home: Path

    @classmethod
    def of(cls, home: Path) -> "Place":
        """The one that runs there."""
        state = json.loads((home / "state.json").read_text())
        return cls(state["kafka"], state["postgres"], home)

    @property
    def commands(self) -> Path:
        """The ledger of commands; whoever drives the platform writes it."""
        return self.home / "commands.jsonl"

    @property
    def mails(self) -> Path:
        return self.home / "mails.jsonl"

    async def connect(self, service: str) -> "asyncpg.Connection[asyncpg.Record]":
        dsn = self.postgres.replace("{service}", service)
        return await asyncpg.connect(dsn, server_settings={"application_name": "oracle"})


async def call_witness(place: Place) -> None:
    """Installs the triggers of `witness.sql` in every database; doing it again changes nothing."""
    sql = (Path(__file__).parent / "witness.sql").read_text()
    for service in SERVICES:
        connection = await place.connect(service)
        try:
            await connection.execute(sql)
        finally:
            await connection.close()


async def collect(place: Place, **more: Any) -> Run:
    """Everything. `more` are fields of `Run` that only the driver of the run knows."""
    records, ends = await _records(place.kafka)
    rows = {service: await _rows(place, service) for service in SERVICES}
    connection = await place.connect("log")
    try:
        now = await connection.fetchval("SELECT clock_timestamp()")
    finally:
        await connection.close()
    mails = [_short(line) for line in lines(place.mails)]
    return Run(rows, records, mails, commands_of(place), ends=ends, at=_plain(now), **more)


def commands_of(place: Place) -> Sequence[Command]:
    """Everything that askers were told, each thing once."""
    return list(dict.fromkeys(Command(**line) for line in lines(place.commands)))


def lines(file: Path) -> Iterable[dict[str, Any]]:
    """Of a ledger; a last one that is cut short was never answered."""
    if not file.exists():
        return
    with file.open("rb") as opened:
        for line in opened:
            if line.endswith(b"\n"):
                yield json.loads(line)


@asynccontextmanager
async def reading(kafka: str) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer without a group, at the beginning of all our topics."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=kafka,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=4 << 20,
    )
    try:
        await consumer.start()
        partitions = await partitions_of(consumer)
        consumer.assign(partitions)
        for partition, offset in (await consumer.beginning_offsets(partitions)).items():
            consumer.seek(partition, offset)
        yield consumer
    finally:
        await consumer.stop()


async def partitions_of(consumer: AIOKafkaConsumer) -> list[TopicPartition]:
    """Of all our topics."""
    cluster = await consumer._client.fetch_all_metadata()
    names = [name for name in sorted(cluster.topics()) if OURS.match(name)]
    return [TopicPartition(name, number) for name in names for number in cluster.partitions_for_topic(name)]


async def ends_of(consumer: AIOKafkaConsumer) -> Mapping[TopicPartition, int]:
    found: Mapping[TopicPartition, int] = await consumer.end_offsets(list(consumer.assignment()))
    return found


async def _records(kafka: str) -> tuple[Sequence[Record], Mapping[tuple[str, int], int]]:
    """All records up to the ends noted at the beginning, and these ends."""
    found: list[Record] = []
    once: dict[tuple[str, bytes], tuple[str, bytes]] = {}
    async with reading(kafka) as consumer:
        ends = await ends_of(consumer)
        left = {partition for partition, end in ends.items() if await consumer.position(partition) < end}
        while left:
            for partition, raw in (await consumer.getmany(*left, timeout_ms=500, max_records=CHUNK)).items():
                found.extend(_record(one, once) for one in raw if one.offset < ends[partition])
            left = {partition for partition in left if await consumer.position(partition) < ends[partition]}
    found.sort(key=lambda record: (record.topic, record.partition, record.offset))
    return found, {(partition.topic, partition.partition): end for partition, end in ends.items()}


def _record(raw: Any, once: dict[tuple[str, bytes], tuple[str, bytes]]) -> Record:
    headers = tuple(pair if pair[0] in OWN else once.setdefault(pair, pair) for pair in raw.headers)
    return Record(sys.intern(raw.topic), raw.partition, raw.offset, raw.timestamp, raw.key, headers, raw.value)


async def _rows(place: Place, service: str) -> dict[str, Sequence[Row]]:
    """Of one moment."""
    connection = await place.connect(service)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            queries = {**EVERYWHERE, **OF[service]}
            return {name: await _table(connection, name, sql) for name, sql in queries.items()}
    finally:
        await connection.close()


async def _table(connection: "asyncpg.Connection[asyncpg.Record]", name: str, sql: str) -> list[Row]:
    source = re.search(r"FROM ([\w.]+)", sql)
    assert source is not None, f"{name}: no table in {sql}"
    if await connection.fetchval("SELECT to_regclass($1)", source.group(1)) is None:
        return []  # no witness was called, or the service has no such table
    found: list[Row] = []
    async for row in connection.cursor(sql, prefetch=CHUNK):
        found.append({column: _plain(value) for column, value in row.items()})
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return sys.intern(value) if isinstance(value, str) else value


def _short(mail: dict[str, Any]) -> Row:
    return {name: mail[name] for name in ("at", "message_id", "rcpt", "subject")}


def main() -> None:
    from chaos.dump import save
    from chaos.oracle.judge import judge

    run = asyncio.run(collect(Place.of(Path(sys.argv[1]))))
    if len(sys.argv) > 2:
        save(run, Path(sys.argv[2]))
    violations = judge(run)
    print(f"{len(run.records)} records, {len(run.mails)} mails, {len(violations)} violations")
    for violation in violations[:100]:
        print(violation)
    raise SystemExit(bool(violations))


if __name__ == "__main__":
    main()
