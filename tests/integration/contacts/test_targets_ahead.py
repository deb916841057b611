"""How far executor is behind, asked of a real Kafka."""

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from contacts.adapters.kafka import KafkaTargetsAhead
from contacts.domain.audience import MAX_CONTACTS
from platform_for_tests import FreshTopics, Platform
from runtime.errors import Transient
from runtime.settings import Settings

PARTITIONS = 3


async def test_backlog_is_what_the_group_has_not_committed(platform: Platform, fresh_topics: FreshTopics) -> None:
    prefix = await fresh_topics("contacts.targets", partitions=PARTITIONS)
    settings = Settings(kafka=platform.kafka, topic_prefix=prefix, partitions=PARTITIONS)
    ahead = KafkaTargetsAhead(settings, fresh_seconds=0)
    topic = prefix + "contacts.targets"
    producer = AIOKafkaProducer(bootstrap_servers=platform.kafka)
    reader = AIOKafkaConsumer(bootstrap_servers=platform.kafka, group_id=prefix + "executor", enable_auto_commit=False)
    await producer.start()
    await reader.start()
    try:
        assert await ahead.contacts() == 0
        for partition, records in ((0, 4), (1, 2)):
            for _ in range(records):
                await producer.send_and_wait(topic, b"x", partition=partition)
        assert await ahead.contacts() == 6 * MAX_CONTACTS
        reader.assign([TopicPartition(topic, number) for number in range(PARTITIONS)])
        await reader.commit({TopicPartition(topic, 0): 3, TopicPartition(topic, 1): 2})
        assert await ahead.contacts() == MAX_CONTACTS
        assert await ahead.by_partition() == {0: MAX_CONTACTS, 1: 0, 2: 0}
    finally:
        await ahead.close()
        await reader.stop()
        await producer.stop()


async def test_missing_broker_is_waited_for_and_is_asked_again() -> None:
    ahead = KafkaTargetsAhead(Settings(kafka="127.0.0.1:1", partitions=PARTITIONS))
    for _ in range(2):
        with pytest.raises(Transient):
            await ahead.contacts()
    await ahead.close()
