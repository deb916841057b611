"""How many messages a scenario version plans for one contact."""

from typing import Any

import pytest

from contracts.scenario import Scenario
from messaging.domain.bounds import bounds_of


def scenario(**steps: Any) -> Scenario:
    whole = {"won": {"end": "success"}, **steps}
    return Scenario.model_validate({"key": "s", "name": "S", "start": "a", "steps": whole})


def send(next: str, **ways: str) -> dict[str, Any]:
    return {"send": {"channel": "discard", "message_type": "promotional"}, "next": next, **ways}


def wait(next: str) -> dict[str, Any]:
    return {"wait": {"for": "1d"}, "next": next}


def fork(*ways: str) -> dict[str, Any]:
    return {"branch": [*({"when": "true", "next": way} for way in ways[:-1]), {"otherwise": ways[-1]}]}


@pytest.mark.parametrize(
    ("body", "steps", "most"),
    [
        (scenario(a={"end": "success"}), {}, 0),
        (scenario(a=send("won")), {"a": 1}, 1),
        (scenario(a=send("w"), w=wait("b"), b=send("won")), {"a": 1, "b": 1}, 2),
        (scenario(a=fork("b", "c"), b=send("won"), c=send("won")), {"b": 1, "c": 1}, 1),
        (scenario(a=send("won", on_failure="b"), b=send("won")), {"a": 1, "b": 1}, 2),
        (scenario(a={"split": [{"weight": 1, "next": "b"}, {"weight": 1, "next": "won"}]}, b=send("won")), {"b": 1}, 1),
        (scenario(a=send("f"), f=fork("a", "won")), {"a": 10}, 10),
        (scenario(a=send("b"), b=send("f"), f=fork("b", "c"), c=send("won")), {"a": 1, "b": 10, "c": 1}, 12),
        (scenario(a=send("b"), b=send("f"), f=fork("a", "won")), {"a": 10, "b": 10}, 20),
    ],
)
def test_each_send_counts_once_and_in_a_loop_as_often_as_it_may_repeat(
    body: Scenario, steps: dict[str, int], most: int
) -> None:
    bounds = bounds_of(body, repeats=10)
    assert (dict(bounds.steps), bounds.most) == (steps, most)


def test_a_scenario_of_500_steps_in_a_row_is_bounded_too() -> None:
    steps: dict[str, Any] = {f"s{number}": send(f"s{number + 1}") for number in range(497)}
    assert bounds_of(scenario(a=send("s0"), **steps, s497={"end": "neutral"}), 100).most == 498
