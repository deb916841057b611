"""How far executor is behind on `contacts.targets`: end of the log minus what its group has committed."""

import asyncio
from collections.abc import Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError

from contacts.domain.audience import MAX_CONTACTS
from contacts.domain.backlog import Backlog, observe
from runtime.errors import Transient
from runtime.kafka import client_options
from runtime.settings import Settings

TOPIC, READER = "contacts.targets", "executor"
FRESH_SECONDS = 0.05
"""An observation is good for so long: numbers of one process share it."""
ANSWER_MS = 5_000


class KafkaTargetsAhead:
    """Connects when it is first asked. Raises Transient, and connects anew then."""

    def __init__(self, settings: Settings, *, fresh_seconds: float = FRESH_SECONDS) -> None:
        self._options = {**client_options(settings), "request_timeout_ms": ANSWER_MS}
        self._group = settings.topic(READER)
        self._partitions = [TopicPartition(settings.topic(TOPIC), number) for number in range(settings.partitions)]
        self._admin: AIOKafkaAdminClient | None = None
        self._consumer: AIOKafkaConsumer | None = None
        self._coordinator: int | None = None
        self._backlog = Backlog()
        self._observed = float("-inf")
        self._fresh_seconds = fresh_seconds
        self._asking = asyncio.Lock()

    async def contacts(self) -> int:
        return (await self._current()).contacts

    async def by_partition(self) -> Mapping[int, int]:
        """The same, each partition for itself, stuck ones too."""
        readers = (await self._current()).readers
        return {number: reader.lag * MAX_CONTACTS for number, reader in readers.items()}

    async def close(self) -> None:
        admin, consumer = self._admin, self._consumer
        self._admin = self._consumer = self._coordinator = None
        if consumer is not None:
            await consumer.stop()
        if admin is not None:
            await admin.close()

    async def _current(self) -> Backlog:
        async with self._asking:
            now = asyncio.get_running_loop().time()
            if now - self._observed >= self._fresh_seconds:
                try:
                    self._backlog = await self._observe(now)
                except Exception as error:
                    await self.close()
                    raise Transient(f"how far executor is cannot be asked: {type(error).__name__}: {error}") from error
                self._observed = asyncio.get_running_loop().time()
            return self._backlog

    async def _observe(self, now: float) -> Backlog:
        admin, consumer = await self._clients()
        committed, ends = await asyncio.gather(self._committed(admin), consumer.end_offsets(self._partitions))
        return observe(self._backlog, {place.partition: end for place, end in ends.items()}, committed, now)

    async def _committed(self, admin: AIOKafkaAdminClient) -> dict[int, int]:
        """Without the partitions of which nothing was committed. Where no group has met yet, nothing was."""
        try:
            if self._coordinator is None:
                self._coordinator = await admin.find_coordinator(self._group)
        except GroupCoordinatorNotAvailableError:
            return {}
        found = await admin.list_consumer_group_offsets(self._group, self._coordinator, self._partitions)
        return {place.partition: position.offset for place, position in found.items() if position.offset >= 0}

    async def _clients(self) -> tuple[AIOKafkaAdminClient, AIOKafkaConsumer]:
        if self._admin is None or self._consumer is None:
            self._admin = AIOKafkaAdminClient(**self._options)
            await self._admin.start()
            self._consumer = AIOKafkaConsumer(**self._options, group_id=None)
            await self._consumer.start()
        return self._admin, self._consumer
