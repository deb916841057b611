"""The blast guard: what is more than planned is held, whole and shown, until a person resumes or stops the launch."""

from collections.abc import AsyncIterator

import pytest

from contracts.words import ControlState
from fakes.mailer import FakeMailer
from integration.messaging.rig import Node, World
from runtime.partitions import partition_of
from unit.messaging.builders import LAUNCH, change, chunk, controlled, requested, snapshot

TARGETS = "contacts.targets"
CHANGES = "contacts.changes"


@pytest.fixture
async def node(world: World, mailer: FakeMailer) -> AsyncIterator[Node]:
    async with Node(world, mailer, guarded=True) as node:
        yield node


async def rounds(node: Node, count: int = 4) -> None:
    for _ in range(count):
        await node.round()


async def gate(world: World) -> tuple[str, int, int]:
    row = await world.pool.fetchrow("SELECT state, holds, lifted FROM gate")
    assert row is not None
    return row["state"], row["holds"], row["lifted"]


@pytest.mark.parametrize("channel", ["discard", "email"])
async def test_what_is_planned_goes_out_and_a_chunk_more_is_held(node: Node, world: World, channel: str) -> None:
    await node.launches(requested(channel=channel))
    await node.admitted(3, 2)
    await node.sends(chunk(5))
    await node.until_ended(5)
    await node.sends(chunk(snapshot(4, first=5)), cause="surplus")
    await rounds(node)
    assert world.counts == {"accepted": 5, "held": 4}
    [held] = world.holds
    assert (held.launch_id, held.number) == (LAUNCH, 1)
    assert "9 messages of step hello asked for, 5 planned for 5 targets" in held.reason
    assert await gate(world) == ("paused", 1, 0)
    home = [sent.partition for sent in world.emitted if sent.event is held]
    assert home == [partition_of(LAUNCH, 8)]
    await world.check()


@pytest.mark.parametrize("channel", ["discard", "email"])
async def test_a_resume_lets_go_what_was_held_once_and_only_that(
    node: Node, world: World, mailer: FakeMailer, channel: str
) -> None:
    await node.launches(requested(channel=channel))
    await node.admitted(5)
    await node.sends(chunk(5), chunk(snapshot(4, first=5)))
    await rounds(node)
    await node.launches(controlled(ControlState.PAUSED, 2))
    await node.launches(controlled(ControlState.RUNNING, 3, lifted=1))
    await node.until_ended(9)
    assert world.counts == {"accepted": 9}
    recipients = [mail.recipient for mail in mailer.accepted]
    assert len(recipients) == len(set(recipients)) == (9 if channel == "email" else 0)
    await node.sends(chunk(snapshot(1, first=9)), cause="more")
    await rounds(node)
    assert world.counts == {"accepted": 9, "held": 1}
    assert [held.number for held in world.holds] == [1, 2]
    await world.check()


async def test_a_resume_that_does_not_know_of_the_hold_opens_nothing(node: Node, world: World) -> None:
    await node.launches(requested(channel="discard"))
    await node.sends(chunk(2))
    await rounds(node)
    await node.launches(controlled(ControlState.PAUSED, 2), controlled(ControlState.RUNNING, 3))
    await rounds(node)
    assert (await gate(world), world.counts) == (("paused", 1, 0), {"held": 2})


async def test_under_a_hold_what_is_planned_waits_too_and_more_surplus_is_the_same_hold(
    node: Node, world: World, mailer: FakeMailer
) -> None:
    await node.launches(requested())
    await node.admitted(2)
    await node.sends(chunk(snapshot(9, first=10)), cause="surplus")
    await rounds(node)
    await node.sends(chunk(2), chunk(snapshot(3, first=30)), cause="later")
    await rounds(node)
    assert (world.counts, mailer.accepted) == ({"held": 12, "planned": 2}, [])
    assert len(world.holds) == 1
    await node.launches(controlled(ControlState.RUNNING, 2, lifted=1))
    await node.until_ended(14)
    assert world.counts == {"accepted": 14}


async def test_a_stop_cancels_what_is_held_and_what_is_suspected(node: Node, world: World) -> None:
    await node.launches(requested())
    await node.sends(chunk(2))
    await rounds(node)
    node.lease().lags[TARGETS] = 999.0
    await node.sends(chunk(snapshot(3, first=5)), cause="suspected")
    await rounds(node, 1)
    await node.launches(controlled(ControlState.STOPPED, 2))
    await rounds(node)
    assert world.counts == {"cancelled": 5}
    await world.check()


