"""A condition in a branch holds for the contacts that a count or a segment of the same condition selects."""

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import orjson
import pytest

from contacts.adapters.audience import document
from contacts.adapters.segments import compile_where
from contracts.changes import Contact
from contracts.scenario import Scenario
from contracts.targets import Snapshot, TargetsAdmitted
from executor.domain import ways
from executor.domain.cohort import Roll
from executor.domain.contact_data import Newer, entries, from_entries, superseded
from executor.domain.flow import Branch, compile_flow
from integration.contacts.world import PROJECT, World, home_of, requested, scenario, user
from runtime.cel import Condition

FIELDS: dict[str, Any] = {
    "email": "ann@x.example",
    "phone": "+43123",
    "zone": "Europe/Vienna",
    "groups": ["vip"],
    "consent": {"promotional": True},
    "attributes": {"a": True, "d": {"b": 1}},
}
OTHERS: list[dict[str, Any]] = [
    {"consent": {"promotional": False}},
    {"consent": {"administrative": False}},
    {"consent": {"administrative": True, "news": True, "promotional": False}},
    {"attributes": {"a": False}},
    {"attributes": {"a": "x", "b": [1, "vip"], "d": {}}},
    {"attributes": {"b": 1, "d": {"b": None}}, "phone": "+1"},
]
MAPS = ("contact.attributes", "contact.consent")
ENTRIES = (
    *("contact.attributes.a", "contact.attributes.b", "contact.attributes.d.b", "contact.attributes['first name']"),
    *("contact.consent.promotional", "contact.consent.administrative", "contact.consent.news", "contact.consent.nope"),
)
PLAIN = ("contact.id", "contact.email", "contact.phone", "contact.zone", "contact.groups", "contact.active")
READ = (*PLAIN, *MAPS, *ENTRIES)


def conditions() -> Iterator[str]:
    for path in READ:
        yield f"{path} == null"
        yield f"{path} != null"
        yield f"{path} == {path}"
        if "[" not in path:
            yield f"has({path})"
            yield f"!has({path})"
    for path in ENTRIES:
        yield path
        yield f"!{path}"
        yield f"{path} == false"
        yield f"{path} == true || {path} == 1"
    for path in MAPS:
        yield f"{path} == {{}}"
        yield f"size({path}) > 1"
        yield f"{path}.exists(name, name == 'a' || name == 'administrative')"
        for name in ("a", "promotional", "administrative", "nope"):
            yield f"'{name}' in {path}"
            yield f"!('{name}' in {path})"
            yield f"{path}[contact.id] == 1 || {path}['{name}']"
    for first, second in combinations(("attributes.a", "attributes.b", "consent.news", "email", "phone"), 2):
        yield f"!has(contact.{first}) || !has(contact.{second})"
        yield f"!has(contact.{first}) && !has(contact.{second})"
    yield "contact.phone == '+43123'"
    yield "contact.phone.startsWith('+4') || contact.email.endsWith('example')"
    yield "'vip' in contact.groups && contact.groups.all(each, each != 'new')"
    yield "size(contact.groups) == 0"


def people() -> list[dict[str, Any]]:
    """With nothing, with all, with all but one thing, with one thing alone; and what else there may be."""
    made = [{}, FIELDS, *({name: FIELDS[name]} for name in FIELDS), *OTHERS]
    made += [{name: value for name, value in FIELDS.items() if name != left} for left in FIELDS]
    return [{"id": f"c-{number:02}", **each} for number, each in enumerate(made)]


def forking(where: str) -> Scenario:
    return scenario(
        fork={"branch": [{"when": where, "next": "yes"}, {"otherwise": "no"}]},
        yes={"end": "success"},
        no={"end": "neutral"},
    )


async def selected(world: World, condition: Condition) -> list[set[str]]:
    """By SQL where it has any, and by evaluation."""
    where = compile_where(condition, 1)
    truth, arguments = ("NULL::boolean", ()) if where is None else (where.sql, where.arguments)
    query = f"SELECT contact_id, {truth} AS matched, {document()} AS document FROM contact"  # noqa: S608
    rows = await world.pool.fetch(query, *arguments)
    by_python = {row["contact_id"] for row in rows if condition.holds({"contact": row["document"]})}
    return [by_python] if where is None else [by_python, {row["contact_id"] for row in rows if row["matched"]}]


def forked(body: Scenario, snapshot: Snapshot) -> set[str]:
    """Who takes the arm."""
    flow = compile_flow(body, {}, Condition.compile)
    node = flow.nodes["fork"]
    assert isinstance(node, Branch)
    ids = snapshot.contact_ids
    taken = ways.branch(node, range(len(ids)), Roll(ids, [], lambda: snapshot), flow)
    return {ids[member] for member in taken.get(0, [])}


def as_executor_has_it(snapshot: Snapshot, everybody: dict[str, dict[str, Any]]) -> Iterator[Snapshot]:
    """As it comes, as it is kept with instances, and as it is where each contact has changed since."""
    yield snapshot
    members = range(len(snapshot.contact_ids))
    kept = orjson.loads(orjson.dumps(entries(snapshot, members)))
    yield from_entries(snapshot.contact_ids, snapshot.revisions, kept)
    changed = [Contact.model_validate(everybody[id]) for id in snapshot.contact_ids]
    yield superseded(
        snapshot.model_copy(update={"phones": snapshot.phones and [None for _ in members]}),
        {member: Newer(9, contact, False) for member, contact in enumerate(changed)},
    )


async def test_a_branch_takes_whom_the_same_condition_selects(world: World) -> None:
    everybody = people()
    await world.hear(user("ann"))
    assert not (await world.load(*everybody)).rejected
    by_id = {each["id"]: each for each in everybody}
    asked = list(dict.fromkeys(conditions()))
    differ = []
    for number, where in enumerate(asked):
        launch_id, body = f"l-{number}", forking(where)
        await world.hear(requested(launch_id, body=body))
        await world.walk_out(launch_id)
        taken: list[set[str]] = [set(), set(), set()]
        for event in world.on("contacts.targets"):
            if isinstance(event, TargetsAdmitted):
                for place, snapshot in enumerate(as_executor_has_it(event.targets, by_id)):
                    taken[place] |= forked(body, snapshot)
        world.emitted.clear()
        answers = [*await selected(world, Condition.compile(where, ("contact",))), *taken]
        if any(answer != answers[0] for answer in answers):
            differ.append((where, [sorted(answer) for answer in answers]))
    assert not differ
    assert len(asked) > 100


@pytest.mark.parametrize(("where", "carried"), [("contact.phone != ''", True), ("contact.zone != ''", False)])
async def test_a_phone_number_travels_only_where_it_is_read(world: World, where: str, carried: bool) -> None:
    await world.hear(user("ann"))
    await world.load({"id": "c-1", "phone": "+43123"})
    await world.hear(requested(body=forking(where)))
    await world.step(home_of("l-1"))
    [admitted] = [event for event in world.on("contacts.targets") if isinstance(event, TargetsAdmitted)]
    assert admitted.project == PROJECT
    assert admitted.targets.phones == (["+43123"] if carried else None)
    assert admitted.targets.consent_entries is None
