"""The limit: what the machine gives a minimal program of the same shape, and nothing else.

Chunks of 500 contact ids on P partitions; each is read from Kafka, inserted as instances, its completion published
and read back, and the instances updated - with plain aiokafka and asyncpg, one transaction per chunk. No cursor, no
outbox, no checks, no telemetry: it is the ceiling, not an alternative.
"""

import asyncio
import json

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from bench.peers.crew import DONE, INSERT, TARGETS, UPDATE, Ready, Shape, Way

CHUNK = 500


async def worker(shape: Shape, numbers: range, ready: Ready) -> None:
    pool = await asyncpg.create_pool(shape.postgres, min_size=len(numbers), max_size=len(numbers))
    producer = AIOKafkaProducer(bootstrap_servers=shape.kafka, acks="all", enable_idempotence=True, linger_ms=5)
    await producer.start()
    consumer = AIOKafkaConsumer(
        bootstrap_servers=shape.kafka, auto_offset_reset="earliest", max_partition_fetch_bytes=4 << 20
    )
    await consumer.start()
    targets = {number: TopicPartition(TARGETS, number) for number in numbers}
    done = {number: TopicPartition(DONE, number) for number in numbers}
    consumer.assign([*targets.values(), *done.values()])
    await ready()
    await asyncio.gather(
        *(
            _partition(pool, producer, consumer, targets[number], done[number], len(list(shape.records(number))))
            for number in numbers
        )
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
    updated = 0
    while updated < chunks:
        for tp, records in (await consumer.getmany(targets, done, timeout_ms=200, max_records=8)).items():
            for record in records:
                ids = json.loads(record.value or b"")["ids"]
                async with pool.acquire() as connection, connection.transaction():
                    await connection.execute(INSERT if tp == targets else UPDATE, ids)
                if tp == targets:
                    await producer.send(DONE, record.value, partition=done.partition)
                else:
                    updated += 1


WAY = Way(worker, CHUNK)