async def test_targets_that_are_read_after_their_sends_are_no_surplus(node: Node, world: World) -> None:
    await node.launches(requested(channel="discard"))
    node.lease().lags[TARGETS] = 5.0
    await node.sends(chunk(5))
    await rounds(node)
    assert world.told == {}
    await node.admitted(5)
    await rounds(node)
    assert (world.counts, world.holds) == ({"accepted": 5}, [])
    assert await world.pool.fetchval("SELECT count(*) FROM suspect_chunk") == 0


async def test_replayed_chunks_and_targets_count_once(node: Node, world: World) -> None:
    await node.launches(requested(channel="discard"))
    for _ in range(3):
        await node.admitted(5)
        await node.sends(chunk(5))
        await node.sends(chunk(5), cause="another id")
        await rounds(node)
    assert (world.counts, world.holds) == ({"accepted": 5}, [])
    await node.sends(chunk(snapshot(1, first=7)), cause="surplus")
    await rounds(node)
    assert world.counts == {"accepted": 5, "held": 1}


async def test_a_send_in_a_round_that_the_scenario_does_not_have_is_held(node: Node, world: World) -> None:
    await node.launches(requested(channel="discard"))
    await node.admitted(5)
    await node.sends(chunk(1, occurrence=1), chunk(1, occurrence=2))
    await rounds(node)
    assert world.counts == {"accepted": 1, "held": 1}
    assert "for the 2. time, 1 planned" in world.holds[0].reason


async def test_each_partition_counts_its_own_and_one_hold_stops_all(
    node: Node, world: World, mailer: FakeMailer
) -> None:
    await node.launches(requested())
    await node.admitted(2, number=0, cause="of 0")
    await node.admitted(2, number=1, cause="of 1")
    await node.sends(chunk(snapshot(3)), number=0)
    await rounds(node)
    await node.sends(chunk(snapshot(2, first=10)), number=1, cause="of 1")
    for _ in range(4):
        await node.round(1)
    assert (world.counts, mailer.accepted) == ({"held": 3, "planned": 2}, [])


async def test_an_owner_that_takes_over_goes_on_where_the_last_one_was(
    node: Node, world: World, mailer: FakeMailer
) -> None:
    await node.launches(requested())
    await node.admitted(2)
    await node.sends(chunk(3))
    async with Node(world, mailer, guarded=True) as other:
        await rounds(other)
        assert (world.counts, len(world.holds)) == ({"held": 3}, 1)
        await other.launches(controlled(ControlState.RUNNING, 2, lifted=1))
        async with Node(world, mailer, guarded=True) as third:
            await third.until_ended(3)
    assert (world.counts, len(mailer.accepted)) == ({"accepted": 3}, 3)


async def test_a_held_message_of_a_contact_that_is_deleted_is_cancelled(node: Node, world: World) -> None:
    await node.launches(requested())
    await node.sends(chunk(2))
    await rounds(node)
    await node.changes(change("c-0", deleted=True))
    await rounds(node)
    assert world.counts == {"cancelled": 1, "held": 1}
    assert await world.pool.fetchval("SELECT email FROM send WHERE contact_id = 'c-0'") is None


async def test_launches_from_before_the_guard_are_left_alone(world: World, mailer: FakeMailer) -> None:
    async with Node(world, mailer) as node:
        await node.launches(requested(channel="discard"))
        await node.sends(chunk(9))
        await rounds(node)
    assert (world.counts, world.holds) == ({"accepted": 9}, [])


async def test_marketing_is_held_while_contacts_word_is_missing_and_goes_out_after(
    node: Node, world: World, mailer: FakeMailer
) -> None:
    await node.launches(requested(), requested("admin", message_type="administrative"))
    await node.admitted(3)
    await node.admitted(2, launch_id="admin", cause="admin")
    node.lease().lags[CHANGES] = 61.0
    await node.sends(chunk(3), chunk(2, "admin"))
    await node.until(lambda: world.counts == {"held": 3, "accepted": 2})
    assert (world.holds, len(mailer.accepted)) == ([], 2)
    for lag in (0.0, 61.0, 0.0):
        node.lease().lags[CHANGES] = lag
        await rounds(node, 2)
    await node.until_ended(5)
    assert world.counts == {"accepted": 5}
    await world.check()


async def test_a_number_just_taken_hands_nothing_over_before_it_knows_contacts_word(
    node: Node, world: World, mailer: FakeMailer
) -> None:
    await node.launches(requested())
    await node.admitted(3)
    await node.sends(chunk(3))
    node.lease().lags[CHANGES] = None
    await rounds(node)
    assert (world.counts, mailer.accepted) == ({"planned": 3}, [])
    node.lease().lags[CHANGES] = 0.0
    await node.until_ended(3)
    assert len(mailer.accepted) == 3
