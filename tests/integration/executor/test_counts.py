"""How many instances entered each step: what is told of it, and when."""

from collections.abc import Awaitable, Callable

import pytest

from contracts.outcomes import StepsCounted, TargetsEnded
from contracts.words import DeliveryState
from integration.executor.desk import STOP, Desk, changed, controlled, deletion, delivered, ordered
from runtime.partitions import partition_of
from unit.executor.builders import EVERYTHING

IDS = [f"c-{n}" for n in range(400) if partition_of(f"c-{n}", 8) == 5][:3]


def order(desk: Desk) -> list[str]:
    """Counts and outcomes, as they lie on the topic."""
    told = [sent for sent in desk.emitted if isinstance(sent.event, (StepsCounted, TargetsEnded))]
    assert {(sent.topic, sent.partition) for sent in told} <= {("executor.outcomes", 5)}
    return [type(sent.event).__name__ for sent in told]


async def test_steps_are_counted_absolutely_and_published_once(desk: Desk) -> None:
    await desk.launch(IDS, EVERYTHING)
    await desk.accept(IDS[:1])
    await desk.counts()
    assert desk.take(StepsCounted) == [], "within the first second"
    desk.later(seconds=1)
    await desk.counts()
    await desk.counts()
    (told,) = desk.take(StepsCounted)
    assert told.model_dump() == {
        "project": "acme",
        "launch_id": "l-1",
        "number": 5,
        "revision": 2,
        "entered": {"hello": 3, "pause": 1},
    }


async def test_counts_are_told_by_what_moves_instances_once_a_second(desk: Desk) -> None:
    await desk.launch(IDS, EVERYTHING)
    desk.later(seconds=1)
    await desk.accept(IDS[:1])
    await desk.accept(IDS[1:2])
    assert [told.entered for told in desk.take(StepsCounted)] == [{"hello": 3, "pause": 1}]
    await desk.counts()
    assert desk.take(StepsCounted) == [], "told less than a second ago"
    desk.later(seconds=1)
    await desk.counts()
    assert [told.entered for told in desk.take(StepsCounted)] == [{"hello": 3, "pause": 2}]
    await desk.accept(IDS[2:])
    desk.later(seconds=1)
    desk.later(days=2)
    await desk.timers()
    (told,) = desk.take(StepsCounted)
    assert told.entered["pause"] == 3
    await desk.counts()
    assert desk.take(StepsCounted) == [], "nothing is left to tell"


async def test_the_last_counts_are_told_ahead_of_the_last_outcome(desk: Desk) -> None:
    """Whoever reads the topic and sees everybody ended has them."""
    await desk.launch(IDS)
    await desk.accept(IDS[:1])
    assert order(desk) == ["TargetsEnded"]
    await desk.deliveries(delivered(IDS[1:2]), delivered(IDS[2:], state=DeliveryState.FAILED, reason="x"))
    assert order(desk) == ["TargetsEnded", "TargetsEnded", "StepsCounted", "TargetsEnded"]
    assert [told.entered for told in desk.take(StepsCounted)] == [{"hello": 3, "won": 2}]
    desk.later(seconds=2)
    await desk.counts()
    assert desk.take(StepsCounted) == [], "nothing is left to tell"


async def test_who_starts_after_all_others_have_ended_is_counted_ahead_of_the_outcome_too(desk: Desk) -> None:
    ends = "vip: {branch: [{when: contact.attributes.score > 0, next: won}, {otherwise: won}]}\nwon: {end: success}"
    for number, contact_id in enumerate(IDS, start=1):
        await desk.launch([contact_id], ends)
        assert order(desk) == ["StepsCounted", "TargetsEnded"]
        assert [told.entered for told in desk.take(StepsCounted)] == [{"vip": number, "won": number}]
        desk.emitted.clear()


async def stop(desk: Desk) -> None:
    await desk.control(controlled(STOP, 2))
    await desk.orders()


async def remove(desk: Desk) -> None:
    await desk.control(*(ordered(contact_id, "remove", f"o-{contact_id}") for contact_id in IDS))
    await desk.contact_orders()


async def delete(desk: Desk) -> None:
    await desk.changes(changed(*(deletion(contact_id, 9) for contact_id in IDS)))


@pytest.mark.parametrize("end", [stop, remove, delete])
async def test_counts_are_told_ahead_of_the_last_outcome_whatever_ends_it(
    desk: Desk, end: Callable[[Desk], Awaitable[None]]
) -> None:
    await desk.launch(IDS, EVERYTHING)
    await desk.accept(IDS[:2])
    await end(desk)
    assert order(desk)[-2:] == ["StepsCounted", "TargetsEnded"]
    assert [told.entered for told in desk.take(StepsCounted)] == [{"hello": 3, "pause": 2}]
