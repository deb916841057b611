"""When things happened, by the time stamps of the records that say so."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from aiokafka import ConsumerRecord, TopicPartition

from cli.kafka import ends, reader

Record = ConsumerRecord[bytes, bytes]


@dataclass(frozen=True)
class Moments:
    """Of one launch, seconds since the epoch."""

    asked: float
    """The last command appended to `crm.commands`."""
    first: float
    """The first record that tells of its messages."""
    ended: float
    """Its last figures."""


async def of_launch(kafka: str, launch_id: str) -> Moments:
    """Of the launch that was asked for last."""
    ours = launch_id.encode()
    asked = [record.timestamp async for record in _records(kafka, "crm.commands")]
    told = [record.timestamp async for record in _records(kafka, "messaging.deliveries") if record.key == ours]
    figures = [record.timestamp async for record in _records(kafka, "log.launches") if record.key == ours]
    return Moments(max(asked) / 1000, min(told) / 1000, max(figures) / 1000)


async def last_reply(kafka: str) -> float:
    """The last answer to a command, seconds since the epoch."""
    return max([record.timestamp async for record in _records(kafka, "launcher.replies")]) / 1000


async def _records(kafka: str, topic: str) -> AsyncIterator[Record]:
    """All there are now."""
    async with reader(kafka, topic) as consumer:
        last = await ends(consumer)
        first = await consumer.beginning_offsets(list(last))
        left: set[TopicPartition] = {tp for tp in last if first[tp] < last[tp]}
        for tp in left:
            consumer.seek(tp, first[tp])
        while left:
            for records in (await consumer.getmany(*left, timeout_ms=500)).values():
                for record in records:
                    yield record
            left = {tp for tp in left if await consumer.position(tp) < last[tp]}
