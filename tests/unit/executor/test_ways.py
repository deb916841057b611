"""Which way contacts take at a fork."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from executor.domain import ways
from executor.domain.cohort import Roll
from executor.domain.flow import Branch, Split
from unit.executor.builders import NOON, compile_condition, flow, roll

IDS = [f"c-{n}" for n in range(4_000)]


def taken(when: str, people: Roll, context: dict[str, Any] | None = None) -> list[int]:
    """Members for whom `when` holds."""
    fork = f"fork: {{branch: [{{when: {when!r}, next: yes_}}, {{otherwise: no_}}]}}"
    steps = f"{fork}\nyes_: {{end: success}}\nno_: {{end: neutral}}"
    graph = flow(steps, context=context)
    node = graph.nodes["fork"]
    assert isinstance(node, Branch)
    return ways.branch(node, range(len(people.contact_ids)), people, graph).get(0, [])


def shares(weights: list[int], step: str = "half", scenario: str | None = None) -> dict[int | None, list[int]]:
    arms = ", ".join(f"{{weight: {weight}, next: s{place}}}" for place, weight in enumerate(weights))
    ends = "\n".join(f"s{place}: {{end: success}}" for place in range(len(weights)))
    graph = flow(f"{step}: {{split: [{arms}]}}\n{ends}")
    node = graph.nodes[step]
    assert isinstance(node, Split)
    return ways.split(node, range(len(IDS)), Roll(IDS, [NOON] * len(IDS), lambda: None), graph, step)


@pytest.mark.parametrize(
    ("when", "members"),
    [
        ("contact.attributes.score > 50", [1]),
        ("contact.attributes.score == 50 || contact.attributes.score == 51", [0, 1]),
        ("contact.attributes.missing == 1", []),
        ("!(contact.attributes.missing == 1)", []),
        ("has(contact.attributes.score)", [0, 1]),
        ('contact.id == "c-2"', [2]),
        ('contact.email.endsWith("@mail.example")', [0, 1, 2]),
        ('contact.zone == "Europe/Vienna"', [0, 1, 2]),
        ("contact.active", [0, 1, 2]),
        ("contact.consent.promotional", [0, 1, 2]),
        ('"vip" in contact.groups', [1]),
        ("contact.attributes.score > context.least", [1]),
        ("contact.attributes[context.name] == 51", [1]),
        ('contact["email"] == "c-0@mail.example"', [0]),
        ("contact.attributes.score > 'x'", []),
    ],
)
def test_a_branch_is_taken_where_its_condition_holds(when: str, members: list[int]) -> None:
    people = roll(attributes={"score": [50, 51, None]}, groups=[[], ["vip"], ["new"]])
    assert taken(when, people, {"least": 50, "name": "score"}) == members


@pytest.mark.parametrize(
    ("when", "members"), [("contact.active", [0, 2]), ("!contact.active", [1]), ("has(contact.active)", [0, 1, 2])]
)
def test_who_became_inactive_on_the_way_is_not_active(when: str, members: list[int]) -> None:
    assert taken(when, roll(active=[True, False, True])) == members


def test_the_first_condition_that_holds_decides() -> None:
    graph = flow("""
        fork: {branch: [{when: contact.attributes.score > 1, next: a}, {when: contact.attributes.score > 0, next: b},
                        {otherwise: c}]}
        a: {end: success}
        b: {end: success}
        c: {end: success}
    """)
    node = graph.nodes["fork"]
    assert isinstance(node, Branch)
    assert ways.branch(node, range(3), roll(), graph) == {2: [0], 1: [1], 0: [2]}


def test_values_that_python_holds_equal_are_told_apart() -> None:
    people = roll(attributes={"score": [1, True, "1"]})
    assert taken("contact.attributes.score == true", people) == [1]


def test_a_decision_is_made_once_for_contacts_that_look_alike() -> None:
    class Counting:
        paths = frozenset({("contact", "attributes", "score")})
        asked = 0

        def holds(self, values: Any) -> bool:
            self.asked += 1
            return bool(values["contact"]["attributes"]["score"])

    counting = Counting()
    node = Branch(((counting, "a"),), "b", tuple(counting.paths))
    people = roll([f"c-{n}" for n in range(100)], attributes={"score": [n % 2 for n in range(100)]})
    found = ways.branch(node, range(100), people, flow("a: {end: success}"))
    assert counting.asked == 2
    assert found == {1: list(range(0, 100, 2)), 0: list(range(1, 100, 2))}


def test_a_split_is_the_same_whenever_it_is_drawn() -> None:
    assert shares([50, 50]) == shares([50, 50])


def test_a_split_follows_its_weights() -> None:
    found = shares([1, 3, 0, 6])
    assert [round(len(found.get(n, [])) / len(IDS), 1) for n in range(4)] == [0.1, 0.3, 0.0, 0.6]


def test_two_splits_draw_independently() -> None:
    first, second = set(shares([1, 1])[0]), set(shares([1, 1], step="other")[0])
    assert 0.45 < len(first & second) / len(first) < 0.55


def test_a_split_without_weights_has_no_way() -> None:
    assert set(shares([0, 0])) == {ways.BROKEN}


@settings(max_examples=20)
@given(st.lists(st.integers(min_value=0, max_value=5), min_size=1, max_size=8).filter(any))
def test_a_split_takes_everybody_along_once(weights: list[int]) -> None:
    found = shares(weights)
    assert sorted(member for members in found.values() for member in members) == list(range(len(IDS)))
    assert all(weights[place] > 0 for place in found if place is not None)


def test_a_condition_that_does_not_compile_is_none() -> None:
    assert compile_condition("contact..x") is None
