"""The handlers and jobs over stores in memory: any order, any number of times, the same figures."""

from collections.abc import Sequence
from random import Random
from typing import Any

import pytest

from contracts.crm import LaunchCompleted, LaunchFigures, LaunchProgressed, LaunchStopped, OutcomeRecorded
from contracts.outcomes import IncidentsClosed, IncidentsOpened, StepsCounted
from contracts.words import LaunchMode
from fakes.launch_story import Story, Told
from fakes.log_stores import InMemoryChunks, InMemoryLaunches, InMemoryOutcomes
from fakes.transaction import NOON, FakeLease, FakeTransaction, received
from log.domain.records import expand
from log.domain.snapshot import figures
from log.handlers import Handlers
from log.jobs import Jobs
from runtime.cloudevents import dump
from runtime.records import Outgoing


class Log:
    """The service without a database."""

    def __init__(self) -> None:
        self.outcomes = InMemoryOutcomes()
        self.launches = InMemoryLaunches(self.outcomes)
        self.chunks = InMemoryChunks()
        self.handlers = Handlers(self.launches, self.outcomes, self.chunks)
        self.jobs = Jobs(self.launches, self.outcomes)
        self.emitted: list[Outgoing] = []

    async def take(self, topic: str, number: int, records: Sequence[Told]) -> None:
        tx = FakeTransaction(number=number, partitions=4)
        handler: Any = {
            "launcher.launches": self.handlers.on_launches,
            "contacts.targets": self.handlers.on_targets,
            "executor.outcomes": self.handlers.on_outcomes,
            "messaging.deliveries": self.handlers.on_deliveries,
            "log.launches": self.handlers.on_snapshots,
        }[topic]
        await handler(tx, [received(told.event, id=told.id, number=number) for told in records])
        self.emitted += tx.emitted

    async def take_all(self, records: Sequence[Told], random: Random) -> None:
        """In portions of up to eight of one topic and partition, in the order in which they first appear."""
        left = list(records)
        while left:
            topic, number = left[0].topic, left[0].number
            most = random.randint(1, 8)
            portion = [told for told in left if (told.topic, told.number) == (topic, number)][:most]
            for told in portion:
                left.remove(told)
            await self.take(topic, number, portion)

    async def publish(self, number: int) -> list[LaunchFigures]:
        lease = FakeLease(number=number, partitions=4)
        await self.jobs.publish(lease)
        self.emitted += lease.emitted
        return [sent.event for sent in lease.emitted if isinstance(sent.event, LaunchFigures)]

    def records(self) -> list[OutcomeRecorded]:
        """What `log.outcomes` holds."""
        chunks = [sent for sent in self.emitted if sent.topic == "log.outcomes"]
        assert all(sent.expand == "outcomes.v1" and sent.tag for sent in chunks)
        return [
            OutcomeRecorded.model_validate_json(value)
            for sent in chunks
            for _, value, _ in expand(dump(sent.event), {"ce_source": "/slipway/log"})
        ]


def agrees(seen: LaunchFigures, story: Story) -> bool:
    return {name: getattr(seen, name) for name in story.expected()} == story.expected()


@pytest.mark.parametrize("seed", range(60))
async def test_records_in_any_order_and_repeated_give_the_same_figures_and_records(seed: int) -> None:
    random = Random(seed)
    story = Story.of(random.choice([0, 1, 5, 60]), seed)
    records = [told for told in story.records() for _ in range(random.randint(1, 3))]
    random.shuffle(records)
    log = Log()
    await log.take_all(records, random)
    (end,) = await log.publish(story.home)
    assert isinstance(end, LaunchCompleted) and agrees(end, story)
    got = {record.contact_id: (record.outcome, record.reason) for record in log.records()}
    assert got == {target.contact_id: (target.outcome, target.reason) for target in story.targets}
    assert len(log.records()) == len(story.targets)
    assert {(record.scenario, record.scenario_version) for record in log.records()} <= {("spring", 3)}


async def test_a_launch_without_targets_completes_at_once() -> None:
    log, story = Log(), Story.of(0, seed=1)
    await log.take_all(story.records(), Random(1))
    (end,) = await log.publish(story.home)
    assert isinstance(end, LaunchCompleted) and end.targeted == 0


async def test_the_end_waits_for_the_last_outcome_on_the_topic() -> None:
    log, story = Log(), Story.of(5, seed=1)
    await log.take_all(story.records(), Random(1))
    log.launches.unpublished.add(story.launch_id)
    assert await log.publish(story.home) == []
    log.launches.unpublished.clear()
    assert [type(end) for end in await log.publish(story.home)] == [LaunchCompleted]
    assert await log.publish(story.home) == []


async def test_outcomes_that_come_before_their_launch_is_described_are_published_when_it_is() -> None:
    log, story = Log(), Story.of(20, seed=3)
    records = story.records()
    for told in records:
        if told.topic == "executor.outcomes":
            await log.take(told.topic, told.number, [told])
    assert log.records() == []
    await log.take_all([told for told in records if told.topic != "executor.outcomes"], Random(1))
    assert len(log.records()) == 20
    assert log.outcomes.undescribed == {}


