"""Sends that leave nowhere: judged and accepted as they come, once."""

import pytest

from contracts.sends import SendsWithdrawn
from contracts.words import ControlState
from fakes.mailer import FakeMailer
from fakes.transaction import NOON
from integration.messaging.rig import Node, World
from unit.messaging.builders import LAUNCH, PROJECT, change, chunk, controlled, requested, snapshot


@pytest.fixture
def node(world: World, mailer: FakeMailer) -> Node:
    return Node(world, mailer)


async def test_a_chunk_is_accepted_and_told_in_the_same_transaction(node: Node, world: World) -> None:
    await node.launches(requested(channel="discard"))
    await node.sends(chunk(500))
    assert world.counts == {"accepted": 500}
    assert len(world.emitted) == 1
    await world.check()


async def test_a_replayed_chunk_changes_nothing_and_tells_nothing(node: Node, world: World) -> None:
    await node.launches(requested(channel="discard"))
    await node.sends(chunk(5))
    await node.sends(chunk(5), cause="again")
    await node.sends(chunk(5), chunk(5), cause="twice more")
    assert len(world.emitted) == 1
    assert world.counts == {"accepted": 5}


async def test_only_what_is_new_in_a_chunk_is_told(node: Node, world: World) -> None:
    await node.launches(requested(channel="discard"))
    await node.sends(chunk(snapshot(3)))
    await node.sends(chunk(snapshot(5)), cause="more")
    assert world.counts == {"accepted": 5}
    assert world.path("c-1") == ["accepted"]
    await world.check()


async def test_the_same_step_again_is_another_send(node: Node, world: World) -> None:
    await node.launches(requested(channel="discard"))
    await node.sends(chunk(2, occurrence=1))
    await node.sends(chunk(2, occurrence=2), cause="again")
    assert world.counts == {"accepted": 4}


async def test_everybody_who_must_not_get_it_is_skipped_with_the_reason(node: Node, world: World) -> None:
    await node.launches(requested(channel="discard"))
    await node.changes(
        change("c-4", active=False),
        change("c-5", suppressed=True),
        change("c-6", consent={}),
        change("c-7", deleted=True),
        change("c-8", revision=1, suppressed=True),
    )
    targets = snapshot(9, suppressed={1}, not_permitted={2}, no_email={8}, no_consent={3})
    await node.sends(chunk(targets))
    assert await world.rows() == {
        "c-0": ("accepted", None),
        "c-1": ("skipped", "suppressed"),
        "c-2": ("skipped", "not_permitted"),
        "c-3": ("skipped", "no_consent"),
        "c-4": ("skipped", "inactive"),
        "c-5": ("skipped", "suppressed"),
        "c-6": ("skipped", "no_consent"),
        "c-7": ("cancelled", "deleted"),
        "c-8": ("accepted", None),  # what is no newer than the snapshot does not count, and no address is needed
    }
    assert len(world.emitted) == 1
    await world.check()


async def test_the_override_lifts_consent_for_this_launch_only(node: Node, world: World) -> None:
    await node.launches(requested("with", channel="discard", override=True), requested("without", channel="discard"))
    targets = snapshot(2, no_consent={0}, suppressed={1})
    await node.sends(chunk(targets, "with"), chunk(targets, "without"))
    rows = await world.pool.fetch(
        "SELECT launch_id, contact_id, state, reason FROM send JOIN launch ON number = launch"
    )
    assert {tuple(row) for row in rows} == {
        ("with", "c-0", "accepted", None),
        ("with", "c-1", "skipped", "suppressed"),
        ("without", "c-0", "skipped", "no_consent"),
        ("without", "c-1", "skipped", "suppressed"),
    }


async def test_behind_a_stopped_gate_all_are_cancelled(node: Node, world: World) -> None:
    await node.launches(requested(channel="discard"), controlled(ControlState.STOPPED))
    await node.sends(chunk(3))
    assert set((await world.rows()).values()) == {("cancelled", "stopped")}


