"""Who is in a launch on a condition, in whose reach, and whom a lifted consent reaches."""

import pytest

from contacts.adapters.audience import SEEN_AT_ONCE
from contacts.domain.audience import FIRST_PER_PARTITION
from contracts.checks import ConsentOverridden
from contracts.launches import Groups, Segment
from contracts.targets import TargetingFinished
from integration.contacts.test_walk import people, person
from integration.contacts.world import PARTITIONS, World, home_of, key, requested, scenario, stopped, user

HOME = home_of("l-1")
PAGE = FIRST_PER_PARTITION * PARTITIONS


@pytest.fixture(autouse=True)
async def _ann(world: World) -> None:
    await world.hear(user("ann"))


async def targeted(world: World, where: str) -> list[str]:
    await world.hear(requested(participants=Segment(where=where)))
    await world.walk_out()
    targets = world.targets()
    assert targets.total == len(targets.admitted) + len(targets.excluded)
    return sorted({*targets.admitted, *targets.excluded})


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("contact.attributes.score > 50", ["c-000001", "c-000004"]),
        ("contact.attributes.score + 0 > 50", ["c-000001"]),
        ("contact.attributes.score * 100 / contact.attributes.score == 100", ["c-000001"]),
        ("!(contact.attributes.score > 50)", ["c-000002"]),
        ("contact.attributes.score == '71'", ["c-000003"]),
        ("true", ["c-000001", "c-000002", "c-000003", "c-000004", "c-000005"]),
        ("false", []),
        ("contact.attributes.first_name == 'x\\' OR true; DROP TABLE contact; --'", []),
    ],
)
async def test_segment_targets_those_for_whom_its_condition_holds(
    world: World, where: str, expected: list[str]
) -> None:
    scores = [71, 0, "71", 50.5, None]
    await world.load(*(person(n, attributes={"score": score}) for n, score in enumerate(scores, start=1)))
    assert await targeted(world, where) == expected


@pytest.mark.parametrize(
    "where", ["contact.attributes.first_name == 'A'", "'A' + 'b' == contact.attributes.first_name + 'b'"]
)
@pytest.mark.parametrize("size", [PAGE - 1, PAGE, PAGE + 1, SEEN_AT_ONCE + 1])
async def test_segment_of_everybody_is_everybody_whatever_the_size(world: World, where: str, size: int) -> None:
    await people(world, size)
    assert len(await targeted(world, where)) == size


async def test_hardly_anybody_among_many_is_found_page_by_page(world: World) -> None:
    await people(world, 3 * SEEN_AT_ONCE)
    await world.load(person(999_999, attributes={"score": 1}))
    assert await targeted(world, "contact.attributes.score == 1") == ["c-999999"]


async def test_nobody_among_many_ends_the_walk(world: World) -> None:
    await people(world, 2 * SEEN_AT_ONCE)
    assert await targeted(world, "contact.attributes.score == 1") == []
    [finished] = [event for event in world.on("contacts.targets") if isinstance(event, TargetingFinished)]
    assert (finished.total, finished.failed) == (0, None)


@pytest.mark.parametrize("where", ["contact.attributes.score >= 0", "contact.attributes.score + 1 >= 1"])
async def test_stopped_segment_still_says_whom_it_would_have_targeted(world: World, where: str) -> None:
    await world.load(person(1, attributes={"score": 1}), person(2))
    await world.hear(stopped(revision=5))
    await world.hear(requested(participants=Segment(where=where), revision=4))
    await world.walk_out()
    assert world.targets().excluded == {"c-000001": "stopped"}


async def test_group_that_is_deleted_in_between_ends_the_targeting_as_failed(world: World) -> None:
    await people(world, 2 * PAGE)
    await world.pool.execute("INSERT INTO contact_group VALUES ('demo', 'vip')")
    await world.pool.execute("INSERT INTO membership SELECT project, 'vip', contact_id FROM contact")
    await world.hear(requested(participants=Groups(groups=["vip"])))
    await world.step(HOME)
    await world.pool.execute("DELETE FROM contact_group")
    await world.step(HOME)
    assert not await world.step(HOME)
    finished = [event for event in world.on("contacts.targets") if isinstance(event, TargetingFinished)]
    assert {event.total for event in finished} == {PAGE} == {len(world.targets().admitted)}
    assert all("vip" in (event.failed or "") for event in finished)


@pytest.mark.parametrize(
    ("launcher", "reached"),
    [("bob", ["c-000003"]), ("key_1", ["c-000002", "c-000003"]), ("admin", ["c-000002", "c-000003"]), ("eve", [])],
)
async def test_only_whom_both_may_send_to_is_reached_if_that_is_asked_for(
    world: World, launcher: str, reached: list[str]
) -> None:
    await world.hear(
        user("ann", restriction="contact.attributes.score > 1", revision=2),
        user("bob", restriction="contact.attributes.score > 2"),
        key("key_1"),
    )
    await world.load(*(person(n, attributes={"score": n}) for n in (1, 2, 3)))
    await world.hear(requested(intersect=True).model_copy(update={"launched_by": launcher}))
    await world.walk_out()
    assert sorted(world.targets().admitted) == reached
    assert set(world.targets().excluded.values()) == {"not_permitted"}


async def test_reach_of_who_launches_counts_only_if_that_is_asked_for(world: World) -> None:
    await world.hear(user("bob", restriction="false"))
    await world.load(person(1))
    await world.hear(requested())
    await world.walk_out()
    assert list(world.targets().admitted) == ["c-000001"]


def overridden(world: World) -> ConsentOverridden:
    [found] = world.on("contacts.checks")
    assert isinstance(found, ConsentOverridden)
    return found


async def test_it_is_told_whom_a_lifted_consent_reached(world: World) -> None:
    body = scenario(
        hello={"send": {"channel": "email", "message_type": "promo", "text": "x"}, "next": "news"},
        news={"send": {"channel": "discard", "message_type": "news", "text": "x"}, "next": "admin"},
        admin={"send": {"channel": "discard", "message_type": "administrative", "text": "x"}, "next": "won"},
        won={"end": "success"},
    )
    await people(world, PAGE)
    await world.load(
        person(900_001, consent={"promo": True, "news": True}),
        person(900_002, consent={"promo": True}),
        person(900_003, consent={}, active=False),
        person(900_004, consent={"promo": False}),
        person(900_005, consent={"news": True}, email=None),
    )
    await world.hear(requested(body=body, override=True))
    await world.walk_out()
    told = overridden(world)
    assert (told.by, told.reason) == ("bob", "they asked for it")
    assert told.reached == PAGE + 2
    assert told.by_type == {"promo": PAGE + 1, "news": PAGE + 2}


async def test_that_a_lifted_consent_reached_nobody_is_told_too(world: World) -> None:
    await world.hear(requested(override=True))
    await world.walk_out()
    assert (overridden(world).reached, overridden(world).by_type) == (0, {"promotional": 0})
    await world.hear(requested("l-2"))
    await world.walk_out("l-2")
    overridden(world)
