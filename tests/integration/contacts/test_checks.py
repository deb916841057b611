"""A drafted launch is checked once, when everything it names is there."""

from datetime import timedelta
from typing import Any

import pytest

from contacts.adapters.launches import PostgresLaunches
from contacts.domain.checks import KnownGroups
from contracts.checks import LaunchChecked
from contracts.launches import All, Contacts, Groups, LaunchDrafted, Options, ParticipantsListed, Segment
from contracts.words import LaunchMode
from integration.contacts.world import PROJECT, World, home_of, key, requested, user, version


def drafted(
    participants: Any = None,
    *,
    creator: str = "ann",
    chunks: int = 0,
    check: int = 1,
    mode: LaunchMode = LaunchMode.LIVE,
) -> LaunchDrafted:
    return LaunchDrafted(
        project=PROJECT,
        launch_id="l-1",
        version=version(creator=creator),
        participants=participants or All(),
        participants_chunks=chunks,
        options=Options(mode=mode),
        context={},
        launched_by="bob",
        check=check,
    )


def listed(index: int, *ids: str) -> ParticipantsListed:
    return ParticipantsListed(project=PROJECT, launch_id="l-1", index=index, contact_ids=list(ids))


async def checked(world: World, *events: Any) -> LaunchChecked:
    await world.hear(*events)
    [found] = world.on("contacts.checks")
    assert isinstance(found, LaunchChecked)
    return found


def codes(found: LaunchChecked) -> list[tuple[str, str]]:
    assert all(len(point.remedy) > 20 for point in found.points)
    return [(point.code, point.place) for point in found.points]


@pytest.fixture(autouse=True)
async def _people(world: World) -> None:
    await world.hear(user("ann"), user("dis", disabled=True), key("key_1"))
    await world.load({"id": "a", "groups": ["vip", "news"]}, {"id": "b", "groups": ["vip"]}, {"id": "c"})


@pytest.mark.parametrize(
    ("participants", "expected"),
    [
        (All(), 3),
        (Groups(groups=["vip", "news"]), 2),
        (Contacts(contacts=["a", "c", "c"]), 2),
    ],
)
async def test_good_draft_has_no_points_and_a_figure(world: World, participants: Any, expected: int) -> None:
    found = await checked(world, drafted(participants))
    assert (found.points, found.targeted_expected) == ([], expected)


@pytest.mark.parametrize(
    ("participants", "expected"),
    [
        (Groups(groups=["vip", "typo", "oops"]),
         [("unknown_group", "participants.groups[1]"), ("unknown_group", "participants.groups[2]")]),
        (Groups(groups=[]), [("empty_selection", "participants.groups")]),
        (Contacts(contacts=[]), [("empty_selection", "participants.contacts")]),
        (Contacts(contacts=["x", "y"]), [("empty_selection", "participants.contacts")]),
    ],
)  # fmt: skip
async def test_selection_that_selects_nobody_stands_against_it(
    world: World, participants: Any, expected: list[tuple[str, str]]
) -> None:
    found = await checked(world, drafted(participants))
    assert codes(found) == expected
    assert found.targeted_expected is None


async def test_empty_group_and_empty_project_are_allowed(world: World) -> None:
    await world.pool.execute("INSERT INTO contact_group VALUES ('demo', 'empty')")
    found = await checked(world, drafted(Groups(groups=["empty"])))
    assert (codes(found), found.points[0].severity) == ([("nobody_targeted", "participants.groups")], "warning")
    assert found.targeted_expected == 0


async def test_a_group_that_is_mistyped_is_told_with_the_one_that_is_probably_meant(world: World) -> None:
    found = await checked(world, drafted(Groups(groups=["news", "vpi", "something"])))
    assert [point.remedy for point in found.points] == [
        "There is no group vpi: did you mean `vip`? `GET /v1/groups` lists them.",
        "There is no group something. `GET /v1/groups` lists them.",
    ]


