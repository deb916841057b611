"""How contacts change and how it is told: revisions, packing, suppression, executor's updates, concurrency."""

import asyncio
from typing import Any

from contacts.domain.contact import Refused, Regroup, SetConsent
from contacts.handlers.writing import Wanted
from contracts.changes import ContactChange
from contracts.updates import AttributesSet
from integration.contacts.world import PARTITIONS, PROJECT, World
from runtime.partitions import partition_of


def update(ids: list[str], *, values: dict[str, Any] | None = None, step: str = "tag", hops: int = 1) -> AttributesSet:
    return AttributesSet(
        project=PROJECT,
        launch_id="l-1",
        step=step,
        contact_ids=ids,
        update_ids=[f"u-{step}-{contact_id}" for contact_id in ids],
        values={"tag": step} if values is None else values,
        hops=hops,
    )


def changes(world: World) -> list[ContactChange]:
    return [change for event in world.on("contacts.changes") for change in event.changes]


async def test_update_is_applied_and_answered_with_its_id_as_the_cause(world: World) -> None:
    await world.load({"id": "a", "attributes": {"x": 1, "y": 2}})
    await world.hear(update(["a"], values={"x": None, "z": [1]}, hops=3))
    [change] = changes(world)
    assert (change.cause, change.hops, change.revision) == ("u-tag-a", 3, 2)
    assert change.contact is not None and change.contact.attributes == {"y": 2, "z": [1]}


async def test_update_is_answered_also_when_nothing_changed_or_nobody_is_there(world: World) -> None:
    await world.load({"id": "a", "attributes": {"tag": "tag"}}, {"id": "gone"})
    await world.crm_delete("gone")
    await world.hear(update(["a", "gone", "never"]))
    told = {change.contact_id: (change.revision, change.contact is None) for change in changes(world)[1:]}
    assert told == {"a": (1, False), "gone": (2, True), "never": (0, True)}


async def test_repeated_update_neither_changes_nor_answers_again(world: World) -> None:
    await world.load({"id": "a"})
    await world.hear(update(["a"]))
    await world.load({"id": "a", "attributes": {"tag": "newer"}})
    before = len(world.emitted)
    await world.hear(update(["a"]))
    found = await world.reading.contact(PROJECT, "a")
    assert found is not None and found.attributes == {"tag": "newer"}
    assert len(world.emitted) == before


async def test_two_updates_of_one_contact_in_a_batch_are_both_answered_in_order(world: World) -> None:
    await world.load({"id": "a"}, {"id": "b"})
    await world.hear(update(["a", "b"], step="one"), update(["a"], step="two"), number=0)
    mine = [(change.cause, change.revision) for change in changes(world) if change.contact_id == "a"]
    assert mine == [("u-one-a", 2), ("u-two-a", 3)]
    for event in world.on("contacts.changes"):
        ids = [change.contact_id for change in event.changes]
        assert len(ids) == len(set(ids))


async def test_update_that_would_make_a_contact_too_large_leaves_it_and_is_answered(world: World) -> None:
    await world.load({"id": "a"})
    await world.hear(update(["a"], values={"x": "y" * 1_100_000}))
    [change] = changes(world)
    assert change.revision == 1 and change.contact is not None and change.contact.attributes == {}


async def test_many_changes_are_packed_by_partition_and_at_most_500(world: World) -> None:
    ids = [f"c-{number}" for number in range(5000)]
    for start in range(0, 5000, 1000):
        await world.load(*({"id": contact_id} for contact_id in ids[start : start + 1000]))
    await world.write(*(Wanted(PROJECT, contact_id, SetConsent("news", True), "x") for contact_id in ids))
    sizes = []
    for outgoing in world.emitted:
        event: Any = outgoing.event
        sizes.append(len(event.changes))
        assert {partition_of(change.contact_id, PARTITIONS) for change in event.changes} == {outgoing.partition}
        assert outgoing.key == event.changes[0].contact_id
    assert sum(sizes) == 5000 and max(sizes) == 500 and len(sizes) < 20
    assert len({outgoing.id for outgoing in world.emitted}) == len(world.emitted)


async def test_suppressed_address_covers_whoever_has_it_now_or_later(world: World) -> None:
    await world.load({"id": "a", "email": "Ann@example.com"}, {"id": "b"})
    await world.suppress(addresses=["ann@EXAMPLE.com"])
    assert [(change.contact_id, change.suppressed) for change in changes(world)] == [("a", True)]
    await world.load({"id": "b", "email": "ann@example.com"})
    for contact_id, suppressed in (("a", True), ("b", True)):
        found = await world.reading.contact(PROJECT, contact_id)
        assert found is not None and found.suppressed is suppressed
    await world.load({"id": "a", "email": "new@example.com"})
    found = await world.reading.contact(PROJECT, "a")
    assert found is not None and not found.suppressed


