"""Reading and writing Kafka from a command: a few records, then done."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from cli.output import Exit, fail


@asynccontextmanager
async def reader(kafka: str, *topics: str) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer without a group, assigned to every partition of the topics; the caller seeks."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False, max_partition_fetch_bytes=4 << 20)
    await _start(consumer, kafka)
    try:
        partitions = [
            TopicPartition(topic, number)
            for topic in topics
            for number in sorted(consumer.partitions_for_topic(topic) or await _partitions(consumer, topic))
        ]
        consumer.assign(partitions)
        yield consumer
    finally:
        await consumer.stop()


@asynccontextmanager
async def writer(kafka: str) -> AsyncIterator[AIOKafkaProducer]:
    producer = AIOKafkaProducer(bootstrap_servers=kafka, acks="all", enable_idempotence=True, max_request_size=4 << 20)
    await _start(producer, kafka)
    try:
        yield producer
    finally:
        await producer.stop()


async def ends(consumer: AIOKafkaConsumer) -> Mapping[TopicPartition, int]:
    """Where each assigned partition ends now."""
    found: Mapping[TopicPartition, int] = await consumer.end_offsets(list(consumer.assignment()))
    return found


async def _partitions(consumer: AIOKafkaConsumer, topic: str) -> set[int]:
    await consumer._client.force_metadata_update()
    found: set[int] | None = consumer.partitions_for_topic(topic)
    return found or fail(Exit.UNREACHABLE, f"there is no topic {topic}", "`slipway topics apply` makes the topics.")


async def _start(client: AIOKafkaConsumer | AIOKafkaProducer, kafka: str) -> None:
    try:
        await client.start()  # type: ignore[no-untyped-call]
    except KafkaError as error:
        await client.stop()  # type: ignore[no-untyped-call]
        fail(Exit.UNREACHABLE, f"Kafka at {kafka} does not answer ({type(error).__name__})", "`slipway status` tells.")
