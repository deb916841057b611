"""What a single step has to keep to beyond its shape: weights, arms, durations, attribute names."""

from collections.abc import Callable
from typing import Any

from contracts.checks import Point
from contracts.scenario import BranchStep, Otherwise, Scenario, SplitStep, UpdateContactStep, WaitStep, WaitUntilStep
from launcher.domain.durations import LONGEST_DAYS, too_long
from launcher.domain.points import error

MOST_VALUE_CHARACTERS = 4096


def check_steps(scenario: Scenario) -> list[Point]:
    points: list[Point] = []
    for name, step in scenario.steps.items():
        if check := _CHECKS.get(type(step)):
            points += check(f"steps.{name}", step)
    return points


def _branch(place: str, step: BranchStep) -> list[Point]:
    last = len(step.branch) - 1
    misplaced = [i for i, arm in enumerate(step.branch) if isinstance(arm, Otherwise) and i != last]
    points = [
        error("otherwise_last", f"{place}.branch[{index}]", "Arms after it are never tried: put `otherwise` last.")
        for index in misplaced
    ]
    if not isinstance(step.branch[-1], Otherwise) and not misplaced:
        points.append(
            error("otherwise_missing", f"{place}.branch", "Say where contacts go that fit no `when`: `{otherwise: …}`.")
        )
    return points


def _split(place: str, step: SplitStep) -> list[Point]:
    if sum(share.weight for share in step.split) > 0:
        return []
    return [error("split_weights", f"{place}.split", "All weights are 0, so nobody goes anywhere: raise one.")]


def _wait(place: str, step: WaitStep) -> list[Point]:
    given = [kind for kind in (step.wait.for_, step.wait.until, step.wait.window) if kind is not None]
    if len(given) != 1:
        return [error("wait_shape", f"{place}.wait", "A wait has exactly one of `for`, `until` and `window`.")]
    return _duration(f"{place}.wait.for", step.wait.for_)


def _wait_until(place: str, step: WaitUntilStep) -> list[Point]:
    return _duration(f"{place}.wait_until.timeout", step.wait_until.timeout)


def _duration(place: str, duration: str | None) -> list[Point]:
    if duration is None or not too_long(duration):
        return []
    return [error("duration", place, f"`{duration}` is longer than {LONGEST_DAYS} days: make it shorter.")]


def _update(place: str, step: UpdateContactStep) -> list[Point]:
    points = []
    for name, value in step.update_contact.set.items():
        at = f"{place}.update_contact.set.{name}"
        if not name.isidentifier():
            remedy = "An attribute that templates and conditions can read has letters, digits and _ only."
            points.append(error("attribute_name", at, remedy))
        if not isinstance(value, str | int | float | bool | None):
            points.append(error("attribute_value", at, "An attribute is a text, a number, true, false or null."))
        elif isinstance(value, str) and len(value) > MOST_VALUE_CHARACTERS:
            points.append(error("attribute_value", at, f"Longer than {MOST_VALUE_CHARACTERS} characters: shorten it."))
    return points


_CHECKS: dict[type, Callable[[str, Any], list[Point]]] = {
    BranchStep: _branch,
    SplitStep: _split,
    WaitStep: _wait,
    WaitUntilStep: _wait_until,
    UpdateContactStep: _update,
}