async def test_other_groups_are_looked_up_only_where_one_is_missing(world: World) -> None:
    async with world.pool.acquire() as connection:
        store = PostgresLaunches(connection)
        assert await store.known_groups("demo", ["vip"]) == KnownGroups(frozenset({"vip"}))
        missed = await store.known_groups("demo", ["news", "typo"])
    assert missed == KnownGroups(frozenset({"news"}), others=frozenset({"vip"}))


async def test_deleted_contacts_are_no_selection(world: World) -> None:
    await world.crm_delete("a")
    assert codes(await checked(world, drafted(Contacts(contacts=["a"])))) == [
        ("empty_selection", "participants.contacts")
    ]


async def test_a_draft_is_warned_of_selected_contacts_that_never_were(world: World) -> None:
    await world.crm_delete("b")
    found = await checked(world, drafted(Contacts(contacts=["a", "b", *(f"x-{n}" for n in range(7))])))
    [point] = found.points
    assert (point.code, point.severity) == ("unknown_contact", "warning")
    assert "7 selected contacts were never in this project (x-0, x-1, x-2, x-3, x-4 …)" in point.remedy
    assert found.targeted_expected == 9


async def test_disabled_creator_stands_against_it(world: World) -> None:
    assert codes(await checked(world, drafted(creator="dis"))) == [("forbidden", "scenario.creator")]


@pytest.mark.parametrize("creator", ["key_1", "admin"])
async def test_a_key_or_the_administrator_may_be_the_creator(world: World, creator: str) -> None:
    assert not (await checked(world, drafted(creator=creator))).points


async def test_creator_that_is_not_known_yet_is_waited_for(world: World) -> None:
    await world.hear(drafted(creator="new"))
    lease = world.lease(home_of("l-1"))
    await world.launches.check_again(lease)
    assert not world.on("contacts.checks") and not lease.emitted
    await world.hear(user("new"))
    await world.launches.check_again(lease)
    [found] = [outgoing.event for outgoing in lease.emitted]
    assert isinstance(found, LaunchChecked) and not found.points


async def test_creator_that_does_not_come_is_unknown(world: World) -> None:
    await world.hear(drafted(creator="new"))
    world.now += timedelta(seconds=5)
    lease = world.lease(home_of("l-1"))
    await world.launches.check_again(lease)
    [found] = [outgoing.event for outgoing in lease.emitted]
    assert isinstance(found, LaunchChecked) and codes(found) == [("unknown_user", "scenario.creator")]
    assert not await world.launches.check_again(lease)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0), (2, 1, 0)])
async def test_lists_may_come_in_any_order_and_twice(world: World, order: tuple[int, ...]) -> None:
    records = [drafted(Contacts(), chunks=2), listed(0, "a", "b"), listed(1, "b", "c", "gone")]
    for position in order:
        assert not world.on("contacts.checks")
        await world.hear(records[position])
        if position:
            await world.hear(records[position])
    [found] = world.on("contacts.checks")
    assert found.targeted_expected == 4


async def test_draft_that_comes_again_is_answered_once(world: World) -> None:
    await checked(world, drafted())
    await checked(world, drafted(), drafted())


async def test_groups_of_another_project_do_not_exist(world: World) -> None:
    await world.pool.execute("INSERT INTO contact_group VALUES ('other', 'theirs')")
    assert codes(await checked(world, drafted(Groups(groups=["theirs"])))) == [
        ("unknown_group", "participants.groups[0]")
    ]


