"""When the others hear what became of sends."""

import asyncio

from contracts.words import DeliveryState
from fakes.mailer import FakeMailer
from fakes.provider import ACCEPT_LATE
from integration.messaging.rig import Node, World
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
