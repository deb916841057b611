"""Membership in a consumer group: FastStream's declaration with our settings, and what aiokafka does not tell."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker

from runtime.settings import Settings

SESSION_MS = 8_000
HEARTBEAT_MS = 1_000
REBALANCE_MS = 60_000
FETCH_WAIT_MS = 100
"""A partition that was emptied meanwhile is asked for only after a running fetch has come back: so none waits long."""
IDLE_FETCH_WAIT_MS = 1_000
"""Where a fetch asks for all partitions, none is left to wait for it: so that an idle consumer asks seldom."""
PARTITION_FETCH_BYTES = 1024 * 1024
FETCH_BYTES = 8 * 1024 * 1024
NEVER_MS = 2**31 - 1


def subscribe(
    broker: KafkaBroker,
    settings: Settings,
    name: str,
    topics: Sequence[str],
    listener: ConsumerRebalanceListener,
    *,
    session_ms: int = SESSION_MS,
) -> Any:
    """FastStream's subscriber without a handler: it builds, starts and stops the consumer that we read.

    Range assignment keeps a partition number's topics together; the slot makes membership static, so that a process
    killed and restarted has its partitions back at once. A member that is only waiting is never expelled for it.
    """
    return broker.subscriber(
        *map(settings.topic, topics),
        batch=True,
        group_id=settings.topic(name),
        group_instance_id=settings.slot or None,
        listener=listener,
        title=name,
        ack_policy=AckPolicy.MANUAL,
        auto_offset_reset="none",
        isolation_level="read_committed",
        partition_assignment_strategy=(RangePartitionAssignor,),
        session_timeout_ms=session_ms,
        heartbeat_interval_ms=HEARTBEAT_MS,
        rebalance_timeout_ms=REBALANCE_MS,
        max_poll_interval_ms=NEVER_MS,
        fetch_max_wait_ms=FETCH_WAIT_MS,
        fetch_max_bytes=FETCH_BYTES,
        max_partition_fetch_bytes=PARTITION_FETCH_BYTES,
    )


def ask_seldom_when_idle(consumer: AIOKafkaConsumer) -> None:
    """Of a consumer that runs: a fetch that leaves no partition out may wait at the broker for longer."""
    fetcher: Any = consumer._fetcher
    actions = fetcher._get_actions_per_node

    def with_patience(assignment: Any) -> Any:
        left_out = fetcher._records or any(assignment.state_value(tp).paused for tp in assignment.tps)
        fetcher._fetch_max_wait_ms = FETCH_WAIT_MS if left_out else IDLE_FETCH_WAIT_MS
        return actions(assignment)

    fetcher._get_actions_per_node = with_patience


def fetched(consumer: AIOKafkaConsumer) -> Collection[TopicPartition]:
    """Those of which something was fetched and not taken yet, be it an error."""
    fetcher: Any = consumer._fetcher
    found: Mapping[TopicPartition, Any] = fetcher._records
    return found.keys()


async def arrivals(consumer: AIOKafkaConsumer) -> AsyncIterator[Collection[TopicPartition]]:
    """After each fetch that brought something, at once for what is there: as `fetched`. One waiter for all, where each
    one's own `getmany` would be woken by every fetch."""
    fetcher: Any = consumer._fetcher
    while True:
        waiter = fetcher._create_fetch_waiter()
        if found := fetched(consumer):
            yield list(found)
        await waiter


def leave(consumer: AIOKafkaConsumer) -> None:
    """Let the coming stop give up the membership: a static member would not say that it leaves."""
    coordinator: Any = consumer._coordinator
    if coordinator is not None:
        coordinator._group_instance_id = None


def dead(consumer: AIOKafkaConsumer) -> str | None:
    """aiokafka's own tasks end on errors that nobody sees; then nothing comes any more."""
    coordinator: Any = consumer._coordinator
    fetcher: Any = consumer._fetcher
    tasks = (coordinator._coordination_task, fetcher._fetch_task)
    return next((repr(task) for task in tasks if task.done()), None)


def error(consumer: AIOKafkaConsumer) -> KafkaError | None:
    """An error of the group waits, and the group with it, until somebody takes it."""
    coordinator: Any = consumer._coordinator
    try:
        coordinator.check_errors()
    except KafkaError as found:
        return found
    return None