async def test_checked_launch_is_walked_when_it_is_requested(world: World) -> None:
    await checked(world, drafted(Contacts(contacts=["a"])))
    assert not await world.step(home_of("l-1"))
    await world.hear(requested(participants=Contacts(contacts=["a"])))
    await world.walk_out()
    assert world.targets().total == 1


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("contact.attributes.score > 50", []),
        ("contact.attributes.score >", ["broken_condition"]),
        ("", ["broken_condition"]),
        ("'text'", ["broken_condition"]),
        ("context.voucher == 'X'", ["broken_condition"]),
        (r'contact.attributes["\u0000"] == 1', ["broken_condition"]),
        (r'contact.attributes.score.x["\x00a"] > 1', ["broken_condition"]),
        ("contact.emial == 'a'", ["unknown_variable"]),
        ("has(contact.email.domain)", ["unknown_variable"]),
        ("contact.active.x || contact.groups['vip']", ["unknown_variable", "unknown_variable"]),
        ("duration('1d') > duration('1h')", ["broken_condition"]),
        ("contact.attributes.scoer > 50", ["unknown_attribute"]),
        ("contact.attributes.score / 0 > 1", ["broken_condition"]),
        ("contact.attributes.score / (1 - 1) > 1", ["segment_slow"]),
        ("contact.attributes.score > '50'", ["condition_type"]),
        ("contact.attributes.score == 3 || contact.attributes.score == '3'", []),
        ("contact.attributes.home.city == 3", ["unknown_attribute"]),
        ("contact.active == 'true'", ["condition_type"]),
    ],
)
async def test_condition_of_a_segment_is_looked_at(world: World, where: str, expected: list[str]) -> None:
    await world.load({"id": "d", "attributes": {"score": 1}})
    found = await checked(world, drafted(Segment(where=where)))
    assert {place for _, place in codes(found)} <= {"participants.where", "segment"}
    assert [code for code, _ in codes(found)][: len(expected)] == expected
    assert found.targeted_expected is None


async def test_remedy_names_what_was_probably_meant(world: World) -> None:
    await world.load({"id": "d", "attributes": {"score": 1}})
    [point] = (await checked(world, drafted(Segment(where="contact.attributes.scoer > 50")))).points
    assert point.severity == "warning" and "did you mean `score`?" in point.remedy


async def test_who_names_a_segment_where_its_condition_is_meant_is_told_so(world: World) -> None:
    [point] = (await checked(world, drafted(Segment(where="good-ones")))).points
    assert point.code == "broken_condition" and "`GET /v1/segments/good-ones`" in point.remedy


async def test_attributes_of_another_kind_than_the_condition_takes_them_for_are_counted_by_kind(world: World) -> None:
    kinds: tuple[Any, ...] = (1, 2.5, "3", None, {"city": "Linz"}, [1], True)
    await world.load(*({"id": f"s-{n}", "attributes": {"score": kind}} for n, kind in enumerate(kinds) if kind))
    await world.load({"id": "t", "attributes": {"home": {"city": 5}}})
    where = "contact.attributes.score > '2' && contact.attributes.home.city == 'Linz'"
    home, score = (await checked(world, drafted(Segment(where=where)))).points
    assert (home.severity, score.severity) == ("warning", "warning")
    assert "`home.city` is a number in 1 of 1 contacts with it, which never matches a text" in home.remedy
    found = "`score` is a list in 1 and true or false in 1 and a number in 2 and an object in 1 of 6 contacts"
    assert found in score.remedy and "write it without quotes (50)" in score.remedy


async def test_each_round_of_a_draft_is_checked_once(world: World) -> None:
    await world.hear(drafted(Groups(groups=["typo"])))
    await world.hear(drafted(Groups(groups=["vip"]), check=2), drafted(Groups(groups=["typo"])))
    await world.hear(drafted(Groups(groups=["vip"]), check=2))
    first, second = world.on("contacts.checks")
    assert (first.check, second.check) == (1, 2)
    assert [point.code for point in first.points] == ["unknown_group"] and not second.points
    assert len({told.id for told in world.emitted if told.topic == "contacts.checks"}) == 2


@pytest.mark.parametrize("mode", LaunchMode)
async def test_a_test_needs_a_contact_to_fill_its_mails_with(world: World, mode: LaunchMode) -> None:
    await world.pool.execute("TRUNCATE contact, membership")
    found = await checked(world, drafted(mode=mode))
    needed, warned = ("empty_selection", "contact_id"), ("nobody_targeted", "participants")
    assert codes(found) == [needed if mode is LaunchMode.TEST else warned]


async def test_a_test_that_finds_one_has_no_points(world: World) -> None:
    assert (await checked(world, drafted(mode=LaunchMode.TEST))).points == []