async def test_an_older_control_record_does_not_open_a_gate(node: Node, world: World) -> None:
    await node.launches(controlled(ControlState.STOPPED, revision=5))
    await node.launches(requested(channel="discard", revision=1))
    await node.launches(controlled(ControlState.RUNNING, revision=4))
    await node.sends(chunk(1))
    assert world.counts == {"cancelled": 1}


async def test_a_withdrawal_of_others_between_two_chunks_holds_up_neither(node: Node, world: World) -> None:
    await node.launches(requested(channel="discard"))
    withdrawn = SendsWithdrawn(project=PROJECT, launch_id=LAUNCH, contact_ids=["somebody"], reason="removed", at=NOON)
    await node.sends(chunk(snapshot(3)), withdrawn, chunk(snapshot(3, first=3)))
    assert world.counts == {"accepted": 6}
    await world.check()


async def test_sends_before_their_launch_wait_and_are_taken_up(node: Node, world: World) -> None:
    await node.sends(chunk(snapshot(3, no_consent={1})), chunk(snapshot(3, first=3)))
    assert world.emitted == []
    await node.launches(controlled(ControlState.RUNNING, revision=2))
    assert not await node.round()
    assert world.emitted == []
    await node.launches(requested(channel="discard"))
    await node.until(lambda: len(world.told) == 6)
    assert world.counts == {"accepted": 5, "skipped": 1}
    assert await world.pool.fetchval("SELECT count(*) FROM waiting_chunk") == 0
    await node.sends(chunk(snapshot(3, no_consent={1})), chunk(snapshot(3, first=3)))
    assert len(world.emitted) == 2
    await world.check()


async def test_a_chunk_that_waited_is_judged_by_what_is_known_when_it_is_taken_up(node: Node, world: World) -> None:
    await node.sends(chunk(3))
    await node.changes(change("c-1", consent={}), change("c-2", deleted=True))
    await node.launches(requested(channel="discard"))
    await node.until(lambda: len(world.told) == 3)
    assert await world.rows() == {
        "c-0": ("accepted", None),
        "c-1": ("skipped", "no_consent"),
        "c-2": ("cancelled", "deleted"),
    }


async def test_under_a_paused_gate_nothing_is_accepted_until_it_opens(node: Node, world: World) -> None:
    await node.launches(requested(channel="discard"), controlled(ControlState.PAUSED))
    await node.sends(chunk(2))
    await node.round()
    assert world.told == {}
    await node.launches(controlled(ControlState.RUNNING, revision=3))
    await node.until(lambda: len(world.told) == 2)
    assert world.counts == {"accepted": 2}


async def test_a_step_that_the_launch_does_not_have_fails_and_holds_nobody_up(node: Node, world: World) -> None:
    await node.launches(requested(channel="discard"))
    await node.sends(chunk(2).model_copy(update={"step": "elsewhere"}), chunk(snapshot(2, first=2)))
    assert sorted((await world.rows()).values(), key=str) == [
        ("accepted", None),
        ("accepted", None),
        ("failed", "unsupported"),
        ("failed", "unsupported"),
    ]


async def test_what_a_stop_does_not_see_it_waits_for(node: Node, world: World) -> None:
    """A chunk in an open transaction holds the gate: the stop commits after it, and what comes next is cancelled."""
    await node.launches(requested(channel="discard"))
    async with world.pool.acquire() as other, other.transaction():
        launches = node.handlers._launches
        assert LAUNCH in await launches.pass_gates(other, {LAUNCH})
        async with world.pool.acquire() as stopper, stopper.transaction():
            held = await stopper.fetchval(
                "SELECT pg_try_advisory_xact_lock(hashtextextended('gate ' || $1, 0))", LAUNCH
            )
            assert held is False
    await node.launches(controlled(ControlState.STOPPED))
    await node.sends(chunk(1))
    assert world.counts == {"cancelled": 1}
