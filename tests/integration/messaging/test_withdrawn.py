"""A contact is taken out of a launch: by where its message is when that is read."""

import pytest

from contracts.sends import SendsWithdrawn
from contracts.words import ControlState
from fakes.mailer import FakeMailer
from fakes.provider import ACCEPT_LATE
from fakes.transaction import NOON
from integration.messaging.rig import Node, World
from unit.messaging.builders import LAUNCH, PROJECT, chunk, controlled, requested

PAUSED, RUNNING = ControlState.PAUSED, ControlState.RUNNING


def withdrawn(*contact_ids: str) -> SendsWithdrawn:
    return SendsWithdrawn(project=PROJECT, launch_id=LAUNCH, contact_ids=list(contact_ids), reason="removed", at=NOON)


async def test_what_is_planned_is_cancelled_and_the_others_go(world: World, mailer: FakeMailer) -> None:
    async with Node(world, mailer) as node:
        await node.launches(requested())
        await node.sends(chunk(3), withdrawn("c-1", "nobody"))
        await node.sends(withdrawn("c-1"), cause="again")
        await node.until_ended(3)
    assert await world.rows() == {"c-0": ("accepted", None), "c-1": ("cancelled", "removed"), "c-2": ("accepted", None)}
    assert world.path("c-1") == ["planned", "cancelled"]
    await world.check()


async def test_under_a_paused_gate_it_is_cancelled_at_once(world: World, mailer: FakeMailer) -> None:
    async with Node(world, mailer) as node:
        await node.launches(requested(), controlled(PAUSED))
        await node.sends(chunk(2))
        await node.sends(withdrawn("c-0"), cause="removal")
        await node.launches(controlled(RUNNING, 3))
        await node.until_ended(2)
    assert await world.rows() == {"c-0": ("cancelled", "removed"), "c-1": ("accepted", None)}


@pytest.mark.parametrize("channel", ["discard", "email"])
async def test_a_chunk_that_waits_for_its_launch_is_not_sent_to_them(
    world: World, mailer: FakeMailer, channel: str
) -> None:
    async with Node(world, mailer) as node:
        await node.sends(chunk(3), withdrawn("c-1"))
        await node.launches(requested(channel=channel))
        await node.until_ended(3)
    assert (await world.rows())["c-1"] == ("cancelled", "removed")
    assert world.counts == {"accepted": 2, "cancelled": 1}


async def test_what_is_held_is_cancelled(world: World, mailer: FakeMailer) -> None:
    async with Node(world, mailer, guarded=True) as node:
        await node.launches(requested())
        await node.admitted(1)
        await node.sends(chunk(3))
        for _ in range(4):
            await node.round()
        assert world.counts == {"held": 3}
        await node.sends(withdrawn("c-2"), cause="removal")
        await node.launches(controlled(PAUSED, 2), controlled(RUNNING, 3, lifted=1))
        await node.until_ended(3)
    assert (await world.rows())["c-2"] == ("cancelled", "removed")
    assert world.counts == {"accepted": 2, "cancelled": 1}


async def test_what_is_at_the_dot_finishes(world: World, mailer: FakeMailer) -> None:
    mailer.next("dot", ACCEPT_LATE)
    async with Node(world, mailer) as node:
        await node.launches(requested())
        await node.sends(chunk(1))
        await node.until(lambda: len(mailer.accepted) == 1)
        await node.sends(withdrawn("c-0"), cause="removal")
        mailer.release()
        await node.until_ended(1)
    assert await world.rows() == {"c-0": ("accepted", None)}


async def test_what_comes_back_from_the_dot_is_not_tried_again(world: World, mailer: FakeMailer) -> None:
    mailer.next("dot", "451 later")
    mailer.seconds = 0.5
    async with Node(world, mailer) as node:
        await node.launches(requested())
        await node.sends(chunk(1))
        await node.until(lambda: len(mailer.offers) == 1)
        await node.round()
        assert await world.rows() == {"c-0": ("sending", None)}
        await node.sends(withdrawn("c-0"), cause="removal")
        await node.until_ended(1)
    assert await world.rows() == {"c-0": ("cancelled", "removed")}
    assert mailer.accepted == []
    await world.check()
