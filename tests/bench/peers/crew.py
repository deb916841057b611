"""What the limit and the peers have in common: their tables and topics, their processes, their clock.

All do the same work per contact: read it, insert its instance, publish that it is done, read that back, update the
instance. They differ in how much of it one record and one transaction hold. Topics, table and durability are the
same for all: `acks=all`, idempotent producer, committed transactions with fsync.
"""

import asyncio
import json
import logging
import multiprocessing
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from multiprocessing.synchronize import Event, Semaphore
from typing import Any

import asyncpg
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from bench.measure import Meter

TARGETS, DONE = "limit.targets", "limit.done"
INSERT = """
    INSERT INTO limit_instance (launch_id, contact_id, status, started_at)
    SELECT 'limit', unnest($1::text[]), 'waiting', now() ON CONFLICT DO NOTHING
"""
UPDATE = """
    UPDATE limit_instance SET status = 'ended', ended_at = now()
    FROM unnest($1::text[]) AS id WHERE launch_id = 'limit' AND contact_id = id
"""


@dataclass(frozen=True)
class Shape:
    kafka: str
    postgres: str
    """DSN of a database that may be written to."""
    contacts: int
    partitions: int
    processes: int
    chunk: int
    """Contacts of a record."""

    def records(self, number: int) -> Iterator[list[str]]:
        """The contact ids of each record on that partition."""
        total = -(-self.contacts // self.chunk)
        for index, place in enumerate(range(number, total, self.partitions)):
            size = min(self.chunk, self.contacts - place * self.chunk)
            yield [f"c-{number}-{index * self.chunk + i}" for i in range(size)]

    def contacts_on(self, numbers: range) -> int:
        return sum(len(ids) for number in numbers for ids in self.records(number))


@dataclass(frozen=True)
class Ready:
    """The moment at which all processes begin."""

    postgres: str
    first: int
    begin: Event

    async def __call__(self) -> None:
        connection = await asyncpg.connect(self.postgres)
        await connection.execute("INSERT INTO limit_ready VALUES ($1)", self.first)
        await connection.close()
        await asyncio.to_thread(self.begin.wait)


Worker = Callable[[Shape, range, Ready], Coroutine[Any, Any, None]]
"""A process's whole work on these partition numbers: connect, await `Ready`, work, return."""


@dataclass(frozen=True)
class Way:
    """One way of working."""

    worker: Worker
    chunk: int
    fill: Callable[[Shape], Coroutine[Any, Any, None]] | None = None
    """Lays out the work; without, as records on topic `limit.targets`."""


@dataclass(frozen=True)
class Ran:
    rate: float
    """Contacts per second, from the first record read to the last update committed."""
    cpu: dict[str, float]
    """µs per contact by process name, if a meter was given."""


def run(way: Way, shape: Shape, meter: Meter | None = None) -> Ran:
    asyncio.run(_prepare(way, shape))
    context = multiprocessing.get_context("spawn")
    begin, leave, done = context.Event(), context.Event(), context.Semaphore(0)
    processes = [
        context.Process(
            target=_process,
            args=(way.worker, shape, range(first, shape.partitions, shape.processes), begin, done, leave),
            daemon=True,
        )
        for first in range(shape.processes)
    ]
    for process in processes:
        process.start()
    try:
        asyncio.run(_wait_ready(shape))
        with meter or nullcontext():
            began = time.perf_counter()
            begin.set()
            for _ in processes:
                while not done.acquire(timeout=1):
                    if any(process.exitcode for process in processes):
                        raise RuntimeError(f"{way.worker.__module__} failed; its error is above")
            took = time.perf_counter() - began
        leave.set()
        for process in processes:
            process.join()
    finally:
        for process in processes:
            process.kill()
    asyncio.run(_check(shape))
    spent = meter.spent() if meter else {}
    return Ran(shape.contacts / took, {name: seconds * 1e6 / shape.contacts for name, seconds in spent.items()})


def _process(worker: Worker, shape: Shape, numbers: range, begin: Event, done: Semaphore, leave: Event) -> None:
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    asyncio.run(worker(shape, numbers, Ready(shape.postgres, numbers.start, begin)))
    done.release()
    leave.wait()  # what it has spent can be read until then


async def _prepare(way: Way, shape: Shape) -> None:
    connection = await asyncpg.connect(shape.postgres)
    await connection.execute(
        """
        DROP TABLE IF EXISTS limit_instance, limit_ready;
        CREATE TABLE limit_ready (number int PRIMARY KEY);
        CREATE TABLE limit_instance (
            launch_id text COLLATE "C", contact_id text COLLATE "C", status text NOT NULL,
            started_at timestamptz NOT NULL, ended_at timestamptz, PRIMARY KEY (launch_id, contact_id))
        """
    )
    await connection.close()
    await (way.fill or _fill_topics)(shape)


async def _fill_topics(shape: Shape) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=shape.kafka)
    await admin.start()
    existing = {TARGETS, DONE} & set(await admin.list_topics())
    if existing:
        await admin.delete_topics(sorted(existing))
        while existing & set(await admin.list_topics()):
            await asyncio.sleep(0.1)
    await admin.create_topics([NewTopic(name, shape.partitions, 1) for name in (TARGETS, DONE)])
    await admin.close()
    producer = AIOKafkaProducer(bootstrap_servers=shape.kafka, acks="all", enable_idempotence=True, linger_ms=5)
    await producer.start()
    sent = [
        await producer.send(TARGETS, json.dumps({"ids": ids}).encode(), partition=number)
        for number in range(shape.partitions)
        for ids in shape.records(number)
    ]
    await asyncio.gather(*sent)
    await producer.stop()


async def _wait_ready(shape: Shape) -> None:
    connection = await asyncpg.connect(shape.postgres)
    while await connection.fetchval("SELECT count(*) FROM limit_ready") < shape.processes:
        await asyncio.sleep(0.02)
    await connection.close()


async def _check(shape: Shape) -> None:
    connection = await asyncpg.connect(shape.postgres)
    ended = await connection.fetchval("SELECT count(*) FROM limit_instance WHERE status = 'ended'")
    await connection.execute("DROP TABLE limit_instance, limit_ready")
    await connection.close()
    if ended != shape.contacts:
        raise RuntimeError(f"{ended} of {shape.contacts} instances were ended")
