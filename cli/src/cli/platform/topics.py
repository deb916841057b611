"""`slipway topics apply`: makes the topics of `contracts.topics` as they must be, and says where one is not."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from cli.platform.failure import PlatformError
from contracts.topics import TOPICS, Topic

TOPIC_ALREADY_EXISTS = 36
SET_ON_THE_TOPIC = 1
"""Kafka's name for "not a default": the source of a topic's configuration entry."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What `apply_topics` did."""

    created: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: tuple[str, ...]


async def apply_topics(
    admin: AIOKafkaAdminClient,
    partitions: int,
    prefix: str = "",
    topics: Iterable[Topic] = TOPICS.values(),
    replication: int | None = None,
) -> Applied:
    """Idempotent. Raises PlatformError, before anything is changed, if a topic has another partition count."""
    wanted = {prefix + topic.name: configuration(topic) for topic in topics}
    there = await _partition_counts(admin, wanted)
    wrong = {name: count for name, count in there.items() if count != partitions}
    if wrong:
        found = ", ".join(f"{name} ({count})" for name, count in sorted(wrong.items()))
        raise PlatformError(
            f"SLIPWAY_PARTITIONS is {partitions}, but there are topics with another number of partitions: {found}",
            "the number is fixed at the first start: set SLIPWAY_PARTITIONS to it, or start anew on empty servers",
        )
    replication = replication or min(3, len((await admin.describe_cluster())["brokers"]))
    created = [name for name in wanted if name not in there]
    await _create(admin, {name: wanted[name] for name in created}, partitions, replication)
    changed = await _configure(admin, {name: wanted[name] for name in there})
    return Applied(tuple(created), tuple(changed), tuple(name for name in there if name not in changed))


def configuration(topic: Topic) -> dict[str, str]:
    """Topic-level settings on the broker.

    What strangers read is compressed so that every client can read it: for zstd aiokafka needs another package.
    """
    return {
        "cleanup.policy": "compact" if topic.compacted else "delete",
        "retention.ms": "-1" if topic.compacted else str(topic.retention_ms),
        "message.timestamp.type": "LogAppendTime" if topic.append_time else "CreateTime",
        "max.message.bytes": str(topic.max_message_bytes),
        "compression.type": "gzip" if topic.public and topic.writer != "CRM" else "producer",
        **({"min.cleanable.dirty.ratio": "0.2", "segment.ms": "86400000"} if topic.compacted else {}),
    }


async def _partition_counts(admin: AIOKafkaAdminClient, names: Iterable[str]) -> dict[str, int]:
    """Of those that exist."""
    existing = sorted(set(await admin.list_topics()).intersection(names))
    described = await admin.describe_topics(existing) if existing else []
    return {topic["topic"]: len(topic["partitions"]) for topic in described}


async def _create(
    admin: AIOKafkaAdminClient, wanted: dict[str, dict[str, str]], partitions: int, replication: int
) -> None:
    if not wanted:
        return
    new = [NewTopic(name, partitions, replication, topic_configs=settings) for name, settings in wanted.items()]
    answer: Any = await admin.create_topics(new, timeout_ms=30_000)
    refused = {name: reason for name, code, reason in answer.topic_errors if code not in (0, TOPIC_ALREADY_EXISTS)}
    if refused:
        raise PlatformError("Kafka refused topics", "; ".join(f"{name}: {why}" for name, why in refused.items()))


async def _configure(admin: AIOKafkaAdminClient, wanted: dict[str, dict[str, str]]) -> list[str]:
    """Sets what differs on topics that were there. Settings of ours only; others' are kept."""
    changed: list[str] = []
    if not wanted:
        return changed
    answer: Any
    [answer] = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name) for name in wanted])
    for _, _, _, name, entries in answer.resources:
        settings = wanted[name]
        current = {entry[0]: entry[1] for entry in entries}
        if any(current.get(key) != value for key, value in settings.items()):
            own = {entry[0]: entry[1] for entry in entries if entry[3] == SET_ON_THE_TOPIC}
            await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, {**own, **settings})])
            changed.append(name)
    return changed
