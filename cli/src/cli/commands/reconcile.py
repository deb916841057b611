"""`slipway reconcile`: fetches what every service and the topics say of a launch, and compares it by contact."""

import asyncio
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Annotated, Any

import orjson
import typer
from aiokafka import AIOKafkaConsumer, TopicPartition

from cli.connection import Client, Connection, at, connection
from cli.kafka import ends, reader
from cli.output import Exit, emit_json, fail, print_table, say
from cli.progress import UNDECIDED
from cli.reconcile import SOURCES, Difference, Recount, Row, recount

reconcile = typer.Typer()

SHOWN = 50
PATIENCE = 60.0
"""Seconds to wait for every cursor to pass what the topics held at the start."""


@reconcile.command("reconcile")
def run(
    context: typer.Context,
    launch_id: Annotated[str, typer.Argument(metavar="LAUNCH")],
    as_json: Annotated[bool, typer.Option("--json", help="The recount as one JSON document.")] = False,
) -> None:
    """Recount a launch exactly, from every service and the topics: exit 1 and the differences if anything differs."""
    result = recount_launch(connection(context), launch_id)
    if as_json:
        emit_json(
            {
                "launch_id": launch_id,
                "reconciles": not result.differences,
                "targeted": result.targets,
                "in_progress": result.open,
                "outcomes": result.outcomes,
                "by_reason": result.reasons,
                "deliveries": result.deliveries,
                "differences": [{"contact_id": found.contact_id, "what": found.what} for found in result.differences],
            }
        )
    elif result.differences:
        print_table(["contact", "difference"], [[found.contact_id, found.what] for found in result.differences[:SHOWN]])
        shown = f", {SHOWN} shown" if len(result.differences) > SHOWN else ""
        say(f"{len(result.differences)} differences{shown}", "red")
    else:
        say(f"launch {launch_id} reconciles: {result.targets:,} targets, each in exactly one place", "green")
    if result.differences:
        raise typer.Exit(Exit.NO)


def recount_launch(here: Connection, launch_id: str) -> Recount:
    """Waits until every cursor has passed the ends noted now, then merges the ledgers with the topic."""
    with (
        here.client(timeout=300) as client,
        tempfile.TemporaryDirectory(prefix="slipway-") as folder,
        closing(sqlite3.connect(f"{folder}/topic.db")) as published,
    ):
        mode = _need_targets(client, launch_id)
        asyncio.run(_after_noted_ends(here.kafka, client, launch_id, published))
        ledgers = {service: _ledger(client, launch_id, service) for service in SOURCES if service != "topic"}
        ledgers["topic"] = _published(published)
        result = recount(ledgers, client.get(at("launches", launch_id, "progress")), public=mode == "live")
        clashes = published.execute("SELECT contact_id FROM clash ORDER BY 1").fetchall()
    result.differences.extend(
        Difference(contact, "log.outcomes has it with different content") for (contact,) in clashes
    )
    return result


def _need_targets(client: Client, launch_id: str) -> str:
    """The launch's mode. One that was never requested has no targets: there is nothing to recount."""
    seen = client.get(at("launches", launch_id))
    state = seen["state"]
    if state == "rejected":
        fail(Exit.NO, f"launch {launch_id} was rejected, so it has no targets to recount")
    if state in UNDECIDED:
        fail(Exit.NO, f"launch {launch_id} is {state}, so it has no targets yet", "Recount it once it was requested.")
    return str(seen["mode"])


async def _after_noted_ends(kafka: str, client: Client, launch_id: str, published: sqlite3.Connection) -> None:
    topics = sorted(
        {topic for row in client.get(at("partitions"))["items"] for topic in row["offsets"]} | {"log.outcomes"}
    )
    async with reader(kafka, *topics) as consumer:
        noted = {(tp.topic, tp.partition): offset for tp, offset in (await ends(consumer)).items()}
        _wait_for_cursors(client, noted)
        mine = [tp for tp in consumer.assignment() if tp.topic == "log.outcomes"]
        consumer.assign(mine)
        await _collect(consumer, launch_id, published)


def _wait_for_cursors(client: Client, noted: dict[tuple[str, int], int]) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        behind = [
            f"{row['service']} {topic}/{row['number']} by {noted[topic, row['number']] - offset}"
            for row in client.get(at("partitions"))["items"]
            for topic, offset in row["offsets"].items()
            if offset < noted.get((topic, row["number"]), 0)
        ]
        if not behind:
            return
        if time.monotonic() > deadline:
            fail(
                Exit.NO,
                f"after {PATIENCE:g} s still behind: {'; '.join(behind[:5])}",
                "A recount now would not be exact. `slipway partitions` shows who holds it up.",
            )
        time.sleep(0.3)


async def _collect(consumer: AIOKafkaConsumer, launch_id: str, published: sqlite3.Connection) -> None:
    """Puts the launch's records of `log.outcomes` into a table on disk; repeated ones must be identical."""
    published.execute("CREATE TABLE outcome (contact_id BLOB PRIMARY KEY, value BLOB) WITHOUT ROWID")
    published.execute("CREATE TABLE clash (contact_id TEXT PRIMARY KEY)")
    last = await ends(consumer)
    begin = await consumer.beginning_offsets(list(last))
    for tp in last:
        consumer.seek(tp, begin[tp])
    left = {tp for tp, offset in last.items() if begin[tp] < offset}
    wanted = launch_id.encode()
    while left:
        got: dict[TopicPartition, list[Any]] = await consumer.getmany(*left, timeout_ms=1000)
        for records in got.values():
            for record in records:
                if record.value is not None and wanted in record.value:
                    _keep(published, launch_id, record.value)
        left = {tp for tp in left if await consumer.position(tp) < last[tp]}


def _keep(published: sqlite3.Connection, launch_id: str, value: bytes) -> None:
    outcome = orjson.loads(value)
    if outcome["launch_id"] != launch_id:
        return
    key = outcome["contact_id"].encode()
    new = published.execute("INSERT OR IGNORE INTO outcome VALUES (?, ?)", (key, value)).rowcount
    if not new and published.execute("SELECT value FROM outcome WHERE contact_id = ?", (key,)).fetchone() != (value,):
        published.execute("INSERT OR IGNORE INTO clash VALUES (?)", (outcome["contact_id"],))


def _published(published: sqlite3.Connection) -> Iterator[Row]:
    for (value,) in published.execute("SELECT value FROM outcome ORDER BY contact_id"):
        yield orjson.loads(value)


def _ledger(client: Client, launch_id: str, service: str) -> Iterator[Row]:
    with client.stream(at("launches", launch_id, "ledger"), params={"service": service}) as response:
        for line in response.iter_lines():
            if line:
                yield orjson.loads(line)
