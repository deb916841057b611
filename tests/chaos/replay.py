"""Every record of our own topics once more, as a producer that lost its memory would write them."""

from collections.abc import Awaitable
from itertools import groupby

from aiokafka import AIOKafkaProducer

from chaos.oracle.plain import Record, Run


async def write_again(kafka: str, run: Run) -> int:
    """Per topic and partition in order, same bytes; returns how many. What a CRM writes is its own to repeat."""
    count = 0
    async with AIOKafkaProducer(
        bootstrap_servers=kafka, enable_idempotence=True, max_request_size=4 << 20, linger_ms=5
    ) as producer:
        for _, records in groupby(run.records, key=lambda record: (record.topic, record.partition)):
            sent: Awaitable[object] | None = None
            for record in records:
                if not record.topic.startswith("crm."):
                    sent = await send_again(producer, record)
                    count += 1
            if sent is not None:
                await sent
        await producer.flush()
    return count


async def send_again(producer: AIOKafkaProducer, record: Record) -> Awaitable[object]:
    """The same bytes in the same place; what it returns has the new offset."""
    acknowledged: Awaitable[object] = await producer.send(
        record.topic,
        record.value,
        key=record.key,
        partition=record.partition,
        timestamp_ms=record.timestamp,
        headers=list(record.headers),
    )
    return acknowledged
