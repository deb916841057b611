"""When the others hear what became of sends."""

import asyncio

import pytest

from contracts.deliveries import DeliveriesRecorded
from contracts.words import DeliveryState
from fakes.mailer import FakeMailer
from fakes.provider import ACCEPT_LATE
from integration.messaging.rig import Node, World
from messaging.jobs import telling
from unit.messaging.builders import chunk, requested


async def test_what_happens_within_a_moment_is_told_in_one_record(world: World, mailer: FakeMailer) -> None:
    async with Node(world, mailer, connections=8, gather=3600) as node:
        await node.launches(requested())
        await node.sends(chunk(200))
        await node.until(lambda: len(mailer.accepted) == 200)
        await node.release()
    records = [event.event for event in world.emitted]
    assert len(records) <= 4, "planned; what was settled first, at once; the rest when the number was given up"
    assert world.counts == {"accepted": 200}
    await world.check()


async def test_enough_for_a_record_is_told_however_busy_the_number_is(
    world: World, mailer: FakeMailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "ENOUGH", 40)
    async with Node(world, mailer, connections=8, gather=3600) as node:
        await node.launches(requested())
        await node.sends(chunk(200))
        await node.until(lambda: world.counts.get("accepted", 0) > 160)
    planned, first, *others = [event.event for event in world.emitted]
    assert isinstance(planned, DeliveriesRecorded)
    assert isinstance(first, DeliveriesRecorded)
    for record in others:
        assert isinstance(record, DeliveriesRecorded)
        assert record.states.count(DeliveryState.ACCEPTED) >= 40


@pytest.mark.parametrize(
    ("seconds", "settled", "hurried", "due"),
    [(0.4, 1, False, False), (0.4, 1, True, False), (0.6, 1, False, False), (0.6, 1, True, True), (1.1, 1, False, True),
     (0.1, telling.ENOUGH, False, True), (1.9, 0, True, False), (2.1, 0, False, True)],
)  # fmt: skip
async def test_when_it_is_time_to_tell(seconds: float, settled: int, hurried: bool, due: bool) -> None:
    """Something was told a moment ago, and something waits since then."""
    waiting = telling.Waiting(epoch=1, settled=settled, hurried=hurried, since=100.0, told=100.0)
    assert waiting.due(100.0 + seconds, 1.0) is due


async def test_a_quiet_number_tells_at_once(world: World, mailer: FakeMailer) -> None:
    async with Node(world, mailer, gather=3600) as node:
        await node.round()
        await node.launches(requested())
        await node.sends(chunk(1))
        await node.until_ended(1)
    assert world.path("c-0") == ["planned", "accepted"]


async def test_a_hand_over_that_lasts_is_told_while_it_does(world: World, mailer: FakeMailer) -> None:
    mailer.always("dot", ACCEPT_LATE)
    async with Node(world, mailer, gather=0.02) as node:
        await node.launches(requested())
        await node.sends(chunk(1))
        await node.until(lambda: world.counts == {"sending": 1})
        mailer.release()
        await node.until_ended(1)


async def test_what_a_killed_process_had_not_told_the_next_owner_tells(world: World, mailer: FakeMailer) -> None:
    async with Node(world, mailer, connections=4, gather=3600) as first:
        await first.launches(requested())
        await first.sends(chunk(50))
        async with asyncio.timeout(20):
            while {state for state, _ in (await world.rows()).values()} != {"accepted"}:
                await first.round()
                await asyncio.sleep(0.001)
        assert world.counts[DeliveryState.PLANNED] > 0
    async with Node(world, mailer) as heir:
        await heir.round()
    assert world.counts == {"accepted": 50}
    await world.check()