async def test_suppression_survives_deletion_and_forgets_the_address(world: World) -> None:
    await world.load({"id": "a", "email": "ann@example.com"})
    await world.suppress(contacts=["a"], addresses=["ann@example.com"])
    await world.crm_delete("a")
    rows = await world.reading.suppressions(PROJECT, ("", ""), 10)
    assert [(row["kind"], row["shown"]) for row in rows] == [("address", None), ("contact", "a")]
    assert changes(world)[-1].suppressed
    await world.load({"id": "a"}, {"id": "b", "email": "ann@example.com"})
    assert all(contact.suppressed for contact in await world.reading.contacts(PROJECT, "", 10))


async def test_lifted_suppression_is_told(world: World) -> None:
    await world.load({"id": "a", "email": "ann@example.com"})
    await world.suppress(contacts=["a"], addresses=["ann@example.com"])
    async with world.transaction(None) as tx:
        assert await world.suppressing.lift(tx, PROJECT, ["a"], []) == 1
    assert changes(world)[-1].suppressed
    async with world.transaction(None) as tx:
        assert await world.suppressing.lift(tx, PROJECT, [], ["ann@example.com"]) == 1
    assert not changes(world)[-1].suppressed


async def test_suppression_of_one_project_is_none_of_another(world: World) -> None:
    await world.load({"id": "a", "email": "ann@example.com"})
    async with world.transaction(None) as tx:
        await world.suppressing.suppress(tx, "other", ["a"], ["ann@example.com"], "x")
    found = await world.reading.contact(PROJECT, "a")
    assert found is not None and not found.suppressed
    assert not world.emitted


async def test_suppression_and_import_at_once_leave_nobody_out(world: World) -> None:
    async def load(number: int) -> None:
        await world.load(*({"id": f"{number}-{each}", "email": f"x{each}@example.com"} for each in range(200)))

    addresses = [f"x{each}@example.com" for each in range(200)]
    await asyncio.gather(load(1), load(2), world.suppress(addresses=addresses), load(3))
    found = await world.reading.contacts(PROJECT, "", 1000)
    assert len(found) == 600 and all(contact.suppressed for contact in found)


async def test_overlapping_writers_do_not_lock_each_other_out(world: World) -> None:
    ids = [f"c-{number}" for number in range(400)]

    async def load(order: list[str], tag: str) -> None:
        for start in range(0, 400, 100):
            await world.load(*({"id": contact_id, "attributes": {tag: 1}} for contact_id in order[start : start + 100]))

    await asyncio.gather(load(ids, "a"), load(ids[::-1], "b"), load(ids[200:] + ids[:200], "c"), load(ids, "d"))
    found = await world.reading.contacts(PROJECT, "", 1000)
    assert len(found) == 400
    assert all(contact.revision == 4 and contact.attributes == dict.fromkeys("abcd", 1) for contact in found)


async def test_refused_upsert_leaves_no_row_behind(world: World) -> None:
    done = await world.load({"id": "a", "attributes": {str(n): "x" * 300 for n in range(700)}})
    assert done.imported == 1
    results = await world.write(Wanted(PROJECT, "nobody", Regroup(frozenset({"g"}), frozenset()), "x"))
    assert results == [Refused.UNKNOWN]
    assert await world.pool.fetchval("SELECT count(*) FROM contact") == 1


async def test_import_tells_repeated_ids_and_lets_the_later_line_win(world: World) -> None:
    done = await world.load(
        {"id": "a", "attributes": {"x": 1, "y": 1}}, {"id": "b"}, {"id": "a", "attributes": {"x": 2}}, {"id": ""}
    )
    assert (done.imported, done.repeated) == (3, [(3, "a")])
    assert [line for line, _ in done.rejected] == [4]
    found = await world.reading.contact(PROJECT, "a")
    assert found is not None and found.attributes == {"x": 2, "y": 1}


async def test_true_and_one_are_different_values(world: World) -> None:
    await world.load({"id": "a", "attributes": {"x": 1}})
    await world.load({"id": "a", "attributes": {"x": True}})
    found = await world.reading.contact(PROJECT, "a")
    assert found is not None and found.attributes["x"] is True
