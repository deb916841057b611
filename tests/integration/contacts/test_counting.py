"""A count says what the launch would do: by the same judgement, of every kind of selection, of one moment."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contacts.adapters.counting import Snapshots
from contacts.domain.counting import Behind, Counted, Listed
from contacts.handlers.counting import Wanted
from contacts.ports.counting import Busy
from contracts.launches import All, Contacts, Groups, Options, ParticipantsListed, Segment
from contracts.outcomes import TargetsEnded, TargetsRefused, TargetsStarted
from contracts.scenario import Scenario
from contracts.words import Figure, Recurrence, Why
from fakes.transaction import NOON
from integration.contacts.test_walk import people, person
from integration.contacts.world import PROJECT, World, key, requested, scenario, user, version

NOBODY: dict[str, int] = {}


def wanted(participants: Any = None, *, body: Scenario | None = None, by: str = "bob", **options: Any) -> Wanted:
    return Wanted(PROJECT, version(body), participants or All(), Options(**options), by)


async def launched(world: World, asked: Wanted, launch_id: str) -> tuple[int, dict[str, int]]:
    """(started, reasons) of a launch of the same."""
    request = requested(launch_id, asked.participants)
    await world.hear(
        request.model_copy(
            update={"version": asked.version, "options": asked.options, "launched_by": asked.launched_by}
        )
    )
    await world.walk_out(launch_id)
    targets = world.targets(launch_id)
    return len(targets.admitted), dict(Counter(targets.excluded.values()))


async def started(world: World, launch_id: str, *ids: str, ended: bool = False, event: str = "e-1") -> None:
    about: dict[str, Any] = {"project": PROJECT, "launch_id": launch_id, "contact_ids": list(ids), "at": NOON}
    told = (
        TargetsEnded(**about, outcomes=["success"], reasons=["end:won"], started_at=[NOON])
        if ended
        else TargetsStarted(**about)
    )
    await world.outcomes_say(told, id=event, key=launch_id)


async def behind(world: World, asked: Wanted, figure: Behind) -> list[str]:
    return (await world.counting.listed(asked, figure)).contact_ids


async def every_figure_has_its_list(world: World, asked: Wanted, counted: Counted) -> None:
    """`starting` is who was admitted by the launch before."""
    starting = await behind(world, asked, Behind(figure=Figure.STARTING))
    targeted = await behind(world, asked, Behind(figure=Figure.TARGETED))
    assert (len(starting), len(targeted)) == (counted.starting, counted.targeted)
    for message in counted.messages:
        step = message.sending.step
        reached = await behind(world, asked, Behind(figure=Figure.REACHED, step=step))
        skipped = {why: await behind(world, asked, Behind(why, figure=Figure.SKIPPED, step=step)) for why in Why}
        assert len(reached) == message.reached
        assert {why: len(ids) for why, ids in skipped.items() if ids} == message.skipped
        assert sorted(sum(skipped.values(), reached)) == starting


@pytest.fixture(autouse=True)
async def _ann(world: World) -> None:
    await world.hear(user("ann"), user("bob"), key("key_1"))


TWO = scenario(
    hello={"send": {"channel": "email", "message_type": "promo", "text": "x"}, "next": "news"},
    news={"send": {"channel": "discard", "message_type": "news", "text": "x"}, "next": "won"},
    won={"end": "success"},
)
BODIES = [
    scenario(),
    TWO,
    scenario(won={"end": "success"}),
    scenario(message_type="administrative"),
    scenario(
        hello={"send": {"channel": "email", "message_type": "promo", "text": "x"}, "on_skipped": "won", "next": "won"},
        won={"end": "success"},
    ),
]
SELECTIONS: Sequence[Any] = [
    All(),
    Groups(groups=["vip"]),
    Groups(groups=["vip", "news"]),
    Contacts(contacts=["c-0", "c-1", "c-2", "gone"]),
    Segment(where="contact.attributes.score > 1"),
    Segment(where="contact.attributes.score + 1 > 2"),
]
PEOPLE = st.lists(
    st.fixed_dictionaries(
        {
            "active": st.booleans(),
            "email": st.sampled_from(["a@example.com", None]),
            "groups": st.lists(st.sampled_from(["vip", "news"]), unique=True),
            "consent": st.dictionaries(st.sampled_from(["promo", "news", "promotional"]), st.booleans()),
            "attributes": st.sampled_from([{}, {"score": 1}, {"score": 2}, {"score": 2.5}, {"score": "2"}]),
        }
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(people=PEOPLE, blocked=st.sets(st.integers(0, 11)), data=st.data())
async def test_count_is_what_the_launch_does(
    world: World, people: list[dict[str, Any]], blocked: set[int], data: Any
) -> None:
    await world.pool.execute(
        "TRUNCATE contact, contact_tally, membership, suppression, launch, target_chunk, gate, participant_list"
    )
    await world.pool.execute(
        "INSERT INTO contact_group VALUES ('demo', 'vip'), ('demo', 'news') ON CONFLICT DO NOTHING"
    )
    await world.load(*({"id": f"c-{number}", **one} for number, one in enumerate(people)))
    if blocked:
        await world.suppress([f"c-{number}" for number in blocked])
    restriction = data.draw(st.sampled_from([None, "contact.attributes.score > 1", "size(contact.groups) > 0"]))
    await world.pool.execute("UPDATE project_user SET restriction = $1 WHERE user_id = 'ann'", restriction)
    for number, selection in enumerate(SELECTIONS):
        asked = wanted(
            selection,
            body=data.draw(st.sampled_from(BODIES)),
            consent_override=data.draw(st.booleans()),
            intersect_with_launcher=data.draw(st.booleans()),
        )
        counted = await world.counting.count(asked)
        told = [point.code for point in counted.points]
        if isinstance(selection, Contacts) and told != ["unknown_contact"]:
            assert told == ["empty_selection"]
            continue
        world.emitted.clear()
        assert await launched(world, asked, f"l-{number}") == (counted.starting, counted.excluded)
        assert counted.targeted == counted.starting + sum(counted.excluded.values())
        for reason, contacts in counted.excluded.items():
            listed = await behind(world, asked, Behind(reason))
            assert listed == sorted(one for one, why in world.targets(f"l-{number}").excluded.items() if why == reason)
            assert len(listed) == contacts
        await every_figure_has_its_list(world, asked, counted)


async def test_count_tells_messages_and_types_apart(world: World) -> None:
    await world.load(
        person(1, consent={"promo": True, "news": True}),
        person(2, consent={"news": True}),
        person(3, consent={}),
        person(4, consent={"promo": True, "news": True}, email=None),
        person(5, active=False),
    )
    counted = await world.counting.count(wanted(body=TWO))
    assert (counted.targeted, counted.starting) == (5, 3)
    assert counted.excluded == {"inactive": 1, "no_consent": 1}
    assert counted.no_consent == {"promo": 1}
    assert [(each.sending.step, each.reached, each.skipped) for each in counted.messages] == [
        ("hello", 1, {"no_consent": 1, "no_address": 1}),
        ("news", 3, {}),
    ]
    for meant, figure, ids in (
        (Behind("no_consent"), Figure.EXCLUDED, ["c-000003"]),
        (Behind("no_consent", figure=Figure.SKIPPED, step="hello"), Figure.SKIPPED, ["c-000002"]),
        (Behind("no_consent", figure=Figure.SKIPPED, step="news"), Figure.SKIPPED, []),
        (Behind("no_consent", "news", figure=Figure.SKIPPED), Figure.SKIPPED, []),
        (Behind("no_address"), Figure.SKIPPED, ["c-000004"]),
        (Behind("no_adress"), Figure.SKIPPED, []),
    ):
        assert await world.counting.listed(wanted(body=TWO), meant) == Listed(figure, ids, None), meant


@pytest.mark.parametrize(
    ("participants", "code"),
    [
        (Groups(groups=["typo"]), "unknown_group"),
        (Groups(groups=[]), "empty_selection"),
        (Contacts(contacts=[]), "empty_selection"),
        (Segment(where="contact."), "broken_condition"),
    ],
)
async def test_selection_that_a_launch_would_be_refused_for_is_not_counted(
    world: World, participants: Any, code: str
) -> None:
    counted = await world.counting.count(wanted(participants))
    assert ([point.code for point in counted.points], counted.targeted) == ([code], 0)


@pytest.mark.parametrize(
    ("participants", "code"),
    [
        (Groups(groups=["typo"]), "unknown_group"),
        (Segment(where="contact."), "broken_condition"),
        (Segment(where="contact.nope == 1"), "unknown_variable"),
    ],
)
async def test_of_such_a_selection_nobody_is_listed_either_and_it_is_told_why(
    world: World, participants: Any, code: str
) -> None:
    await people(world, 2)
    listed = await world.counting.listed(wanted(participants), Behind(figure=Figure.TARGETED))
    assert (listed.points[0].code, listed.contact_ids) == (code, [])


async def test_of_a_creator_who_is_disabled_no_selected_contact_is_listed(world: World) -> None:
    await people(world, 2)
    await world.hear(user(disabled=True, revision=2))
    listed = await world.counting.listed(wanted(Contacts(contacts=["c-000000"])), Behind(figure=Figure.TARGETED))
    assert ([point.code for point in listed.points], listed.contact_ids) == (["forbidden"], [])


async def test_count_of_a_condition_that_takes_a_number_for_a_text_says_so(world: World) -> None:
    await world.load(*({"id": f"c-{n}", "attributes": {"score": 50 + n}} for n in range(3)))
    counted = await world.counting.count(wanted(Segment(where="contact.attributes.score > '50'")))
    point, nobody = counted.points
    assert (counted.targeted, point.code, point.severity) == (0, "condition_type", "warning")
    assert (nobody.code, nobody.severity) == ("nobody_targeted", "warning")
    assert "`score` is a number in 3 of 3 contacts with it" in point.remedy


@pytest.mark.parametrize(
    ("participants", "place", "said"),
    [
        (Groups(groups=["empty"]), "participants.groups", "Group empty is empty: put contacts in"),
        (Groups(groups=["empty", "bare"]), "participants.groups", "The groups empty, bare are empty"),
        (All(), "participants", "This project has no contacts"),
        (Segment(where="contact.active"), "participants.where", "This holds for no contact"),
    ],
)
async def test_count_of_nobody_says_so_and_is_a_count(world: World, participants: Any, place: str, said: str) -> None:
    await world.pool.execute("INSERT INTO contact_group VALUES ('demo', 'empty'), ('demo', 'bare')")
    counted = await world.counting.count(wanted(participants))
    [point] = counted.points
    assert (point.code, point.severity, point.place) == ("nobody_targeted", "warning", place)
    assert said in point.remedy and counted.targeted == 0


async def test_contacts_that_are_all_gone_have_figures_beside_what_stands_against_them(world: World) -> None:
    """They may be a portion of a larger selection."""
    counted = await world.counting.count(wanted(Contacts(contacts=["gone", "left"])))
    assert [point.code for point in counted.points] == ["empty_selection"]
    assert (counted.targeted, counted.starting, counted.excluded) == (2, 0, {"deleted": 2})


async def test_selected_contacts_that_never_were_are_told_apart_from_those_who_are_deleted(world: World) -> None:
    await people(world, 2)
    await world.crm_delete("c-000001")
    counted = await world.counting.count(wanted(Contacts(contacts=["c-000000", "c-000001", "nope"])))
    [point] = counted.points
    assert (point.code, point.severity, point.place) == ("unknown_contact", "warning", "participants.contacts")
    assert "1 selected contact was never in this project (nope)" in point.remedy
    assert counted.excluded == {"deleted": 2}
    counted = await world.counting.count(wanted(Contacts(contacts=["c-000000", "c-000001"])))
    assert (counted.excluded, counted.points) == ({"deleted": 1}, [])


async def test_contacts_of_a_drafted_launch_need_not_be_named_again(world: World) -> None:
    await people(world, 600)
    ids = [f"c-{number:06}" for number in range(600)]
    await world.hear(
        ParticipantsListed(project=PROJECT, launch_id="l-1", index=0, contact_ids=ids[:500]),
        ParticipantsListed(project=PROJECT, launch_id="l-1", index=1, contact_ids=[*ids[500:], "gone"]),
    )
    counted = await world.counting.count(Wanted(PROJECT, version(), Contacts(), Options(), "bob", launch_id="l-1"))
    assert (counted.starting, counted.excluded) == (600, {"deleted": 1})


async def test_list_is_paged(world: World) -> None:
    await people(world, 25, active=False)
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = await world.counting.listed(wanted(), Behind("inactive", None, cursor, 10))
        seen += page.contact_ids
        cursor = page.next
    assert seen == [f"c-{number:06}" for number in range(25)]
    assert await behind(world, wanted(), Behind("no_consent", "news")) == []


async def test_a_count_has_ten_seconds_in_all_and_leaves_others_theirs(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a condition that is evaluated contact by contact, however slow."""
    groups = [f"g-{number}" for number in range(9)]
    await world.load(*(person(number, groups=groups) for number in range(300)))
    pairs = "a == b && c == d && a == 'x'"
    for name in "dcba":
        pairs = f"contact.groups.exists({name}, {pairs})"
    monkeypatch.setattr("contacts.adapters.counting.SECONDS", 0.1)
    slow = asyncio.create_task(world.counting.count(wanted(Segment(where=pairs))))
    turns = 0
    while not slow.done():
        turns += 1
        await asyncio.sleep(0)
    with pytest.raises(Busy):
        await slow
    assert turns > 3
    monkeypatch.undo()
    assert (await world.counting.count(wanted())).targeted == 300, "its turn is over"


