"""The records of one partition number: its topics are read in turn, at most 8 records of one topic at a time."""

import time
from collections import deque
from collections.abc import Mapping, Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord

from runtime.cloudevents import CHUNK, FOLLOWED
from runtime.group import fetched

BATCH = 8
GATHER_SECONDS = 1.0
"""So long at most a record waits for the one that is to follow it, so that one transaction takes both: what that costs
beside its records is paid half as often. On one partition they meet by themselves; of eight, each has one at a time."""
Raw = ConsumerRecord[bytes | None, bytes | None]


class Feed:
    """Reads through FastStream's consumer. Positions are set by `seek`; until then everything is paused."""

    def __init__(self, consumer: AIOKafkaConsumer, topics: Mapping[str, TopicPartition]) -> None:
        """`topics`: the number's partition of each consumed topic, by the topic's bare name."""
        self._consumer = consumer
        self._topics = dict(topics)
        self._names = {tp: name for name, tp in topics.items()}
        self._turn: deque[str] = deque(sorted(topics))
        self._buffer: dict[str, list[Raw]] = {}
        self._gathering: dict[str, float] = {}
        """By topic: since when (monotonic seconds) its only chunk waits for the next."""
        self.read: dict[str, int] = {}
        """By topic: every record below this offset was handed out (and handled, if nothing failed since). It may lie
        above the last record: transaction markers and what compaction removed are nobody's record."""

    def pause(self) -> None:
        """No more records; what was fetched is dropped (it comes again after `seek`)."""
        self._drop()
        for tp in self._assigned():
            self._consumer.pause(tp)

    def seek(self, offsets: Mapping[str, int]) -> None:
        """Go on from these offsets (by bare name; others are ignored)."""
        self._drop()
        for tp in self._assigned():
            self._consumer.seek(tp, offsets[self._names[tp]])
            self._consumer.resume(tp)

    async def ready(self) -> tuple[str, Sequence[Raw]] | None:
        """A batch that is here now, of the topic whose turn it is. Raises what fetching raised."""
        for _ in range(len(self._turn)):
            name = self._turn[0]
            self._turn.rotate(-1)
            records = self._buffer.pop(name, [])
            if len(records) < BATCH:
                records = records + await self._fetched(name)
            if self._waits(name, records):
                self._buffer[name] = records
            elif records:
                if len(records) > BATCH:
                    self._buffer[name] = records[BATCH:]
                return name, records[:BATCH]
        self.read = {
            self._names[tp]: self._position(tp) for tp in self._assigned() if self._names[tp] not in self._buffer
        }
        return None

    def nearest(self) -> float:
        """Seconds until a record has waited for long enough; infinite where none waits."""
        return min(self._gathering.values(), default=float("inf")) + GATHER_SECONDS - time.monotonic()

    def close(self) -> None:
        self._drop()

    def _waits(self, name: str, records: Sequence[Raw]) -> bool:
        if _alone(records):
            now = time.monotonic()
            if now - self._gathering.setdefault(name, now) < GATHER_SECONDS:
                return True
        self._gathering.pop(name, None)
        return False

    async def _fetched(self, name: str) -> list[Raw]:
        """Of the consumer's own buffer, without waiting. While the group rebalances, asking would wait for the
        rebalance, which waits for us."""
        tp = self._topics[name]
        if tp not in fetched(self._consumer) or self._consumer._subscription.reassignment_in_progress:
            return []
        got: dict[TopicPartition, list[Raw]] = await self._consumer.getmany(tp, timeout_ms=0, max_records=BATCH)
        return got.get(tp, [])

    def _position(self, tp: TopicPartition) -> int:
        """Where the consumer reads next. aiokafka's own `position` may wait; ours is always set."""
        position: int = self._consumer._subscription.subscription.assignment.state_value(tp).position
        return position

    def _assigned(self) -> list[TopicPartition]:
        assigned = self._consumer.assignment()
        return [tp for tp in self._topics.values() if tp in assigned]

    def _drop(self) -> None:
        self._buffer.clear()
        self._gathering.clear()
        self.read = {}


def _alone(records: Sequence[Raw]) -> bool:
    """One chunk, or what goes before it, and nothing that does not wait."""
    said = [header.decode() for record in records for name, header in record.headers if name == FOLLOWED]
    return bool(said) and len(said) == len(records) and said.count(CHUNK) <= 1