async def test_figures_that_move_after_their_launch_came_to_rest_are_found_by_the_sweep() -> None:
    log, story = Log(), Story.of(8, seed=2)
    await log.take_all(story.records(), Random(1))
    (end,) = await log.publish(story.home)
    log.launches.put(log.launches.rows[story.launch_id], live=False)
    log.launches.tallies[log.launches.numbers[story.launch_id]].update({"delivery:bounced": 1, "changes": 1})
    assert await log.publish(story.home) == []
    await log.jobs.sweep(FakeLease(number=story.home, partitions=4))
    (later,) = await log.publish(story.home)
    assert later.revision > end.revision and later.deliveries["bounced"] == 1


async def test_a_launch_at_rest_is_looked_after_again_when_something_is_counted() -> None:
    log, story = Log(), Story.of(30, seed=5)
    records = story.records()
    late = [told for told in records if told.topic == "messaging.deliveries"]
    await log.take_all([told for told in records if told not in late], Random(1))
    await log.publish(story.home)
    log.launches.put(log.launches.rows[story.launch_id], live=False)
    await log.take_all(late, Random(1))
    (later,) = await log.publish(story.home)
    assert agrees(later, story)


async def test_a_stop_is_announced_as_stopped() -> None:
    log, story = Log(), Story.of(9, seed=4)
    story.stopped = True
    records = story.records()
    await log.take_all([records.pop(), *records], Random(1))
    (end,) = await log.publish(story.home)
    assert isinstance(end, LaunchStopped) and agrees(end, story)


async def test_deliveries_still_move_after_the_end() -> None:
    log, story = Log(), Story.of(30, seed=5)
    records = story.records()
    late = [told for told in records if told.topic == "messaging.deliveries"]
    await log.take_all([told for told in records if told not in late], Random(1))
    (end,) = await log.publish(story.home)
    await log.take_all(late, Random(1))
    (later,) = await log.publish(story.home)
    assert isinstance(end, LaunchCompleted) and isinstance(later, LaunchCompleted)
    assert (end.deliveries, agrees(later, story)) == ({}, True)
    assert later.revision > end.revision and later.ended_at == end.ended_at


async def test_an_older_snapshot_that_came_last_on_the_topic_is_followed_by_a_newer_one() -> None:
    log, story = Log(), Story.of(10, seed=6)
    records = story.records()
    await log.take_all(records[:5], Random(1))
    (first,) = await log.publish(story.home)
    await log.take_all(records[5:], Random(1))
    (end,) = await log.publish(story.home)
    assert isinstance(first, LaunchProgressed) and isinstance(end, LaunchCompleted)
    on_topic = [Told("log.launches", story.home, str(n), event) for n, event in enumerate([first, end])]
    await log.take("log.launches", story.home, on_topic)
    assert await log.publish(story.home) == []
    await log.take("log.launches", story.home, on_topic[:1])
    (again,) = await log.publish(story.home)
    assert isinstance(again, LaunchCompleted) and again.revision > end.revision and agrees(again, story)


async def test_incidents_and_steps_count_once() -> None:
    log, common = Log(), {"project": "acme", "launch_id": "l", "contact_ids": ["a", "b"], "at": NOON}
    opened = IncidentsOpened.model_validate(common | {"steps": ["hello", "hello"], "details": ["x", "y"]})
    closed = IncidentsClosed.model_validate(common | {"contact_ids": ["a"]})
    steps = [
        StepsCounted(project="acme", launch_id="l", number=2, revision=revision, entered={"hello": revision})
        for revision in (5, 4)
    ]
    told = [Told("executor.outcomes", 2, str(n), event) for n, event in enumerate([opened, closed, *steps])]
    await log.take("executor.outcomes", 2, told)
    await log.take("executor.outcomes", 2, told)
    assert log.chunks.incidents == {(1, "b"): "hello: y"}
    assert [(key, kept.entered) for key, kept in log.chunks.steps.items()] == [((1, 2), {"hello": 5})]


@pytest.mark.parametrize("mode", [LaunchMode.TEST, LaunchMode.REHEARSAL])
async def test_a_trial_is_counted_and_told_on_no_topic(mode: LaunchMode) -> None:
    random = Random(4)
    log, story = Log(), Story.of(30, seed=4)
    story.mode = mode
    records = story.records()
    random.shuffle(records)
    await log.take_all(records, random)
    assert await log.publish(story.home) == []
    assert log.emitted == []
    launch = log.launches.whole(story.launch_id)
    seen = figures(launch)
    assert isinstance(seen, LaunchCompleted) and agrees(seen, story)
    assert (launch.announced, launch.published) == (True, launch.revision), "there is nothing left to look after"
    assert await log.publish(story.home) == []
