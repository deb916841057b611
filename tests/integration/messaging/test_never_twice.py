"""The promise: at most one acceptance per send, and `unknown` exactly where nobody can know.

A process that dies is a node that is left; a new owner is another node that takes the number.
"""

import asyncio
from collections import Counter
from contextlib import suppress
from random import Random

import pytest

from fakes.mailer import FakeMailer
from fakes.provider import ACCEPT_AND_DROP, ACCEPT_LATE, DROP, STALL
from integration.messaging.rig import Node, World, eventually
from messaging.jobs.desk import Tempo
from runtime.errors import Fenced
from unit.messaging.builders import chunk, requested

QUICK = Tempo(linger=0.001, patience=0.1)


def acceptances(mailer: FakeMailer) -> Counter[str]:
    return Counter(mail.id for mail in mailer.accepted)


async def planned(node: Node, count: int) -> None:
    await node.launches(requested())
    await node.sends(chunk(count))


@pytest.mark.parametrize("reaction", [ACCEPT_AND_DROP, DROP, STALL])
async def test_without_an_answer_it_is_unknown_and_never_sent_again(
    world: World, mailer: FakeMailer, reaction: str
) -> None:
    mailer.next("dot", reaction, reaction)
    async with Node(world, mailer) as node:
        await planned(node, 10)
        await node.until_ended(10)
        for _ in range(3):
            await node.round()
    assert world.counts == {"accepted": 8, "unknown": 2}
    assert max(acceptances(mailer).values()) == 1
    assert len(mailer.offers) == 10
    assert [reason for state, reason in (await world.rows()).values() if state == "unknown"] == ["no_answer"] * 2
    await world.check()


