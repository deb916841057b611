"""Changes of stored sends are made on condition: only where the row is still as it was remembered."""

from dataclasses import replace

import pytest

from contracts.words import DeliveryState
from fakes.mailer import FakeMailer
from fakes.transaction import NOON
from integration.messaging.rig import Node, World
from messaging.adapters.sends import PostgresSends
from messaging.domain.sends import Change, Move, StoredSend
from unit.messaging.builders import chunk, key, requested

SENDS = PostgresSends()


async def planned(world: World, mailer: FakeMailer, count: int) -> list[StoredSend]:
    async with Node(world, mailer) as node:
        await node.launches(requested())
        await node.sends(chunk(count))
    keys = [key(f"c-{number}") for number in range(count)]
    found = await SENDS.load(world.pool, keys)  # type: ignore[arg-type]
    return [found[each] for each in keys]


def dot(send: StoredSend) -> Move:
    return Move(send, Change(send.key, send.state, DeliveryState.SENDING, None, send.attempts + 1, NOON, 7))


async def move(world: World, node: Node, moves: list[Move]) -> set[str]:
    async with node.lease().transaction() as tx:
        return {moved.contact_id for moved in await SENDS.move(tx, moves)}


@pytest.mark.parametrize("count", [2, 12])
async def test_what_is_no_longer_as_it_was_is_left_alone(world: World, mailer: FakeMailer, count: int) -> None:
    sends = await planned(world, mailer, count)
    other = [replace(sends[0], attempts=3), replace(sends[1], dot_epoch=5), *sends[2:]]
    async with Node(world, mailer) as node:
        left = {send.key.contact_id for send in sends[2:]}
        assert await move(world, node, [dot(send) for send in other]) == left
        assert await move(world, node, [dot(send) for send in sends]) == {"c-0", "c-1"}, "the others are at the dot"
    assert {state for state, _ in (await world.rows()).values()} == {"sending"}


@pytest.mark.parametrize("count", [2, 12])
async def test_at_an_end_address_and_facts_are_forgotten(world: World, mailer: FakeMailer, count: int) -> None:
    sends = await planned(world, mailer, count)
    moves = [Move(send, Change(send.key, send.state, DeliveryState.FAILED, "address", 0, None)) for send in sends]
    async with Node(world, mailer) as node:
        assert len(await move(world, node, moves)) == count
    assert set((await world.rows()).values()) == {("failed", "address")}
    assert await world.pool.fetchval("SELECT count(*) FROM send WHERE email IS NOT NULL OR facts IS NOT NULL") == 0
