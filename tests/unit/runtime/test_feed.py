"""Topics of one number are read in turn, in portions; whoever has records is told."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.structs import ConsumerRecord

from runtime.cloudevents import CHUNK, FOLLOWED, OPENING
from runtime.feed import BATCH, Feed
from runtime.group import arrivals

A, B = TopicPartition("p_a", 1), TopicPartition("p_b", 1)


class FakeConsumer:
    """Records by partition; `getmany` behaves like aiokafka's."""

    def __init__(self) -> None:
        self.records: dict[TopicPartition, list[Any]] = {A: [], B: []}
        self.waiters: list[asyncio.Future[None]] = []
        self._fetcher = self
        self.sought: dict[TopicPartition, int] = {}
        self.paused: set[TopicPartition] = set()
        self.positions = {A: 0, B: 0}
        self._subscription = SimpleNamespace(
            reassignment_in_progress=False,
            subscription=SimpleNamespace(assignment=SimpleNamespace(state_value=self._state)),
        )

    @property
    def _records(self) -> dict[TopicPartition, list[Any]]:
        return {tp: records for tp, records in self.records.items() if records}

    def _create_fetch_waiter(self) -> "asyncio.Future[None]":
        self.waiters.append(asyncio.get_running_loop().create_future())
        return self.waiters[-1]

    def _state(self, tp: TopicPartition) -> Any:
        return SimpleNamespace(position=self.positions[tp])

    def put(self, tp: TopicPartition, *offsets: int, followed: str | None = None) -> None:
        headers = () if followed is None else ((FOLLOWED, followed.encode()),)
        self.records[tp] += [
            ConsumerRecord(tp.topic, 1, offset, 0, 0, None, b"", None, 0, 0, headers) for offset in offsets
        ]
        while self.waiters:
            self.waiters.pop().set_result(None)

    async def getmany(self, *tps: TopicPartition, timeout_ms: int, max_records: int) -> dict[TopicPartition, list[Any]]:
        assert not timeout_ms
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


@pytest.mark.parametrize(
    ("there", "behind", "together"),
    [
        ([CHUNK], CHUNK, 2),
        ([CHUNK], None, 2),
        ([OPENING], CHUNK, 0),
        ([OPENING, CHUNK], CHUNK, 3),
        ([OPENING, CHUNK], None, 3),
        ([OPENING, CHUNK], OPENING, 0),
    ],
)
async def test_a_chunk_waits_for_the_next_one_with_what_goes_before_it(
    there: list[str], behind: str | None, together: int
) -> None:
    consumer = FakeConsumer()
    feed = feed_of(consumer)
    for offset, said in enumerate(there):
        consumer.put(A, offset, followed=said)
    consumer.put(B, 100)
    assert await ready(feed) == ("b", [100]), "it holds up nobody"
    assert await ready(feed) is None
    assert 0 < feed.nearest() <= 1
    consumer.put(A, len(there), followed=behind)
    assert await ready(feed) == (("a", list(range(together))) if together else None)


@pytest.mark.parametrize("there", [[CHUNK, CHUNK], [CHUNK, None], [OPENING, None], [None, CHUNK]])
async def test_nothing_waits_where_there_is_more_than_one_chunk_or_what_does_not_wait(there: list[str | None]) -> None:
    consumer = FakeConsumer()
    for offset, said in enumerate(there):
        consumer.put(A, offset, followed=said)
    assert await ready(feed_of(consumer)) == ("a", [0, 1])


async def test_whoever_has_records_is_told_at_once_and_after_each_fetch() -> None:
    consumer: Any = FakeConsumer()
    consumer.put(A, 1)
    told = arrivals(consumer)
    assert await anext(told) == [A], "what was there before"
    later = asyncio.ensure_future(anext(told))
    await asyncio.sleep(0)
    assert not later.done()
    consumer.records[A] = []
    consumer.put(B, 7)
    assert await asyncio.wait_for(later, 1) == [B]
    consumer.put(A, 2)  # before anybody asks again
    assert await asyncio.wait_for(anext(told), 1) == [A, B], "and what nobody took meanwhile"


async def test_seeking_forgets_what_was_fetched_before() -> None:
    consumer = FakeConsumer()
    feed = feed_of(consumer)
    consumer.put(A, *range(2 * BATCH))
    await ready(feed)
    feed.pause()
    assert consumer.paused == {A, B}
    feed.seek({"a": 5, "b": 6, "clock": 3})
    assert consumer.sought == {A: 5, B: 6}
    assert consumer.paused == set()
    consumer.records[A] = []
    assert await ready(feed) is None, "a seek drops what was fetched"


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
