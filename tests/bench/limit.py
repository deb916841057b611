"""The limit: what the machine gives a minimal program of the same shape, and nothing else.

Chunks of 500 contact ids on P partitions; each is read from Kafka, inserted as instances, its completion published
and read back, and the instances updated - with plain aiokafka and asyncpg, one transaction per chunk. No cursor, no
outbox, no checks, no telemetry: it is the ceiling, not an alternative.
"""

import asyncio
import json
import multiprocessing
import time
from dataclasses import dataclass

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

CHUNK = 500


@dataclass(frozen=True)
class Shape:
    kafka: str
    postgres: str
    """DSN of a database that may be written to."""
    contacts: int
    partitions: int
    processes: int


def contacts_per_second(shape: Shape) -> float:
    """Runs the program once, from the first chunk read to the last update committed."""
    asyncio.run(_prepare(shape))
    context = multiprocessing.get_context("spawn")
    start = context.Event()
    workers = [
        context.Process(target=_work, args=(shape, range(index, shape.partitions, shape.processes), start))
        for index in range(shape.processes)
    ]
    for worker in workers:
        worker.start()
    asyncio.run(_wait_ready(shape))
    began = time.perf_counter()
    start.set()
    for worker in workers:
        worker.join()
        if worker.exitcode != 0:
            raise RuntimeError("the limit program failed; its error is above")
    took = time.perf_counter() - began
    asyncio.run(_check(shape))
    return shape.contacts / took


def _chunks(shape: Shape) -> list[int]:
    """How many chunks lie on each partition."""
    total = -(-shape.contacts // CHUNK)
    return [total // shape.partitions + (number < total % shape.partitions) for number in range(shape.partitions)]


async def _prepare(shape: Shape) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=shape.kafka)
    await admin.start()
    existing = {"limit.targets", "limit.done"} & set(await admin.list_topics())
    if existing:
        await admin.delete_topics(sorted(existing))
        while existing & set(await admin.list_topics()):
            await asyncio.sleep(0.1)
    await admin.create_topics([NewTopic(name, shape.partitions, 1) for name in ("limit.targets", "limit.done")])
    await admin.close()
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
    producer = AIOKafkaProducer(bootstrap_servers=shape.kafka, acks="all", enable_idempotence=True, linger_ms=5)
    await producer.start()
    sent, left = [], shape.contacts
    for number, chunks in enumerate(_chunks(shape)):
        for index in range(chunks):
            size = min(CHUNK, left)
            left -= size
            ids = [f"c-{number}-{index * CHUNK + i}" for i in range(size)]
            sent.append(await producer.send("limit.targets", json.dumps({"ids": ids}).encode(), partition=number))
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
        raise RuntimeError(f"the limit program ended {ended} of {shape.contacts} instances")


def _work(shape: Shape, numbers: range, start: "multiprocessing.synchronize.Event") -> None:
    asyncio.run(_worker(shape, numbers, start))


async def _worker(shape: Shape, numbers: range, start: "multiprocessing.synchronize.Event") -> None:
    pool = await asyncpg.create_pool(shape.postgres, min_size=len(numbers), max_size=len(numbers))
    producer = AIOKafkaProducer(bootstrap_servers=shape.kafka, acks="all", enable_idempotence=True, linger_ms=5)
    await producer.start()
    consumer = AIOKafkaConsumer(
        bootstrap_servers=shape.kafka, auto_offset_reset="earliest", max_partition_fetch_bytes=4 << 20
    )
    await consumer.start()
    targets = {number: TopicPartition("limit.targets", number) for number in numbers}
    done = {number: TopicPartition("limit.done", number) for number in numbers}
    consumer.assign([*targets.values(), *done.values()])
    await pool.execute("INSERT INTO limit_ready VALUES ($1)", numbers.start)
    await asyncio.to_thread(start.wait)
    chunks = _chunks(shape)
    await asyncio.gather(
        *(_partition(pool, producer, consumer, targets[number], done[number], chunks[number]) for number in numbers)
    )
    await consumer.stop()
    await producer.stop()
    await pool.close()


async def _partition(
    pool: "asyncpg.Pool[asyncpg.Record]",
    producer: AIOKafkaProducer,
    consumer: AIOKafkaConsumer,
    targets: TopicPartition,
    done: TopicPartition,
    chunks: int,
) -> None:
    inserted = updated = 0
    while updated < chunks:
        for tp, records in (await consumer.getmany(targets, done, timeout_ms=200, max_records=8)).items():
            for record in records:
                ids = json.loads(record.value or b"")["ids"]
                if tp == targets:
                    async with pool.acquire() as connection, connection.transaction():
                        await connection.execute(
                            """INSERT INTO limit_instance (launch_id, contact_id, status, started_at)
                               SELECT 'limit', unnest($1::text[]), 'waiting', now() ON CONFLICT DO NOTHING""",
                            ids,
                        )
                    await producer.send("limit.done", record.value, partition=done.partition)
                    inserted += 1
                else:
                    async with pool.acquire() as connection, connection.transaction():
                        await connection.execute(
                            """UPDATE limit_instance SET status = 'ended', ended_at = now()
                               FROM unnest($1::text[]) AS id WHERE launch_id = 'limit' AND contact_id = id""",
                            ids,
                        )
                    updated += 1
