"""One suite for log's stores: in memory and in PostgreSQL they answer alike."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from contracts.outcomes import StepsCounted
from contracts.words import ControlState, LaunchMode, LaunchState, Outcome
from fakes.launch_story import later
from fakes.log_stores import InMemoryChunks, InMemoryLaunches, InMemoryOutcomes
from fakes.transaction import NOON, FakeTransaction
from log.adapters.chunks import PostgresChunks
from log.adapters.launches import PostgresLaunches
from log.adapters.outcomes import PostgresOutcomes
from log.domain.chunks import Chunk, Kind
from log.domain.endings import Ending, Endings
from log.domain.launch import Request
from log.ports import ChunkStore, LaunchStore, OutcomeStore
from platform_for_tests import FreshDatabase
from runtime import database
from runtime.partitions import partition_of
from runtime.rows import Missed


@dataclass(frozen=True)
class Stores:
    launches: LaunchStore
    outcomes: OutcomeStore
    chunks: ChunkStore
    tx: FakeTransaction
    pool: Any


@pytest.fixture(params=["memory", "postgres"])
async def stores(request: pytest.FixtureRequest, fresh_database: FreshDatabase) -> AsyncIterator[Stores]:
    if request.param == "memory":
        outcomes = InMemoryOutcomes()
        tx = FakeTransaction(number=3, partitions=4)
        yield Stores(InMemoryLaunches(outcomes), outcomes, InMemoryChunks(), tx, None)
        return
    pool = await database.connect(await fresh_database("log"), name="test")
    async with pool.acquire() as connection:
        tx = FakeTransaction(number=3, partitions=4, connection=connection)
        yield Stores(PostgresLaunches(), PostgresOutcomes(), PostgresChunks(), tx, connection)
    await pool.close()


def endings(*groups: Ending, event_id: str = "e1") -> Endings:
    return Endings(event_id, "launch-1", "acme", later(5), list(groups))


async def test_a_launch_gets_one_number_whoever_asks(stores: Stores) -> None:
    first = await stores.launches.identify(stores.tx, {"launch-2": "acme", "launch-1": "acme"})
    again = await stores.launches.identify(stores.tx, {"launch-1": "acme"})
    assert first["launch-1"] == again["launch-1"] != first["launch-2"]
    assert again["launch-1"].scenario is None


async def test_a_launch_is_kept_whole(stores: Stores) -> None:
    await stores.launches.identify(stores.tx, {"launch-1": "acme"})
    (launch,) = await stores.launches.locked(stores.tx, ["launch-1", "never heard of"])
    full = replace(
        launch,
        scenario="spring",
        version=3,
        requested_at=NOON,
        retry_of="launch-0",
        mode=LaunchMode.REHEARSAL,
        steps=("hello", "won"),
        ends=("won",),
        sends=("hello",),
        arms={"vip": ("won", "quiet")},
        waits=True,
        request=Request("key-1", "cmd-1", "/crm"),
        control=ControlState.STOPPED,
        control_revision=4,
        hold=2,
        hold_reason="too many",
        lifted=1,
        opened=True,
        total=9,
        failed="group gone",
        end=LaunchState.STOPPED,
        ended_at=later(9),
        own_revision=12,
        published=11,
        published_at=later(8),
        announced=True,
        seen=10,
        live=False,
    )
    await stores.launches.save(stores.tx, full)
    assert list(await stores.launches.locked(stores.tx, ["launch-1"])) == [full]
    assert (await stores.launches.identify(stores.tx, {"launch-1": "acme"}))["launch-1"].version == 3


async def test_a_launch_that_is_not_there_cannot_be_saved(stores: Stores) -> None:
    await stores.launches.identify(stores.tx, {"launch-1": "acme"})
    (launch,) = await stores.launches.locked(stores.tx, ["launch-1"])
    with pytest.raises(Missed, match="figures of launch launch-2, partition 3: 1 rows expected, 0 moved"):
        await stores.launches.save(stores.tx, replace(launch, launch_id="launch-2"))


async def test_due_is_what_changed_is_known_and_lives_here(stores: Stores) -> None:
    await stores.launches.identify(stores.tx, {"launch-1": "acme"})
    (launch,) = await stores.launches.locked(stores.tx, ["launch-1"])
    home = partition_of("launch-1", 4)
    known = replace(launch, scenario="spring", version=3, requested_at=NOON, request=Request("key-1"), own_revision=2)
    for kept, due in [
        (replace(launch, own_revision=2), []),
        (known, ["launch-1"]),
        (replace(known, published=2, published_at=NOON), []),
        (replace(known, published=1, published_at=NOON), ["launch-1"]),
        (replace(known, published=1, end=LaunchState.COMPLETED), ["launch-1"]),
        (replace(known, published=2, end=LaunchState.COMPLETED, announced=True), []),
        (replace(known, published=2, published_at=NOON, end=LaunchState.COMPLETED, announced=True), ["launch-1"]),
        (replace(known, published=1, end=LaunchState.COMPLETED, announced=True, live=False), []),
        (replace(launch, total=0), ["launch-1"]),
    ]:
        await stores.launches.save(stores.tx, kept)
        assert list(await stores.launches.due(stores.pool, home)) == due
        assert list(await stores.launches.due(stores.pool, (home + 1) % 4)) == []


async def test_an_end_is_not_due_while_outcomes_are_kept_back(stores: Stores) -> None:
    number = (await stores.launches.identify(stores.tx, {"launch-1": "acme"}))["launch-1"].number
    (launch,) = await stores.launches.locked(stores.tx, ["launch-1"])
    ended = replace(
        launch,
        scenario="s",
        version=1,
        requested_at=NOON,
        request=Request("k"),
        own_revision=1,
        end=LaunchState.COMPLETED,
    )
    await stores.launches.save(stores.tx, ended)
    await stores.outcomes.keep_undescribed(stores.tx, number, endings(Ending(Outcome.OTHER, "x", None, ["a"])))
    home = partition_of("launch-1", 4)
    assert list(await stores.launches.due(stores.pool, home)) == []
    assert not await stores.launches.drained(stores.tx, ended)
    assert [found.number for found in (await stores.outcomes.overdue(stores.pool, 3)).values()] == [number]
    await stores.outcomes.take_undescribed(stores.tx, number, "launch-1")
    assert list(await stores.launches.due(stores.pool, home)) == ["launch-1"]
    assert await stores.launches.drained(stores.tx, ended)


async def test_what_partitions_count_adds_up(stores: Stores) -> None:
    identities = await stores.launches.identify(stores.tx, {"launch-1": "acme", "launch-2": "acme"})
    one, two = identities["launch-1"], identities["launch-2"]
    await stores.launches.count(stores.tx, [(one, {"chunked": 5, "delivery:planned": 2, "changes": 1})])
    other = FakeTransaction(number=2, partitions=4, connection=stores.pool)
    await stores.launches.count(other, [(one, {"outcome:success": 3, "reason:end:won": 3, "changes": 1})])
    await stores.launches.count(
        other, [(one, {"delivery:planned": -2, "delivery:accepted": 2, "changes": 1}), (two, {"begun": 1})]
    )
    first, second = await stores.launches.locked(stores.tx, ["launch-1", "launch-2"])
    assert (first.chunked, first.begun, dict(first.outcomes)) == (5, 0, {Outcome.SUCCESS: 3})
    assert (dict(first.by_reason), dict(first.deliveries)) == ({"end:won": 3}, {"accepted": 2})
    assert (first.revision, second.begun, second.revision) == (3, 1, 0)


async def test_a_launch_whose_last_target_has_ended_is_due(stores: Stores) -> None:
    identity = (await stores.launches.identify(stores.tx, {"launch-1": "acme"}))["launch-1"]
    (launch,) = await stores.launches.locked(stores.tx, ["launch-1"])
    home = partition_of("launch-1", 4)
    await stores.launches.save(stores.tx, replace(launch, total=2))
    for added, due in [({"outcome:success": 1}, []), ({"outcome:other": 1}, ["launch-1"])]:
        await stores.launches.count(stores.tx, [(identity, added)])
        assert list(await stores.launches.due(stores.pool, home)) == due


async def test_counting_rouses_a_launch_at_rest_and_the_sweep_finds_what_did_not(stores: Stores) -> None:
    identity = (await stores.launches.identify(stores.tx, {"launch-1": "acme"}))["launch-1"]
    (launch,) = await stores.launches.locked(stores.tx, ["launch-1"])
    rested = replace(launch, total=0, end=LaunchState.COMPLETED, announced=True, ended_at=datetime.now(UTC), live=False)
    home = FakeTransaction(number=partition_of("launch-1", 4), partitions=4, connection=stores.pool)
    await stores.launches.save(stores.tx, rested)
    await stores.launches.count(stores.tx, [(identity, {"delivery:bounced": 1, "changes": 1})])
    (launch,) = await stores.launches.locked(stores.tx, ["launch-1"])
    assert launch.live
    await stores.launches.save(stores.tx, rested)
    assert list(await stores.launches.rouse(home)) == ["launch-1"]
    (launch,) = await stores.launches.locked(stores.tx, ["launch-1"])
    assert launch.live


async def test_what_a_launch_is_described_as_is_remembered_only_from_before_the_transaction(stores: Stores) -> None:
    made = (await stores.launches.identify(stores.tx, {"launch-1": "acme"}))["launch-1"]
    (launch,) = await stores.launches.locked(stores.tx, ["launch-1"])
    assert made.scenario is None
    await stores.launches.save(stores.tx, replace(launch, scenario="spring", version=3))
    for _ in range(2):
        known = (await stores.launches.identify(stores.tx, {"launch-1": "acme"}))["launch-1"]
        assert (known.number, known.scenario, known.version) == (made.number, "spring", 3)


async def test_the_first_outcome_of_a_target_stays(stores: Stores) -> None:
    first = endings(
        Ending(Outcome.SUCCESS, "end:won", NOON, ["a", "b"]), Ending(Outcome.OTHER, "not_started:inactive", None, ["c"])
    )
    second = endings(Ending(Outcome.FAILURE, "error:send", NOON, ["b", "d"]), event_id="e2")
    assert list(await stores.outcomes.add(stores.tx, [(1, first)])) == [first]
    new = await stores.outcomes.add(stores.tx, [(1, first), (1, second), (2, first)])
    assert [(found.count, [list(group.contact_ids) for group in found.groups]) for found in new] == [
        (0, []),
        (1, [["d"]]),
        (3, [["a", "b"], ["c"]]),
    ]


async def test_a_contact_that_is_twice_in_one_record_counts_once(stores: Stores) -> None:
    twice = endings(Ending(Outcome.SUCCESS, "end:won", NOON, ["a", "b", "a"]))
    (new,) = await stores.outcomes.add(stores.tx, [(1, twice)])
    assert [list(group.contact_ids) for group in new.groups] == [["a", "b"]]


async def test_undescribed_outcomes_come_back_once_and_as_they_were(stores: Stores) -> None:
    await stores.launches.identify(stores.tx, {"launch-1": "acme"})
    late = endings(Ending(Outcome.OTHER, "not_started:stopped", None, ["c"]), event_id="e2")
    early = endings(Ending(Outcome.SUCCESS, "end:won", NOON, ["a", "b"]), event_id="e1")
    for each in (late, early, early):
        await stores.outcomes.keep_undescribed(stores.tx, 1, each)
    assert list(await stores.outcomes.take_undescribed(stores.tx, 1, "launch-1")) == [early, late]
    assert list(await stores.outcomes.take_undescribed(stores.tx, 1, "launch-1")) == []


async def test_a_chunk_is_new_once(stores: Stores) -> None:
    chunk = Chunk("e1", "launch-1", "acme", Kind.MESSAGE, NOON, ["a", "b"], ["planned"], "hello", [1, 2])
    other = replace(chunk, event_id="e2")
    assert list(await stores.chunks.add(stores.tx, [(1, chunk), (1, chunk), (1, other)])) == [True, False, True]
    assert list(await stores.chunks.add(stores.tx, [(1, chunk), (2, chunk)])) == [False, True]


async def test_incidents_open_and_close(stores: Stores) -> None:
    chunk = Chunk("e1", "launch-1", "acme", Kind.INCIDENT, NOON, ["a", "b"], ["hello: x", "hello: y"])
    await stores.chunks.open_incidents(stores.tx, 1, chunk)
    await stores.chunks.open_incidents(stores.tx, 1, chunk)
    await stores.chunks.close_incidents(stores.tx, 1, replace(chunk, contact_ids=["a", "never"]))
    if isinstance(stores.chunks, InMemoryChunks):
        assert stores.chunks.incidents == {(1, "b"): "hello: y"}
    else:
        assert [tuple(row) for row in await stores.pool.fetch("SELECT launch, contact_id, said FROM incident")] == [
            (1, "b", "hello: y")
        ]


async def test_the_highest_count_of_steps_stays(stores: Stores) -> None:
    for revision in (2, 5, 4):
        steps = StepsCounted(
            project="acme", launch_id="launch-1", number=3, revision=revision, entered={"hello": revision}
        )
        await stores.chunks.count_steps(stores.tx, 1, steps)
    if isinstance(stores.chunks, InMemoryChunks):
        assert [kept.entered for kept in stores.chunks.steps.values()] == [{"hello": 5}]
    else:
        assert await stores.pool.fetchval("SELECT entered FROM steps_counted") == {"hello": 5}
