"""Changes of stored sends are made on condition: only where the row is still as it was remembered."""

import pytest

from contracts.words import DeliveryState
from fakes.mailer import FakeMailer
from fakes.transaction import NOON, FakeTransaction
from integration.messaging.rig import Node, World
from messaging.adapters import work
from messaging.adapters.sends import PostgresSends
from messaging.domain.judgement import Kept
from messaging.domain.sends import Change, Move, StoredSend
from platform_for_tests import FreshDatabase
from runtime import database
from runtime.looking import work_of
from runtime.rows import Missed
from runtime.service import Job
from runtime.transaction import Lease
from unit.messaging.builders import PROJECT, chunk, key, requested

SENDS = PostgresSends()


async def planned(world: World, mailer: FakeMailer, count: int) -> list[StoredSend]:
    async with Node(world, mailer) as node:
        await node.launches(requested())
        await node.sends(chunk(count))
    keys = [key(f"c-{number}") for number in range(count)]
    found = await SENDS.load(FakeTransaction(connection=world.pool), keys)  # type: ignore[arg-type]
    return [found[each] for each in keys]


def dot(send: StoredSend) -> Move:
    return Move(send, Change(send.key, send.state, DeliveryState.SENDING, None, send.attempts + 1, NOON, 7))


async def move(world: World, node: Node, moves: list[Move], *, number: int = 0, sure: bool = False) -> set[str]:
    async with node.lease(number).transaction() as tx:
        return {moved.contact_id for moved in await SENDS.move(tx, moves, sure=sure)}


@pytest.mark.parametrize("count", [2, 12])
async def test_what_is_no_longer_as_it_was_is_left_alone(world: World, mailer: FakeMailer, count: int) -> None:
    sends = await planned(world, mailer, count)
    other = [sends[0]._replace(attempts=3), sends[1]._replace(dot_epoch=5), *sends[2:]]
    async with Node(world, mailer) as node:
        left = {send.key.contact_id for send in sends[2:]}
        assert await move(world, node, [dot(send) for send in other]) == left
        assert await move(world, node, [dot(send) for send in sends]) == {"c-0", "c-1"}, "the others are at the dot"
    assert {state for state, _ in (await world.rows()).values()} == {"sending"}


@pytest.mark.parametrize("count", [2, 12])
async def test_what_was_read_in_the_transaction_has_to_be_there(world: World, mailer: FakeMailer, count: int) -> None:
    sends = await planned(world, mailer, count)
    before = await world.rows()
    async with Node(world, mailer) as node:
        other = [sends[0]._replace(attempts=3), *sends[1:]]
        launch_id = sends[0].key.launch_id
        missed = f"sends of launch {launch_id}, partition .: {count} rows expected, {count - 1} moved"
        with pytest.raises(Missed, match=missed):
            await move(world, node, [dot(send) for send in other], sure=True)
        assert await world.rows() == before
        with pytest.raises(Missed, match=f"sends at the dot of launch {launch_id}, .*: {count} rows expected, 0 moved"):
            async with node.lease().transaction() as tx:
                await SENDS.restamp(tx, [send.key for send in sends], 9)


@pytest.mark.parametrize("count", [2, 12])
async def test_at_an_end_address_and_facts_are_forgotten(world: World, mailer: FakeMailer, count: int) -> None:
    sends = await planned(world, mailer, count)
    moves = [Move(send, Change(send.key, send.state, DeliveryState.FAILED, "address", 0, None)) for send in sends]
    async with Node(world, mailer) as node:
        assert len(await move(world, node, moves)) == count
    assert set((await world.rows()).values()) == {("failed", "address")}
    assert await world.pool.fetchval("SELECT count(*) FROM send WHERE email IS NOT NULL OR facts IS NOT NULL") == 0


async def test_a_launch_that_statistics_do_not_know_yet_is_found_by_the_right_index(
    fresh_database: FreshDatabase, mailer: FakeMailer
) -> None:
    """Nothing was planned when they were made: every index of planned sends seems to be empty."""
    many = 5_000
    world = World(await database.connect(await fresh_database("messaging"), name="test", size=1))
    await world.pool.execute(
        "INSERT INTO launch (launch_id, project, version, context, consent_override, requested_at)"
        " SELECT launch_id, $1, '{}', '{}', false, now() FROM unnest('{old,new}'::text[]) launch_id",
        PROJECT,
    )
    await world.pool.execute(
        "INSERT INTO send (launch, contact_id, step, occurrence, partition, state, changed_at)"
        " SELECT l.number, 'c-' || n, 'hello', 1, n % 8, 'accepted', now()"
        " FROM launch l, generate_series(1, $1::int) n WHERE launch_id = 'old'",
        many,
    )
    await world.pool.execute("ANALYZE send")
    await world.pool.execute(
        "INSERT INTO send (launch, contact_id, step, occurrence, partition, state, changed_at, next_at, permitted,"
        " suppressed, consented, email, facts)"
        " SELECT l.number, 'c-' || n, 'hello', 1, n % 8, 'planned', now(), now(), true, false, true, 'c@x', '{}'"
        " FROM launch l, generate_series(1, $1::int) n WHERE launch_id = 'new'",
        many,
    )

    async def read(what: str) -> int:
        """Entries of indexes that were read since the last time; the pool is one session, which counts them itself."""
        await world.pool.execute("SELECT pg_stat_force_next_flush()")
        query = "SELECT sum(idx_tup_read)::int FROM pg_stat_user_indexes WHERE relname = 'send'"
        now: int = await world.pool.fetchval(query)
        was[what] = now - sum(was.values())
        return was[what]

    was: dict[str, int] = {}
    await read("before")
    async with Node(world, mailer) as node:
        looks = {"planned": work.PLANNED, "suspects": work.SUSPECTS, "reports": work.REPORTS}
        jobs = [Job(name, _never, look=look) for name, look in looks.items()]
        assert await work_of(jobs, range(8), world.pool) == [("planned", number) for number in range(8)]
        assert await read("look") < 100
        assert await SENDS.turn(world.pool, 3, "") == []  # type: ignore[arg-type]
        assert await read("turn") < 100
        _, due = await SENDS.due(world.pool, 3, ["new"], [], 100)  # type: ignore[arg-type]
        assert len(due) == 100
        assert await read("due") < 300
        assert len(await move(world, node, [dot(send) for send in due], number=3)) == 100
        assert await read("move") < 300
        async with node.lease(3).transaction() as tx:
            gone = {f"c-{n}": 1 for n in range(3, 83, 8)}
            await SENDS.cancel_contacts(tx, PROJECT, gone, Kept(DeliveryState.CANCELLED, "deleted"))
        assert await read("cancel contacts") < 100
        async with node.lease(3).transaction() as tx:
            assert len(await SENDS.cancel_launch(tx, "new", Kept(DeliveryState.CANCELLED, "stopped"), 100)) == 100
        assert await read("cancel launch") < 1_500, "by the key at worst: those of the number in every state"
    await world.pool.close()


async def _never(lease: Lease) -> bool:
    raise AssertionError("nobody runs it")
