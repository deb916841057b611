"""Topics of one number are read in turn, in portions; what a pending request brought is never lost."""

import asyncio
from types import SimpleNamespace
from typing import Any

from aiokafka import TopicPartition
from aiokafka.structs import ConsumerRecord

from runtime.feed import BATCH, Feed

A, B = TopicPartition("p_a", 1), TopicPartition("p_b", 1)


class FakeConsumer:
    """Records by partition; `getmany` behaves like aiokafka's."""

    def __init__(self) -> None:
        self.records: dict[TopicPartition, list[Any]] = {A: [], B: []}
        self.arrived = asyncio.Event()
        self.sought: dict[TopicPartition, int] = {}
        self.paused: set[TopicPartition] = set()
        self.positions = {A: 0, B: 0}
        self._subscription = SimpleNamespace(
            reassignment_in_progress=False,
            subscription=SimpleNamespace(assignment=SimpleNamespace(state_value=self._state)),
        )

    def _state(self, tp: TopicPartition) -> Any:
        return SimpleNamespace(position=self.positions[tp])

    def put(self, tp: TopicPartition, *offsets: int) -> None:
        self.records[tp] += [ConsumerRecord(tp.topic, 1, offset, 0, 0, None, b"", None, 0, 0, ()) for offset in offsets]
        self.arrived.set()

    async def getmany(self, *tps: TopicPartition, timeout_ms: int, max_records: int) -> dict[TopicPartition, list[Any]]:
        if timeout_ms and not any(self.records[tp] for tp in tps):
            self.arrived.clear()
            await self.arrived.wait()
        found = {}
        for tp in tps:
            if self.records[tp] and max_records:
                found[tp], self.records[tp] = self.records[tp][:max_records], self.records[tp][max_records:]
                max_records -= len(found[tp])
        return found

    def assignment(self) -> set[TopicPartition]:
        return {A, B}

    def pause(self, tp: TopicPartition) -> None:
        self.paused.add(tp)

    def resume(self, tp: TopicPartition) -> None:
        self.paused.discard(tp)

    def seek(self, tp: TopicPartition, offset: int) -> None:
        self.sought[tp] = offset


def feed_of(consumer: FakeConsumer) -> Feed:
    feed: Any = Feed
    made: Feed = feed(consumer, {"a": A, "b": B})
    return made


async def ready(feed: Feed) -> tuple[str, list[int]] | None:
    got = await feed.ready()
    return None if got is None else (got[0], [record.offset for record in got[1]])


def woken() -> "asyncio.Future[None]":
    return asyncio.get_running_loop().create_future()


async def test_topics_take_turns_in_portions() -> None:
    consumer = FakeConsumer()
    feed = feed_of(consumer)
    consumer.put(A, *range(20))
    consumer.put(B, 100)
    assert await ready(feed) == ("a", list(range(BATCH)))
    assert await ready(feed) == ("b", [100])
    assert await ready(feed) == ("a", list(range(BATCH, 2 * BATCH)))
    assert await ready(feed) == ("a", list(range(2 * BATCH, 20)))
    assert await ready(feed) is None


async def test_a_request_under_way_comes_first_and_keeps_its_records() -> None:
    consumer = FakeConsumer()
    feed = feed_of(consumer)
    await feed.wait(0.01, woken())
    consumer.put(A, 1, 2)
    assert await ready(feed) is None, "the pending request has not answered yet, and nobody overtakes it"
    await feed.wait(1, woken())
    consumer.put(A, 3)
    assert await ready(feed) == ("a", [1, 2])
    assert await ready(feed) == ("a", [3])


async def test_waking_ends_the_wait_and_loses_nothing() -> None:
    consumer = FakeConsumer()
    feed = feed_of(consumer)
    wake = woken()
    wake.set_result(None)
    await asyncio.wait_for(feed.wait(60, wake), 1)
    consumer.put(B, 7)
    await feed.wait(1, woken())
    assert await ready(feed) == ("b", [7])


async def test_seeking_forgets_what_was_fetched_before() -> None:
    consumer = FakeConsumer()
    feed = feed_of(consumer)
    await feed.wait(0.01, woken())
    consumer.put(A, 1)
    await asyncio.sleep(0)
    feed.pause()
    assert consumer.paused == {A, B}
    feed.seek({"a": 5, "b": 6, "clock": 3})
    assert consumer.sought == {A: 5, B: 6}
    assert consumer.paused == set()


async def test_nothing_is_asked_while_the_group_rebalances() -> None:
    consumer = FakeConsumer()
    consumer._subscription.reassignment_in_progress = True
    consumer.put(A, 1)
    assert await ready(feed_of(consumer)) is None


async def test_what_was_handed_out_is_known_when_nothing_is_left_and_forgotten_by_a_pause() -> None:
    consumer = FakeConsumer()
    feed = feed_of(consumer)
    consumer.put(A, 1)
    consumer.positions = {A: 3, B: 9}
    assert await ready(feed) == ("a", [1])
    assert feed.read == {}
    assert await ready(feed) is None
    assert feed.read == {"a": 3, "b": 9}
    feed.pause()
    assert feed.read == {}