async def test_many_members_and_few_are_counted_alike(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where contacts have to be looked at, because a restriction does."""
    await world.hear(user("ann", restriction="contact.id != ''", revision=2))
    await world.load(*(person(n, groups=["vip"] if n % 2 else ["vip", "news"], active=n % 3 > 0) for n in range(30)))
    few = await world.counting.count(wanted(Groups(groups=["vip", "news"])))
    monkeypatch.setattr("contacts.adapters.counting.FEW", 5)
    assert await world.counting.count(wanted(Groups(groups=["vip", "news"]))) == few
    assert (few.targeted, few.excluded) == (30, {"inactive": 10})


def recurring(recurrence: str) -> Scenario:
    return scenario(won={"end": "success"}).model_copy(update={"recurrence": Recurrence(recurrence)})


async def places(world: World, recurrence: str, *, retry: bool = False) -> Counted:
    asked = wanted(body=recurring(recurrence))
    return await world.counting.count(Wanted(PROJECT, asked.version, All(), Options(), "bob", retry=retry))


@pytest.mark.parametrize("few", [1000, 0])
@pytest.mark.parametrize("recurrence", ["once", "if_not_running", "always"])
async def test_who_has_a_place_in_the_scenario_is_counted_as_refused(
    world: World, recurrence: str, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("contacts.adapters.counting.FEW", few)
    await people(world, 4)
    assert (await places(world, recurrence)).excluded == NOBODY
    await world.hear(requested(body=recurring(recurrence)))
    await started(world, "l-1", "c-000000", "c-000001", "c-000002")
    await started(world, "l-1", "c-000000", "c-000001", "c-000002")
    await started(world, "l-1", "c-000000", ended=True, event="e-2")
    expected = {
        "once": {"recurrence_once": 3},
        "if_not_running": {"recurrence_running": 2},
        "always": NOBODY,
    }
    assert (await places(world, recurrence)).excluded == expected[recurrence]
    listed = await behind(world, wanted(body=recurring(recurrence)), Behind("recurrence_running"))
    assert listed == (["c-000001", "c-000002"] if recurrence == "if_not_running" else [])


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(people=PEOPLE, data=st.data())
async def test_places_are_counted_alike_out_of_sums_and_one_by_one(
    world: World, people: list[dict[str, Any]], data: Any
) -> None:
    await world.pool.execute("TRUNCATE contact, contact_tally, membership, suppression, launch, place_chunk")
    await world.load(*({"id": f"c-{number}", **one} for number, one in enumerate(people)))
    ids = st.lists(st.sampled_from([f"c-{number}" for number in range(14)]), min_size=1, unique=True)
    for number, recurrence in enumerate(data.draw(st.lists(st.sampled_from(["once", "if_not_running"]), max_size=3))):
        await world.hear(requested(f"l-{number}", body=recurring(recurrence)))
        begun = data.draw(ids)
        await started(world, f"l-{number}", *begun)
        if ended := data.draw(st.lists(st.sampled_from(begun), unique=True)):
            await started(world, f"l-{number}", *ended, ended=True, event="e-2")
    for selection in (All(), Groups(groups=["vip"]), Groups(groups=["vip", "news"])):
        body = TWO.model_copy(update={"recurrence": Recurrence(data.draw(st.sampled_from(["once", "if_not_running"])))})
        retry = data.draw(st.booleans())
        asked = replace(wanted(selection, body=body, consent_override=data.draw(st.booleans())), retry=retry)
        summed = await world.counting.count(asked)
        with pytest.MonkeyPatch.context() as monkeypatch:
            monkeypatch.setattr("contacts.adapters.counting.FEW", 0)
            assert await world.counting.count(asked) == summed


async def test_end_that_is_told_before_the_start_counts_as_ended(world: World) -> None:
    await people(world, 2)
    await world.hear(requested(body=recurring("if_not_running")))
    await started(world, "l-1", "c-000000", ended=True, event="e-2")
    await started(world, "l-1", "c-000000", "c-000001")
    assert (await places(world, "if_not_running")).excluded == {"recurrence_running": 1}


async def test_retry_lifts_once_but_not_of_who_still_runs(world: World) -> None:
    await people(world, 3)
    await world.hear(requested(body=recurring("once")))
    await started(world, "l-1", "c-000000", "c-000001")
    await started(world, "l-1", "c-000000", ended=True, event="e-2")
    assert (await places(world, "once")).excluded == {"recurrence_once": 2}
    assert (await places(world, "once", retry=True)).excluded == {"recurrence_running": 1}


async def test_other_scenarios_and_other_records_take_no_place(world: World) -> None:
    await people(world, 2)
    await world.hear(requested(body=scenario(key="other", won={"end": "success"})))
    await started(world, "l-1", "c-000000")
    await started(world, "nobody-knows", "c-000000")
    await world.hear(requested("l-2", body=recurring("once")))
    refused = TargetsRefused(project=PROJECT, launch_id="l-2", contact_ids=["c-000000"], reasons=["stopped"], at=NOON)
    await world.outcomes_say(refused, id="e-9", key="l-2")
    assert (await places(world, "once")).excluded == NOBODY


async def test_a_count_waits_for_its_turn_while_approvals_and_walks_go_on(world: World) -> None:
    await people(world, 10)
    async with AsyncExitStack() as others:
        for project in ("a", "b"):
            connection = await others.enter_async_context(world.snapshots(project, approves=False))
            await connection.fetch("SELECT FROM contact")
        waiting = asyncio.create_task(world.counting.count(wanted()))
        assert (await world.counting.count(replace(wanted(), approves=True))).targeted == 10
        await world.hear(requested())
        await asyncio.wait_for(world.walk_out(), 30)
        assert world.targets().total == 10
        assert not waiting.done()
    assert (await waiting).targeted == 10


async def test_count_that_waits_too_long_is_busy(world: World) -> None:
    await people(world, 1)
    snapshots = Snapshots(world.counting_pool, patience=0.05)
    async with snapshots(PROJECT, approves=False):
        with pytest.raises(Busy, match="others were still counted for"):
            async with snapshots(PROJECT, approves=False):
                pass
    async with snapshots(PROJECT, approves=False):
        pass


async def test_count_that_takes_too_long_is_busy(world: World) -> None:
    with pytest.raises(Busy, match="longer than"):
        async with world.snapshots(PROJECT, approves=False) as connection:
            await connection.execute("SET LOCAL statement_timeout = 20; SELECT pg_sleep(10)")
    await people(world, 1)
    assert (await world.counting.count(wanted())).targeted == 1
