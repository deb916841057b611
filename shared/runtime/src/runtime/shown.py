"""How far this process has come, shown to Kafka as committed offsets, which lag is read from. Nobody starts there: the
cursors decide."""

import asyncio
from collections.abc import Callable, Iterable, Mapping

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from runtime.cursor import CLOCK
from runtime.settings import Settings
from runtime.worker import State, Worker

SHOW_SECONDS = 5.0
log = structlog.get_logger()


class ShownOffsets:
    """Best effort: what cannot be shown now is shown the next time."""

    def __init__(self, settings: Settings, consumer: Callable[[], AIOKafkaConsumer]) -> None:
        self._settings = settings
        self._consumer = consumer
        self._shown: dict[TopicPartition, int] = {}

    async def of_workers(self, workers: Iterable[Worker]) -> None:
        """What has moved since it was shown last."""
        offsets: dict[TopicPartition, int] = {}
        for worker in workers:
            if worker.lease is not None and worker.state is State.RUNNING:
                offsets |= self._of(worker.number, worker.lease.next)
        moved = {tp: offset for tp, offset in offsets.items() if self._shown.get(tp) != offset}
        if moved:
            await self._show(moved)

    async def of_lease(self, number: int, offsets: Mapping[str, int]) -> None:
        """Where a fresh lease stands, by topic."""
        await self._show(self._of(number, offsets))

    def forget(self) -> None:
        """Others go on from here."""
        self._shown.clear()

    def _of(self, number: int, offsets: Mapping[str, int]) -> dict[TopicPartition, int]:
        return {
            TopicPartition(self._settings.topic(topic), number): offset
            for topic, offset in offsets.items()
            if topic != CLOCK
        }

    async def _show(self, offsets: dict[TopicPartition, int]) -> None:
        try:
            async with asyncio.timeout(SHOW_SECONDS):
                await self._consumer().commit(offsets)
        except (KafkaError, OSError, TimeoutError, ValueError) as error:
            log.debug("offsets not shown to kafka", error=repr(error))
        else:
            self._shown.update(offsets)
