"""The walk over an audience, page by page, on a real PostgreSQL."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from contacts.adapters.audience import PostgresAudience
from contacts.adapters.directory import PostgresDirectory
from contacts.adapters.launches import PostgresLaunches
from contacts.domain.audience import FIRST_PER_PARTITION, MAX_BYTES, MOST_PER_PARTITION, Page
from contacts.domain.plan import Reads
from contacts.jobs import resting
from contacts.jobs.walk import AudienceWalk
from contacts.ports import Walk
from contracts.launches import Contacts, Groups, ParticipantsListed
from contracts.targets import LaunchOpened, TargetingFinished, TargetsAdmitted
from contracts.words import ControlState, LaunchMode
from fakes.transaction import received
from integration.contacts.world import PARTITIONS, PROJECT, World, home_of, requested, scenario, stopped, user
from runtime import tracing
from runtime.cloudevents import CHUNK, FOLLOWED, OPENING
from runtime.errors import Transient

HOME = home_of("l-1")
PAGE = FIRST_PER_PARTITION * PARTITIONS


def person(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": f"c-{number:06}",
        "email": f"c{number}@example.com",
        "consent": {"promotional": True},
        "attributes": {"first_name": f"Ann {number}", "unread": "x" * 20},
        **more,
    }


async def people(world: World, count: int, **more: Any) -> None:
    """Straight into the table: what an import would have made."""
    await world.pool.execute(
        """
        INSERT INTO contact (project, contact_id, partition, revision, deleted, email, consent, attributes, size,
            active)
        SELECT 'demo', contact_id, partition, 1, false, 'c@example.com', '{"promotional": true}',
            '{"first_name": "A"}', 200, $3
        FROM unnest($1::text[], $2::smallint[]) AS new (contact_id, partition)
        """,
        ids := [f"c-{number:06}" for number in range(count)],
        [home_of(contact_id) for contact_id in ids],
        more.get("active", True),
    )


@pytest.fixture(autouse=True)
async def _ann(world: World) -> None:
    await world.hear(user("ann"))


@pytest.mark.parametrize("size", [0, 1, 499, 500, 501, 999, 1000, 1001, PAGE - 1, PAGE, PAGE + 1])
async def test_every_contact_is_targeted_once_whatever_the_size(world: World, size: int) -> None:
    await people(world, size)
    await world.hear(requested())
    await world.walk_out()
    targets = world.targets()
    assert len(targets.admitted) == size == targets.total
    assert not targets.excluded


async def test_launch_is_opened_before_and_finished_after_the_chunks_of_each_partition(world: World) -> None:
    await people(world, 2 * PAGE)
    await world.hear(requested())
    await world.walk_out()
    for partition in range(PARTITIONS):
        kinds = [type(out.event) for out in world.emitted if out.partition == partition]
        assert kinds[0] is LaunchOpened and kinds[-1] is TargetingFinished
        assert set(kinds[1:-1]) == {TargetsAdmitted}
        assert kinds.count(LaunchOpened) == kinds.count(TargetingFinished) == 1


async def test_only_home_and_partitions_with_chunks_hear_of_a_launch(world: World) -> None:
    await people(world, 1)
    await world.hear(requested())
    await world.walk_out()
    assert {out.partition for out in world.emitted} == {HOME, home_of("c-000000")}


async def test_empty_audience_is_opened_and_finished_at_home(world: World) -> None:
    await world.hear(requested())
    await world.walk_out()
    assert [(type(out.event), out.partition) for out in world.emitted] == [
        (LaunchOpened, HOME),
        (TargetingFinished, HOME),
    ]


async def test_page_that_is_rolled_back_is_walked_again_with_the_same_ids(world: World) -> None:
    await people(world, 2 * PAGE + 10)
    await world.hear(requested())
    await world.step(HOME)
    done = len(world.emitted)
    with pytest.raises(ZeroDivisionError):
        async with world.transaction(HOME) as tx:
            await world.walk._step(tx, "l-1")
            lost = [(out.id, out.partition, out.event) for out in tx.emitted]
            raise ZeroDivisionError
    world.restarted()
    await world.walk_out()
    again = [(out.id, out.partition, out.event) for out in world.emitted[done : done + len(lost)]]
    assert again == lost
    assert len({out.id for out in world.emitted}) == len(world.emitted)
    assert len(world.targets().admitted) == 2 * PAGE + 10


async def test_contact_in_two_groups_is_one_target(world: World) -> None:
    await world.load(
        person(1, groups=["vip"]),
        person(2, groups=["vip", "news"]),
        person(3, groups=["news"]),
        person(4),
        person(5, groups=["other"]),
    )
    await world.hear(requested(participants=Groups(groups=["vip", "news"])))
    await world.walk_out()
    assert sorted(world.targets().admitted) == ["c-000001", "c-000002", "c-000003"]
    assert world.targets().total == 3


async def test_overlapping_groups_over_several_pages(world: World) -> None:
    await people(world, 2 * PAGE)
    await world.pool.execute(
        """
        INSERT INTO membership
        SELECT 'demo', 'even', contact_id FROM contact WHERE right(contact_id, 1) IN ('0', '2', '4')
        UNION ALL SELECT 'demo', 'low', contact_id FROM contact WHERE right(contact_id, 1) < '7'
        """
    )
    await world.pool.execute("INSERT INTO contact_group VALUES ('demo', 'even'), ('demo', 'low')")
    await world.hear(requested(participants=Groups(groups=["even", "low"])))
    await world.walk_out()
    assert len(world.targets().admitted) == world.targets().total == 2 * PAGE * 7 // 10


async def test_selected_contacts_that_do_not_exist_are_targets_that_never_start(world: World) -> None:
    await world.load(person(1), person(2))
    await world.hear(requested(participants=Contacts(contacts=["c-000001", "gone", "c-000001", "böse/id"])))
    await world.walk_out()
    targets = world.targets()
    assert list(targets.admitted) == ["c-000001"]
    assert targets.excluded == {"gone": "deleted", "böse/id": "deleted"}
    assert targets.total == 3


async def test_walk_over_a_list_waits_until_all_of_it_is_there(world: World) -> None:
    await people(world, 900)
    ids = [f"c-{number:06}" for number in range(900)]
    second, first = (
        ParticipantsListed(project=PROJECT, launch_id="l-1", index=index, contact_ids=ids[index * 450 :][:450])
        for index in (1, 0)
    )
    await world.hear(second)
    await world.hear(requested(participants=Contacts(), chunks=2))
    assert not await world.step(HOME)
    await world.hear(first)
    await world.hear(first, second)
    await world.walk_out()
    assert sorted(world.targets().admitted) == ids


async def test_page_of_ineligible_contacts_only_does_not_end_the_walk(world: World) -> None:
    await people(world, PAGE + 5, active=False)
    await world.load(person(999_999))
    await world.hear(requested())
    await world.walk_out()
    targets = world.targets()
    assert set(targets.excluded.values()) == {"inactive"}
    assert len(targets.excluded) == PAGE + 5
    assert list(targets.admitted) == ["c-999999"]
    assert targets.total == PAGE + 6


async def test_reasons_come_in_their_order(world: World) -> None:
    await world.hear(user("ann", restriction="contact.attributes.region == 'at'", revision=2))
    at = {"first_name": "Ann", "region": "at"}
    await world.load(
        person(1, attributes=at),
        person(2, attributes=at, active=False),
        person(3),
        person(4, attributes=at, email="blocked@example.com"),
        person(5, attributes=at, email=None),
        person(6, attributes=at, consent={}),
        person(7, active=False, email=None, consent={}),
    )
    async with world.transaction(None) as tx:
        await world.suppressing.suppress(tx, PROJECT, ["c-000007"], ["Blocked@Example.com"], "complaint")
    await world.hear(requested())
    await world.walk_out()
    assert list(world.targets().admitted) == ["c-000001"]
    assert world.targets().excluded == {
        "c-000002": "inactive",
        "c-000003": "not_permitted",
        "c-000004": "suppressed",
        "c-000005": "no_address",
        "c-000006": "no_consent",
        "c-000007": "inactive",
    }


async def test_override_lifts_consent_and_nothing_else(world: World) -> None:
    await world.load(person(1, consent={}), person(2, consent={}, email=None), person(3, consent={}))
    async with world.transaction(None) as tx:
        await world.suppressing.suppress(tx, PROJECT, ["c-000003"], [], "complaint")
    await world.hear(requested(override=True))
    await world.walk_out()
    assert list(world.targets().admitted) == ["c-000001"]
    assert world.targets().excluded == {"c-000002": "no_address", "c-000003": "suppressed"}


async def test_snapshot_carries_what_the_version_reads_and_no_more(world: World) -> None:
    body = scenario(
        vip={"branch": [{"when": "contact.attributes.score > 50 && 'vip' in contact.groups", "next": "hello"},
                        {"otherwise": "won"}]},
        hello={"send": {"channel": "discard", "message_type": "newsletter", "text": "{{ contact.attributes.name }}"},
               "next": "tag"},
        tag={"update_contact": {"set": {"seen": True}}, "next": "won"},
        won={"end": "success"},
    )  # fmt: skip
    await world.load(
        person(1, attributes={"score": 71, "unread": [1]}, groups=["vip"], consent={"newsletter": True}),
    )
    await world.hear(requested(body=body))
    await world.walk_out()
    [snapshot] = [event.targets for event in world.on("contacts.targets") if isinstance(event, TargetsAdmitted)]
    assert snapshot.model_dump() == {
        "contact_ids": ["c-000001"],
        "revisions": [1],
        "emails": [None],
        "zones": [None],
        "attributes": {"name": [None], "score": [71]},
        "consents": {"newsletter": [True]},
        "suppressed": [False],
        "permitted": [True],
        "groups": [["vip"]],
        "phones": None,
        "active": None,
        "consent_entries": None,
    }


async def test_computed_attribute_name_makes_all_of_them_travel(world: World) -> None:
    body = scenario(
        vip={"branch": [{"when": "contact.attributes[context.name] == 1 && contact.consent['x']", "next": "won"},
                        {"otherwise": "won"}]},
        won={"end": "success"},
    )  # fmt: skip
    await world.load(person(1, attributes={"a": 1}), person(1, attributes={"b": {"c": None}}, consent={"x": True}))
    await world.hear(requested(body=body))
    await world.walk_out()
    [snapshot] = [event.targets for event in world.on("contacts.targets") if isinstance(event, TargetsAdmitted)]
    assert snapshot.attributes == {"a": [1], "b": [{"c": None}]}
    assert snapshot.consents == {"x": [True]}


async def test_contact_out_of_reach_starts_if_something_else_acts(world: World) -> None:
    await world.hear(user("ann", restriction="false", revision=2))
    body = scenario(
        hello={"send": {"channel": "email", "message_type": "promotional", "text": "x"}, "next": "tag"},
        tag={"update_contact": {"set": {"seen": True}}, "next": "won"},
        won={"end": "success"},
    )
    await world.load(person(1))
    await world.hear(requested(body=body))
    await world.walk_out()
    [snapshot] = [event.targets for event in world.on("contacts.targets") if isinstance(event, TargetsAdmitted)]
    assert snapshot.permitted == [False]


async def test_nobody_is_judged_behind_a_stopped_gate(world: World) -> None:
    await people(world, PAGE + 7)
    await world.hear(requested())
    await world.step(HOME)
    before = set(world.targets().admitted)
    await world.hear(stopped())
    await world.walk_out()
    targets = world.targets()
    assert set(targets.admitted) == before and len(before) == PAGE
    assert set(targets.excluded.values()) == {"stopped"} and len(targets.excluded) == 7
    assert targets.total == PAGE + 7


async def test_stop_that_came_before_the_request_wins_and_the_walk_still_ends(world: World) -> None:
    await people(world, 3)
    await world.hear(stopped(revision=5))
    await world.hear(requested(revision=4))
    await world.walk_out()
    assert set(world.targets().excluded.values()) == {"stopped"}
    assert world.targets().total == 3


async def test_paused_launch_goes_on_walking(world: World) -> None:
    await people(world, 3)
    await world.hear(requested(state=ControlState.PAUSED))
    await world.walk_out()
    assert len(world.targets().admitted) == 3


async def test_open_launches_take_turns_page_by_page(world: World) -> None:
    await people(world, 3 * PAGE)
    others = [launch for launch in (f"l-{number}" for number in range(2, 60)) if home_of(launch) == HOME][:2]
    await world.hear(requested("l-1"))
    await world.step(HOME)
    await world.hear(requested(others[0]), number=HOME)
    await world.hear(requested(others[1], Contacts(contacts=["c-000001"])), number=HOME)
    for _ in range(3):
        await world.step(HOME)
    order = list(dict.fromkeys(event.launch_id for event in world.on("contacts.targets")))
    assert order == ["l-1", *others]
    assert world.targets(others[1]).total == 1
    await world.walk_out()
    assert world.targets("l-1").total == world.targets(others[0]).total == 3 * PAGE


async def test_launch_whose_page_fails_leaves_the_others_their_turns(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resting, "time", SimpleNamespace(monotonic=lambda: 0.0))
    await people(world, 3)
    other = next(launch for launch in (f"l-{number}" for number in range(2, 60)) if home_of(launch) == HOME)
    await world.hear(requested("l-1"))
    await world.hear(requested(other), number=HOME)
    await world.pool.execute("""UPDATE launch SET options = '{"consent_override": []}' WHERE launch_id = 'l-1'""")
    assert await world.step(HOME)
    [problem] = world.walk.problems(HOME)
    assert problem.startswith("launch l-1: ValidationError") and not world.walk.problems(HOME + 1)
    assert await world.step(HOME)
    assert world.targets(other).total == 3
    assert not await world.step(HOME), "it rests, and nobody else is in line"


async def test_a_page_that_fails_by_the_world_lets_no_launch_rest(world: World) -> None:
    await people(world, 3)
    await world.hear(requested())

    class Away(PostgresAudience):
        async def page(self, walk: Walk, reads: Reads, *, limit: int, whole: bool) -> Page:
            raise Transient("away")

    world.walk = AudienceWalk(PostgresLaunches, Away, PostgresDirectory, world.ahead, 30_000)
    with pytest.raises(Transient):
        await world.step(HOME)
    assert not world.walk.problems(HOME)


async def test_all_but_one_chunk_of_the_first_page_and_the_last_pages_say_that_more_follows(world: World) -> None:
    await people(world, PAGE + MOST_PER_PARTITION * PARTITIONS + 5)
    await world.hear(requested())
    assert await world.walk_out() == 3
    opened = [one for one in world.emitted if isinstance(one.event, LaunchOpened)]
    admitted = [
        (one, len(one.event.targets.contact_ids)) for one in world.emitted if isinstance(one.event, TargetsAdmitted)
    ]
    first, middle, last = admitted[:PARTITIONS], admitted[PARTITIONS : 2 * PARTITIONS], admitted[2 * PARTITIONS :]
    at_once = [one.partition for one, _ in first if FOLLOWED not in one.headers]
    assert len(at_once) == 1, "whose contacts get the first message"
    assert {one.partition: one.headers.get(FOLLOWED) for one in opened} == {
        number: None if number in at_once else OPENING for number in range(PARTITIONS)
    }
    assert {one.headers.get(FOLLOWED) for one, _ in first} == {None, CHUNK}
    assert {one.partition for one, _ in middle if one.headers[FOLLOWED] == CHUNK} == set(range(PARTITIONS))
    assert sum(count for _, count in middle) == MOST_PER_PARTITION * PARTITIONS
    assert sum(count for _, count in last) == 5 and not any(FOLLOWED in one.headers for one, _ in last)


async def test_what_is_over_with_its_first_page_waits_for_nothing(world: World) -> None:
    await people(world, 3)
    await world.hear(requested())
    await world.walk_out()
    assert not any(FOLLOWED in one.headers for one in world.emitted)


async def test_walk_waits_while_executor_is_behind(world: World) -> None:
    await people(world, 3)
    await world.hear(requested())
    world.ahead.waiting = 30_000
    assert not await world.step(HOME)
    assert not world.emitted
    world.ahead.waiting = 29_999
    assert await world.step(HOME)


async def test_version_that_cannot_be_read_ends_the_targeting_as_failed(world: World) -> None:
    await people(world, 3)
    body = scenario(
        hello={"branch": [{"when": "contact.", "next": "won"}, {"otherwise": "won"}]}, won={"end": "success"}
    )
    await world.hear(requested(body=body))
    assert await world.step(HOME)
    [finished] = world.on("contacts.targets")
    assert finished.total == 0 and "cannot be read" in finished.failed
    assert not await world.step(HOME)


class RefusesNames(PostgresAudience):
    """As a page that asks for an attribute of a name which PostgreSQL cannot hold."""

    async def page(self, walk: Walk, reads: Reads, *, limit: int, whole: bool) -> Page:
        if reads.attributes:
            await self._connection.fetchval("SELECT $1::text", "\0")
        return await super().page(walk, reads, limit=limit, whole=whole)


async def test_launch_whose_data_postgresql_refuses_ends_as_failed_and_others_go_on(world: World) -> None:
    await people(world, 3)
    other = next(name for number in range(999) if home_of(name := f"l-other-{number}") == HOME)
    plain = scenario(won={"end": "success"})
    await world.hear(requested())
    await world.hear(requested(other, body=plain))
    world.walk = AudienceWalk(PostgresLaunches, RefusesNames, PostgresDirectory, world.ahead, 30_000)
    await world.walk_out()
    [finished] = [event for event in world.on("contacts.targets") if event.launch_id == "l-1"]
    assert finished.total == 0
    assert finished.failed == (
        "PostgreSQL refuses what this launch asks of contacts (CharacterNotInRepertoireError, 22021): "
        "the log of contacts says more"
    )
    assert len(world.targets(other).admitted) == 3


async def test_launch_that_is_stopped_needs_nothing_that_could_be_refused(world: World) -> None:
    await people(world, 3)
    await world.hear(requested())
    await world.hear(stopped())
    world.walk = AudienceWalk(PostgresLaunches, RefusesNames, PostgresDirectory, world.ahead, 30_000)
    await world.walk_out()
    assert set(world.targets().excluded.values()) == {"stopped"}


async def test_creator_nobody_knows_reaches_nobody(world: World) -> None:
    await people(world, 1)
    request = requested()
    await world.hear(request.model_copy(update={"version": request.version.model_copy(update={"creator": "eve"})}))
    await world.walk_out()
    assert world.targets().excluded == {"c-000000": "not_permitted"}


async def test_large_contacts_make_smaller_pages_and_chunks(world: World) -> None:
    await people(world, 1000)
    for number in range(1000, 1120):
        await world.load(person(number, attributes={"first_name": "x" * 200_000}))
    await world.hear(requested())
    assert await world.walk_out() == 3
    assert len(world.targets().admitted) == world.targets().total == 1120
    chunks = [event.targets for event in world.on("contacts.targets") if isinstance(event, TargetsAdmitted)]
    assert max(len(chunk.model_dump_json()) for chunk in chunks) <= MAX_BYTES


async def test_replayed_topic_changes_nothing(world: World) -> None:
    ids = ["c-000001", "c-000002"]
    await world.load(*map(person, range(3)))
    request = requested(participants=Contacts(contacts=ids))
    await world.hear(request)
    await world.walk_out()
    before = len(world.emitted)
    await world.hear(request)
    assert not await world.step(HOME)
    assert len(world.emitted) == before
    assert await world.pool.fetchval("SELECT count(*) FROM participant") == 0


async def test_other_projects_are_out_of_sight(world: World) -> None:
    await people(world, 2)
    await world.pool.execute("UPDATE contact SET project = 'other' WHERE contact_id = 'c-000001'")
    await world.hear(requested())
    await world.hear(requested("l-2", Contacts(contacts=["c-000000", "c-000001"])))
    await world.walk_out("l-1")
    await world.walk_out("l-2")
    assert list(world.targets("l-1").admitted) == ["c-000000"]
    assert world.targets("l-2").excluded == {"c-000001": "deleted"}


async def test_ledger_lists_every_target_in_byte_order(world: World) -> None:
    odd = ["a b", "Zoë", "zoe", "émile", "0", "c-000001", "日本", "~", "c/1?x=%2F"]
    await world.load(*({"id": contact_id, "active": contact_id != "0"} for contact_id in odd[:-1]))
    body = scenario(won={"end": "success"})
    await world.hear(requested(participants=Contacts(contacts=odd), body=body))
    await world.walk_out()
    entries = [entry async for page in world.reading.ledger(PROJECT, "l-1") for entry in page]
    assert [entry.contact_id for entry in entries] == sorted(odd, key=str.encode)
    assert {entry.contact_id: entry.reason for entry in entries if entry.reason} == {
        "0": "inactive",
        "c/1?x=%2F": "deleted",
    }
    assert [page async for page in world.reading.ledger("other", "l-1")] == []


async def test_chunks_go_on_with_the_trace_of_the_request(world: World) -> None:
    command = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    await people(world, 3)
    event = received(requested())
    record = replace(event.record, headers={**event.record.headers, "traceparent": command.encode()})
    async with world.transaction(HOME) as tx:
        await world.launches.on_launcher_launches(tx, [replace(event, record=record)])
    with tracing.recorded() as exporter:
        await world.walk_out()
    [walk] = exporter.get_finished_spans()
    assert walk.name == "contacts walk" and walk.context is not None
    assert f"{walk.context.trace_id:032x}" == command.split("-")[1]


@pytest.mark.parametrize("participants", [None, Contacts(contacts=["c-1"])])
async def test_a_test_goes_the_way_of_one_contact_whether_that_may_be_sent_to_or_not(
    world: World, participants: Contacts | None
) -> None:
    await world.load(*({"id": f"c-{number}", "active": False, "consent": {}} for number in (1, 2, 3)))
    await world.hear(user("ann", restriction="false", revision=2))
    await world.hear(requested(participants=participants, mode=LaunchMode.TEST))
    await world.walk_out()
    targets = world.targets()
    assert (set(targets.admitted), targets.excluded, targets.total) == ({"c-1"}, {}, 1)
    [snapshot] = [event.targets for event in world.on("contacts.targets") if isinstance(event, TargetsAdmitted)]
    assert snapshot.active == [False]


async def test_a_rehearsal_targets_whom_the_launch_would(world: World) -> None:
    await world.load(person(1), person(2, active=False), person(3, consent={}))
    for launch_id, mode in (("l-1", LaunchMode.LIVE), ("l-2", LaunchMode.REHEARSAL)):
        await world.hear(requested(launch_id, mode=mode))
        await world.walk_out(launch_id)
    assert world.targets("l-1") == world.targets("l-2")
    assert len(world.targets("l-2").admitted) == 1
