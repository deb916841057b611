"""A file whose shape is wrong: what else is wrong with it is told in the same go, and nothing that is not."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from contracts.checks import Point
from contracts.scenario import Scenario
from launcher.domain.mending import Unshaped
from launcher.domain.shape import read_scenario
from launcher.domain.validation import validate
from unit.launcher.builders import LANGUAGE, document, found, message
from unit.launcher.wrong_scenarios import WRONG


def told(file: Any) -> list[tuple[str, str]]:
    points = read_scenario(file, lambda scenario: validate(scenario, LANGUAGE))
    return found(points.points) if isinstance(points, Unshaped) else []


def delete(file: dict[str, Any], *place: Any) -> None:
    for part in place[:-1]:
        file = file[part]
    del file[place[-1]]


SHAPE: dict[str, Callable[[dict[str, Any]], None]] = {
    "an unknown field": lambda file: file.update(zzz=1),
    "a misspelt step of its own": lambda file: file["steps"].update(quiet={"edn": "neutral"}),
    "a step of a kind that there is not": lambda file: file["steps"].update(quiet={"wiat": {"for": "1d"}}),
    "a step without next": lambda file: file["steps"].update(quiet={"wait": {"for": "1d"}}),
    "a wrong step's name": lambda file: file["steps"].update(Quiet={"end": "neutral"}),
    "a key with capitals": lambda file: file.update(key="Hello"),
    "no name": lambda file: delete(file, "name"),
}


@pytest.mark.parametrize("what", WRONG)
@pytest.mark.parametrize("shape", SHAPE)
def test_what_is_wrong_beside_the_shape_is_told_with_it(what: str, shape: str) -> None:
    steps, head, code, place = WRONG[what]
    file = deepcopy(document(steps, **head))
    SHAPE[shape](file)
    points = told(file)
    [first, *_] = points
    assert first[0] in ("unknown_field", "step_kind", "missing_field", "invalid_value")
    unsaid = code == "unreachable_step" and "quiet" in file["steps"]
    unsaid |= code == "unreachable_step" and "Quiet" in file["steps"]
    assert ((code, place) in points) is not unsaid, points
    assert len(points) == len(set(points))


RIGHT = {
    "start": "greet",
    "sender": {"name": "Acme", "address": "news@acme.example"},
    "context": {"voucher": "string"},
    "steps": {
        "greet": {"send": message(text="{{ context.voucher }} {{ unsubscribe_url }}"), "next": "pause"},
        "pause": {"wait": {"for": "1d"}, "next": "vip"},
        "vip": {"branch": [{"when": "contact.active", "next": "half"}, {"otherwise": "tag"}]},
        "half": {"split": [{"weight": 1, "next": "tag"}, {"weight": 1, "next": "won"}]},
        "tag": {"update_contact": {"set": {"last": "x"}}, "next": "won"},
        "won": {"end": "success"},
    },
}


def places(value: Any, *above: Any) -> list[tuple[Any, ...]]:
    """Of every value in it."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, each in pairs for place in [(*above, key), *places(each, *above, key)]]


@pytest.mark.parametrize("broken", ["misspelt", "gone", "another kind"])
@pytest.mark.parametrize("place", places(RIGHT), ids=str)
def test_nothing_is_told_that_is_mended_with_the_shape(place: tuple[Any, ...], broken: str) -> None:
    """Of a right file in which one thing is broken, whatever it is, one thing is told."""
    file = document() | deepcopy(RIGHT)
    parent: Any = file
    for part in place[:-1]:
        parent = parent[part]
    last = place[-1]
    if isinstance(parent, list) and broken != "another kind":
        return
    value = parent.pop(last)
    if broken == "misspelt":
        parent[f"{last}X"] = value
    elif broken == "another kind":
        parent.insert(last, {7: 7}) if isinstance(parent, list) else parent.update({last: {"x": {}}})
    read = read_scenario(file, lambda scenario: validate(scenario, LANGUAGE))
    if isinstance(read, Scenario):
        return
    shape = {"unknown_field", "step_kind", "missing_field", "invalid_value"}
    assert [point for point in read.points if point.code not in shape and not is_reference(point, place)] == []


def is_reference(point: Point, place: tuple[Any, ...]) -> bool:
    """Who renames or removes a step has references to it that lead nowhere."""
    return point.code == "dead_reference" and len(place) <= 2


@pytest.mark.parametrize("file", [None, 7, [], "x", {}, {"steps": 7}, {"steps": []}, {"steps": {}}])
def test_of_what_is_no_scenario_at_all_only_that_is_told(file: Any) -> None:
    assert all(code in ("invalid_value", "missing_field") for code, _ in told(file))


@pytest.mark.parametrize(
    ("broken", "left"),
    [
        ({"end": "neutral", "nxet": "won"}, True),
        ({"wait": {"for": "soon"}, "next": "won"}, True),
        ({"update_contact": {"set": {"first_name": "x"}, "zzz": 1}, "next": "won"}, False),
        ({"udpate_contact": {"set": {"first_name": "x"}}, "next": "won"}, False),
        ("update_contact", False),
    ],
)
def test_the_rest_is_looked_over_by_others_unless_what_is_broken_may_set_what_they_miss(
    broken: Any, left: bool
) -> None:
    read = read_scenario(document({"broken": broken}), lambda scenario: [])
    assert isinstance(read, Unshaped) and read.points
    assert (read.rest is not None) is left
    assert read.rest is None or "greet" in read.rest.steps
