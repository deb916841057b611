"""Writes records of our own topics again while they come: each zero to two times more, mixed across keys.

Copies of one key keep their order, as those of a producer do that begins again somewhere behind.
"""

import asyncio
import random
import threading
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from chaos.collect import Place, partitions_of
from chaos.replay import send_again

MOST_AGAIN = 2
AT_ONCE = 2_000


class Echo:
    """`with Echo(place, chance) as echo:`; afterwards `written` says how many copies there are."""

    def __init__(self, place: Place, chance: random.Random) -> None:
        self.written = 0
        self.error: BaseException | None = None
        self._place, self._chance = place, chance
        self._own: set[tuple[TopicPartition, int]] = set()
        self._ready, self._over = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="echo")

    def __enter__(self) -> "Echo":
        self._thread.start()
        assert self._ready.wait(30), "the echo does not begin"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
        if self.error is not None and error is None:
            raise self.error

    def _run(self) -> None:
        try:
            asyncio.run(self._repeat())
        except BaseException as error:  # shown by the thread that waits
            self.error = error

    async def _repeat(self) -> None:
        kafka = self._place.kafka
        consumer = AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False, auto_offset_reset="earliest")
        producer = AIOKafkaProducer(
            bootstrap_servers=kafka, enable_idempotence=True, max_request_size=4 << 20, linger_ms=5
        )
        async with consumer, producer:
            consumer.assign([one for one in await partitions_of(consumer) if not one.topic.startswith("crm.")])
            await consumer.seek_to_end()
            for partition in consumer.assignment():
                await consumer.position(partition)
            self._ready.set()
            while not self._over.is_set():
                got = await consumer.getmany(timeout_ms=200, max_records=AT_ONCE)
                await self._again(producer, got)

    async def _again(self, producer: AIOKafkaProducer, got: Mapping[TopicPartition, Sequence[Any]]) -> None:
        """Nothing is read before the places of these copies are known, so that none is copied again."""
        acknowledged = []
        for partition, records in got.items():
            fresh = [record for record in records if (partition, record.offset) not in self._own]
            for record in mixed(fresh, self._chance):
                acknowledged.append((partition, await send_again(producer, record)))
        for partition, sent in acknowledged:
            metadata: Any = await sent
            self._own.add((partition, metadata.offset))
        self.written += len(acknowledged)


def mixed(records: Iterable[Any], chance: random.Random) -> Iterable[Any]:
    """Each zero to two times; keys in any order, one key's in its own."""
    left: dict[bytes | None, deque[Any]] = defaultdict(deque)
    for record in records:
        left[record.key].extend([record] * chance.randint(0, MOST_AGAIN))
    keys = [key for key, copies in left.items() for _ in copies]
    chance.shuffle(keys)
    for key in keys:
        yield left[key].popleft()
