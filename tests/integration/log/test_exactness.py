"""Counts and ends on a real database: in any order, repeated, and from several partitions at once."""

import asyncio
from random import Random

import pytest

from contracts.crm import LaunchCompleted, LaunchProgressed, OutcomeRecorded
from fakes.launch_story import Story, Told
from fakes.transaction import FakeTransaction
from integration.log.conftest import Log
from log.domain.records import expand
from runtime.cloudevents import dump


def recorded(log: Log) -> list[OutcomeRecorded]:
    """What `log.outcomes` would hold."""
    return [
        OutcomeRecorded.model_validate_json(value)
        for sent in log.emitted
        if sent.topic == "log.outcomes"
        for _, value, _ in expand(dump(sent.event), {"ce_source": "/slipway/log"})
    ]


@pytest.mark.parametrize("seed", range(6))
async def test_records_in_any_order_and_repeated_give_the_same_figures_and_records(log: Log, seed: int) -> None:
    random = Random(seed)
    story = Story.of(80, seed)
    records = [told for told in story.records() for _ in range(random.randint(1, 3))]
    random.shuffle(records)
    await log.take_all(records, random)
    (end,) = await log.publish(story)
    assert isinstance(end, LaunchCompleted)
    assert {name: getattr(end, name) for name in story.expected()} == story.expected()
    rows = await log.pool.fetch("SELECT contact_id, outcome::text, reason FROM outcome JOIN ending ON number = ending")
    expected = {target.contact_id: (target.outcome, target.reason) for target in story.targets}
    assert {row["contact_id"]: (row["outcome"], row["reason"]) for row in rows} == expected
    unused = "SELECT number FROM ending WHERE NOT EXISTS (SELECT FROM outcome WHERE ending = number)"
    assert await log.pool.fetch(unused) == [], "a repeated record leaves nothing behind"
    assert len(recorded(log)) == len(story.targets)
    assert {record.contact_id: (record.outcome, record.reason) for record in recorded(log)} == expected


async def test_partitions_that_count_at_the_same_time_lose_nothing(log: Log) -> None:
    stories = [Story.of(60, seed, launch_id=f"launch-{seed}") for seed in range(3)]
    records = [told for story in stories for told in story.records()]
    Random(1).shuffle(records)

    async def one_partition(number: int) -> None:
        await log.take_all([told for told in records if told.number == number], Random(number))

    await asyncio.gather(*(one_partition(number) for number in range(4)))
    ends = {event.launch_id: event for story in stories for event in await log.publish(story)}
    for story in stories:
        end = ends[story.launch_id]
        assert isinstance(end, LaunchCompleted)
        assert {name: getattr(end, name) for name in story.expected()} == story.expected()


async def test_last_instances_that_end_at_the_same_moment_on_two_partitions_are_announced_once(log: Log) -> None:
    story = Story.of(40, seed=7)
    records = story.records()
    numbers = sorted({told.number for told in records if told.topic == "executor.outcomes"})[:2]
    last = [
        next(told for told in reversed(records) if told.topic == "executor.outcomes" and told.number == number)
        for number in numbers
    ]
    await log.take_all([told for told in records if told not in last], Random(1))
    assert [type(event) for event in await log.publish(story)] == [LaunchProgressed]

    async def end(told: Told, both: asyncio.Barrier) -> None:
        """Both have written their outcomes before either touches the launch."""
        async with log.pool.acquire() as connection, connection.transaction():
            tx = FakeTransaction(number=told.number, partitions=4, connection=connection)
            await both.wait()
            await log.handle(tx, told.topic, [told])

    both = asyncio.Barrier(2)
    await asyncio.gather(*(end(told, both) for told in last))
    events = await log.publish(story) + await log.publish(story)
    assert [type(event) for event in events] == [LaunchCompleted]
    assert {name: getattr(events[0], name) for name in story.expected()} == story.expected()


async def test_the_end_waits_until_every_outcome_is_on_the_topic(log: Log) -> None:
    story = Story.of(10, seed=1)
    await log.take_all(story.records(), Random(1))
    await log.pool.execute(
        "INSERT INTO outbox (consumer, lease_partition, seq, topic, partition, key, headers, packed, tag, at)"
        " VALUES ('log', 2, 1, 'log.outcomes', 2, '', '{}', '', $1, now())",
        story.launch_id,
    )
    assert await log.publish(story) == []
    await log.pool.execute("DELETE FROM outbox")
    assert [type(event) for event in await log.publish(story)] == [LaunchCompleted]


async def test_progress_goes_out_at_most_once_a_second_and_the_end_at_once(log: Log) -> None:
    story = Story.of(30, seed=2)
    records = story.records()
    await log.take_all(records[:4], Random(1))
    await log.publish(story)
    await log.pool.execute("UPDATE launch SET published_at = now()")
    await log.take_all(records[4:8], Random(1))
    assert await log.publish(story) == []
    await log.pool.execute("UPDATE launch SET published_at = now() - interval '1 second'")
    assert [type(event) for event in await log.publish(story)] == [LaunchProgressed]
    await log.pool.execute("UPDATE launch SET published_at = now()")
    await log.take_all(records[8:], Random(1))
    assert [type(event) for event in await log.publish(story)] == [LaunchCompleted]


async def test_an_older_snapshot_that_came_last_on_the_topic_is_followed_by_a_newer_one(log: Log) -> None:
    story = Story.of(10, seed=6)
    records = story.records()
    await log.take_all(records[:5], Random(1))
    (first,) = await log.publish(story)
    await log.take_all(records[5:], Random(1))
    (end,) = await log.publish(story)
    on_topic = [Told("log.launches", story.home, str(n), event) for n, event in enumerate([first, end])]
    await log.take("log.launches", story.home, on_topic)
    assert await log.publish(story) == []
    await log.take("log.launches", story.home, on_topic[:1])
    await log.pool.execute("UPDATE launch SET published_at = now() - interval '1 second'")
    (again,) = await log.publish(story)
    assert isinstance(again, LaunchCompleted) and again.revision > end.revision
    assert again.model_dump(exclude={"revision"}) == end.model_dump(exclude={"revision"})


async def test_a_rolled_back_record_counts_when_it_comes_again(log: Log) -> None:
    story = Story.of(20, seed=3)
    records = story.records()
    for told in records:
        async with log.pool.acquire() as connection:
            transaction = connection.transaction()
            await transaction.start()
            await log.handle(
                FakeTransaction(number=told.number, partitions=4, connection=connection), told.topic, [told]
            )
            await transaction.rollback()
    await log.take_all(records, Random(1))
    (end,) = await log.publish(story)
    assert {name: getattr(end, name) for name in story.expected()} == story.expected()
