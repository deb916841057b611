"""With FastStream, at three sizes of record and transaction.

At least once: an offset is committed after its handler. None of them is exactly once, and none has an outbox.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, TopicPartition

from bench.peers.crew import DONE, INSERT, TARGETS, UPDATE, Ready, Shape, Way

Document = dict[str, list[str]]


async def one_by_one(shape: Shape, numbers: range, ready: Ready) -> None:
    """A record is a message, a transaction and a publication that is waited for: what one writes first.

    With a contact in each record it is the naive way; with 500 the chunked one.
    """
    async with asyncpg.create_pool(shape.postgres, min_size=2, max_size=2) as pool:
        broker, left = _broker(shape), shape.contacts_on(numbers)
        begun, finished = asyncio.Event(), asyncio.Event()

        async def target(message: Document) -> None:
            await begun.wait()
            async with pool.acquire() as connection, connection.transaction():
                await connection.execute(INSERT, message["ids"])
            await broker.publish(message, DONE, partition=_partition(message["ids"][0]))

        async def done(message: Document) -> None:
            nonlocal left
            async with pool.acquire() as connection, connection.transaction():
                await connection.execute(UPDATE, message["ids"])
            left -= len(message["ids"])
            if not left:
                finished.set()

        _subscribe(broker, TARGETS, numbers, target)
        _subscribe(broker, DONE, numbers, done)
        await _run(broker, ready, begun, finished)


async def by_batches(shape: Shape, numbers: range, ready: Ready) -> None:
    """A record per contact still, but handled, written and published up to 500 at a time."""
    async with asyncpg.create_pool(shape.postgres, min_size=2, max_size=2) as pool:
        broker, left = _broker(shape), shape.contacts_on(numbers)
        begun, finished = asyncio.Event(), asyncio.Event()

        async def target(messages: list[Document]) -> None:
            await begun.wait()
            async with pool.acquire() as connection, connection.transaction():
                await connection.execute(INSERT, [message["ids"][0] for message in messages])
            published = [
                await broker.publish(message, DONE, partition=_partition(message["ids"][0]), no_confirm=True)
                for message in messages
            ]
            await asyncio.gather(*published)

        async def done(messages: list[Document]) -> None:
            nonlocal left
            async with pool.acquire() as connection, connection.transaction():
                await connection.execute(UPDATE, [message["ids"][0] for message in messages])
            left -= len(messages)
            if not left:
                finished.set()

        _subscribe(broker, TARGETS, numbers, target, batch=True)
        _subscribe(broker, DONE, numbers, done, batch=True)
        await _run(broker, ready, begun, finished)


def _broker(shape: Shape) -> KafkaBroker:
    return KafkaBroker(shape.kafka, acks="all", enable_idempotence=True, linger_ms=0, logger=None)


def _subscribe(
    broker: KafkaBroker, topic: str, numbers: range, handler: Callable[..., Awaitable[None]], batch: bool = False
) -> None:
    subscriber: Any = broker.subscriber(
        partitions=[TopicPartition(topic, number) for number in numbers],
        group_id=f"peer-{topic}-{numbers.start}",
        ack_policy=AckPolicy.ACK,
        auto_offset_reset="earliest",
        batch=batch,
        max_records=500,
    )
    subscriber(handler)


def _partition(contact_id: str) -> int:
    """`c-<partition>-<place>`."""
    return int(contact_id.split("-")[1])


async def _run(broker: KafkaBroker, ready: Ready, begun: asyncio.Event, finished: asyncio.Event) -> None:
    await broker.start()
    await ready()
    begun.set()
    await finished.wait()
    await broker.stop()


NAIVE, BATCH, CHUNKED = Way(one_by_one, 1), Way(by_batches, 1), Way(one_by_one, 500)