@pytest.mark.parametrize("place", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("reaction", [DROP, STALL, "421 shutting down"])
async def test_trouble_before_the_dot_is_tried_again(
    world: World, mailer: FakeMailer, place: str, reaction: str
) -> None:
    mailer.next(place, reaction, reaction, reaction)
    async with Node(world, mailer) as node:
        await planned(node, 10)
        await node.until_ended(10)
    assert world.counts == {"accepted": 10}
    assert acceptances(mailer) == dict.fromkeys(acceptances(mailer), 1)
    await world.check()


async def test_a_provider_that_is_away_is_waited_for(world: World, mailer: FakeMailer) -> None:
    mailer.always("connect", "554 go away")
    async with Node(world, mailer) as node:
        await planned(node, 5)
        await node.round()
        await eventually(lambda: node.meter.available is False)
        assert world.counts == {"planned": 5}
        mailer.usual("connect")
        await node.until_ended(5)
        assert node.meter.available
    assert world.counts == {"accepted": 5}
    assert all(world.path(f"c-{number}") == ["planned", "sending", "accepted"] for number in range(5))


async def test_killed_after_the_offer_it_is_offered_again_by_the_next_owner(world: World, mailer: FakeMailer) -> None:
    async with Node(world, mailer, connections=3) as first:
        await planned(first, 3)
        await first.round()
        await eventually(lambda: len(mailer.offers) == 3)
    async with Node(world, mailer) as second:
        await second.until_ended(3)
    assert world.counts == {"accepted": 3}
    assert max(acceptances(mailer).values()) == 1
    assert len(mailer.offers) == 6


async def test_killed_between_dot_and_answer_it_is_unknown(world: World, mailer: FakeMailer) -> None:
    mailer.always("dot", ACCEPT_LATE)
    async with Node(world, mailer, connections=3) as first:
        await planned(first, 5)
        await first.until(lambda: len(mailer.accepted) == 3)
    mailer.usual("dot")
    async with Node(world, mailer) as second:
        await second.until_ended(5)
    assert world.counts == {"unknown": 3, "accepted": 2}
    assert max(acceptances(mailer).values()) == 1
    assert {reason for state, reason in (await world.rows()).values() if state == "unknown"} == {"interrupted"}
    await world.check()


async def test_killed_between_answer_and_record_it_is_unknown(world: World, mailer: FakeMailer) -> None:
    async with Node(world, mailer, connections=2) as first:
        await planned(first, 2)
        await first.until(lambda: world.counts == {"sending": 2})
        await eventually(lambda: len(mailer.accepted) == 2)
    async with Node(world, mailer) as second:
        await second.until_ended(2)
    assert world.counts == {"unknown": 2}
    assert max(acceptances(mailer).values()) == 1


async def test_an_owner_that_lost_the_number_records_and_sends_nothing_more(world: World, mailer: FakeMailer) -> None:
    """Frozen with mails offered and mails at the dot; thawed when another process owns the number."""
    mailer.next("dot", ACCEPT_LATE, ACCEPT_LATE)
    async with Node(world, mailer, connections=4, tempo=QUICK) as zombie, Node(world, mailer) as heir:
        await planned(zombie, 8)
        await zombie.round()
        await eventually(lambda: len(mailer.offers) == 4)
        await zombie.until(lambda: world.counts.get("sending", 0) >= 2)
        heir.own()
        await heir.until_ended(8)
        before = len(mailer.accepted)
        mailer.release()
        with pytest.raises(Fenced):
            async with asyncio.timeout(5):
                while True:
                    await zombie.round()
                    await asyncio.sleep(0.01)
        await asyncio.sleep(3 * QUICK.patience)
        assert len(mailer.accepted) == before
    assert max(acceptances(mailer).values()) == 1
    unknown, accepted = world.counts["unknown"], world.counts["accepted"]
    assert unknown + accepted == 8
    assert unknown >= 2
    await world.check()


async def test_a_lease_taken_again_by_the_same_process_goes_on_with_what_it_is_handing_over(
    world: World, mailer: FakeMailer
) -> None:
    mailer.always("dot", ACCEPT_LATE)
    async with Node(world, mailer, connections=3) as node:
        await planned(node, 3)
        await node.until(lambda: len(mailer.accepted) == 3)
        node.own()
        await node.round()
        assert world.counts == {"sending": 3}
        mailer.release()
        await node.until_ended(3)
    assert world.counts == {"accepted": 3}
    assert max(acceptances(mailer).values()) == 1


async def test_what_another_owner_declared_unknown_stays_so_when_the_answer_comes(
    world: World, mailer: FakeMailer
) -> None:
    mailer.always("dot", ACCEPT_LATE)
    async with Node(world, mailer, connections=2) as node:
        await planned(node, 2)
        await node.until(lambda: len(mailer.accepted) == 2)
        async with Node(world, mailer) as other:
            other.own()
            await other.until_ended(2)
        node.own()
        mailer.release()
        for _ in range(3):
            await node.round()
            await asyncio.sleep(0.01)
        assert node.meter.bugs == 0
    assert world.counts == {"unknown": 2}


async def test_given_up_in_good_order_nothing_is_unknown(world: World, mailer: FakeMailer) -> None:
    """Ten rolling restarts in the middle of it."""
    async with Node(world, mailer) as node:
        await planned(node, 200)
        await node.round()
        await node.release()
    for _ in range(10):
        async with Node(world, mailer) as node:
            node.own()
            before = len(mailer.accepted)
            await node.until(lambda before=before: len(mailer.accepted) > before + 5)  # type: ignore[misc]
            await node.release()
    async with Node(world, mailer) as node:
        await node.until_ended(200)
    assert world.counts == {"accepted": 200}
    assert len(acceptances(mailer)) == len(mailer.accepted) == 200
    await world.check()


async def test_a_release_waits_for_the_answers(world: World, mailer: FakeMailer) -> None:
    mailer.always("dot", ACCEPT_LATE)
    async with Node(world, mailer, connections=2) as node:
        await planned(node, 6)
        await node.until(lambda: len(mailer.accepted) == 2)
        releasing = asyncio.create_task(node.release())
        await asyncio.sleep(0.05)
        assert not releasing.done()
        mailer.release()
        await releasing
        assert world.counts == {"accepted": 2, "planned": 4}
        assert len(mailer.accepted) == 2


@pytest.mark.parametrize("lost", [1, 2, 3, 5])
async def test_a_commit_whose_answer_is_lost_neither_loses_nor_doubles(
    world: World, mailer: FakeMailer, lost: int
) -> None:
    async with Node(world, mailer, connections=4) as node:
        await planned(node, 30)
        lease = node.lease()
        lease.commit_answer_lost = lost
        failures = 0
        while any(state in ("planned", "sending") for state in world.counts):
            try:
                await node.round()
            except ConnectionResetError:
                failures += 1
            await asyncio.sleep(0.005)
        assert failures == lost
        assert node.meter.bugs == 0
    assert world.counts == {"accepted": 30}
    assert len(acceptances(mailer)) == len(mailer.accepted) == 30
    await world.check()


async def test_a_dot_in_doubt_whose_session_is_gone_is_planned_again(world: World, mailer: FakeMailer) -> None:
    """COMMIT's answer is lost, nobody decides in time, the worker lets go: not one byte has left, so it is sent."""
    async with Node(world, mailer, connections=2, tempo=QUICK) as node:
        await planned(node, 2)
        await node.round()
        await eventually(lambda: len(mailer.offers) == 2)
        node.lease().commit_answer_lost = 1
        with pytest.raises(ConnectionResetError):
            await node.round()
        assert set((await world.rows()).values()) == {("sending", None)}
        await asyncio.sleep(3 * QUICK.patience)
        assert mailer.accepted == []
        await node.until_ended(2)
    assert world.counts == {"accepted": 2}
    assert len(mailer.accepted) == 2
    assert world.path("c-0") == ["planned", "sending", "accepted"], "what came back before it was told is not told"


async def test_a_number_whose_dot_takes_long_holds_up_no_other_and_loses_nothing(
    world: World, mailer: FakeMailer
) -> None:
    """All sessions wait for one number's transaction, which waits for a lock: the sessions go, the mails stay."""
    async with Node(world, mailer, connections=2, tempo=QUICK) as node, world.pool.acquire() as other:
        await planned(node, 2)
        held = other.transaction()
        await held.start()
        await other.execute("SELECT FROM send FOR UPDATE")
        await node.round()
        await eventually(lambda: len(mailer.offers) == 2)
        slow = asyncio.create_task(node.round())

        await node.launches(requested("another"), number=1)
        await node.sends(chunk(3, "another"), number=1, cause="other")
        await node.until_ended(3, 1)
        assert not slow.done() and len(mailer.accepted) == 3

        await held.rollback()
        await slow
        await node.until_ended(5)
    assert world.counts == {"accepted": 5}
    assert max(acceptances(mailer).values()) == 1
    await world.check()


async def test_a_session_lost_between_offer_and_dot_is_no_hand_over(world: World, mailer: FakeMailer) -> None:
    async with Node(world, mailer, connections=1) as node:
        await planned(node, 1)
        await node.round()
        await eventually(lambda: len(mailer.offers) == 1)
        mailer.break_off()
        await node.until_ended(1)
    assert world.path("c-0") == ["planned", "sending", "planned", "sending", "accepted"]
    assert len(mailer.accepted) == 1


@pytest.mark.parametrize("seed", range(10))
async def test_through_random_kills_nothing_is_lost_or_doubled(world: World, mailer: FakeMailer, seed: int) -> None:
    """Two processes steal one number from each other, die and come back, the provider misbehaves."""
    dice = Random(seed)
    count = 60
    mailer.next("dot", *dice.choices(["250", "451 later", "550 never", DROP, ACCEPT_AND_DROP], [9, 2, 1, 1, 1], k=80))
    mailer.next("RCPT", *dice.choices(["250", "451 later", "550 never", DROP], [12, 1, 1, 1], k=60))
    async with Node(world, mailer) as first:
        await planned(first, count)
    while True:
        async with Node(world, mailer, connections=dice.choice([1, 3, 6]), tempo=QUICK) as node:
            node.own()
            for _ in range(dice.randint(1, 30)):
                if dice.random() < 0.1:
                    node.own()
                if dice.random() < 0.1:
                    node.lease().commit_answer_lost = 1
                with suppress(ConnectionResetError):
                    await node.round()
                await asyncio.sleep(dice.choice([0, 0.001, 0.01]))
            if dice.random() < 0.5:
                with suppress(ConnectionResetError):
                    await node.release()
            assert node.meter.bugs == 0
        if not {"planned", "sending"} & set(world.counts):
            break
    assert sum(world.counts.values()) == count
    assert max(acceptances(mailer).values()) == 1
    accepted = {key.send_id for key, state in world.told.items() if state == "accepted"}
    unknown = {key.send_id for key, state in world.told.items() if state == "unknown"}
    assert accepted <= set(acceptances(mailer)) <= accepted | unknown
    await world.check()
