"""Whom a launch is for: a condition on contacts that stumbles on nobody's data, groups that overlap, names."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from e2e.described import launched
from e2e.look import Launch
from e2e.slipway import Slipway

HOSTILE = "'; drop table contact; -- $1 {{ contact.id }}"
SCORES: tuple[Any, ...] = (0, 5, 80, 80.5, "80", None, True, "ä", HOSTILE, ...)
"""Attribute `score` of each contact by its number; ...: it has none."""
Holds = Callable[[Any], bool]


def number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


SEGMENTS: dict[str, Holds] = {
    # CEL: for which scores it holds, worked out here
    "contact.attributes.score > 50": lambda score: number(score) and score > 50,
    "100 / contact.attributes.score >= 20": lambda score: isinstance(score, int) and number(score) and 0 < score <= 5,
    f'contact.attributes.score == "{HOSTILE}"': lambda score: score == HOSTILE,
    "has(contact.attributes.score) && contact.attributes.score != 80": lambda score: score not in (..., None, 80),
    "contact.attributes.score == 80 || contact.attributes.score.startsWith('ä')": lambda score: score in (80, "ä"),
    "contact.attributes.nobody_has_this == 1": lambda score: False,
}


@pytest.fixture(scope="module")
def http(slipway: Slipway) -> Iterator[httpx.Client]:
    slipway.until_ready()
    here = slipway.with_scenarios(f"g{uuid.uuid4().hex[:10]}", "noted")
    scored = (
        {
            "id": f"c-{number}",
            "groups": ["even"] * (number % 2 == 0) + ["third"] * (number % 3 == 0),
            "attributes": {} if score is ... else {"score": score},
        }
        for number, score in enumerate(SCORES)
    )
    here.imports(scored)
    with here.http() as client:
        yield client


def targets(http: httpx.Client, **participants: Any) -> set[str]:
    """Of a launch on them, which is what was counted before."""
    counted = http.post("/v1/counts", json={"scenario": "noted", "participants": participants}).raise_for_status()
    launch = Launch(http, launched(http, "noted", participants))
    found = launch.outcomes()
    assert len(found) == launch.figures()["targeted"] == counted.json()["targeted"]
    return set(found)


@pytest.mark.behaviour(5)
@pytest.mark.parametrize("where", SEGMENTS)
def test_a_launch_on_a_condition_is_for_those_for_whom_it_holds(http: httpx.Client, where: str) -> None:
    held = {f"c-{number}" for number, score in enumerate(SCORES) if SEGMENTS[where](score)}
    assert targets(http, kind="segment", where=where) == held


@pytest.mark.behaviour(5)
def test_whoever_is_in_two_groups_or_named_twice_is_one_target_and_nobody_named_is_nobody(http: httpx.Client) -> None:
    in_either = {f"c-{number}" for number in range(len(SCORES)) if number % 2 == 0 or number % 3 == 0}
    assert targets(http, kind="groups", groups=["even", "third"]) == in_either
    assert targets(http, kind="contacts", contacts=["c-1", "c-2", "c-1"]) == {"c-1", "c-2"}
    nobody = http.post("/v1/counts", json={"scenario": "noted", "participants": {"kind": "contacts", "contacts": []}})
    assert [point["code"] for point in nobody.json()["points"]] == ["empty_selection"]
