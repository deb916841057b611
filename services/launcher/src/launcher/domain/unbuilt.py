"""Parts that a scenario file may name but that do not run yet: refused as `unsupported`, never ignored."""

from collections.abc import Iterator

from contracts.checks import Point
from contracts.scenario import (
    LaunchType,
    Scenario,
    SendStep,
    StartScenarioStep,
    Step,
    WaitStep,
    WaitUntilStep,
    WebhookStep,
)
from launcher.domain.points import error

BUILT_CHANNELS = ("email", "discard")


def check_built(scenario: Scenario) -> list[Point]:
    places = [*_in_head(scenario)]
    for name, step in scenario.steps.items():
        places += [(f"steps.{name}.{place}", remedy) for place, remedy in _in_step(step)]
    return [error("unsupported", place, f"This does not run yet: {remedy}") for place, remedy in places]


def _in_head(scenario: Scenario) -> Iterator[tuple[str, str]]:
    by_hand = scenario.launch is LaunchType.TRIGGERED and scenario.manual_start_allowed
    if scenario.launch is not LaunchType.MANUAL and not by_hand:
        yield "launch", "write `launch: manual`, or `launch: triggered` with `manual_start_allowed: true`."
    for field in ("trigger", "schedule", "exit_when"):
        if getattr(scenario, field) is not None:
            yield field, "remove it."
    if scenario.manual_start_allowed and not by_hand:
        yield "manual_start_allowed", "remove it (a manual scenario may always be started)."


def _in_step(step: Step) -> Iterator[tuple[str, str]]:
    match step:
        case SendStep() if step.send.channel not in BUILT_CHANNELS:
            yield "send.channel", f"use one of {', '.join(BUILT_CHANNELS)}."
        case WaitStep() if step.wait.until is not None:
            yield "wait.until", "use `for`."
        case WaitStep() if step.wait.window is not None:
            yield "wait.window", "use `for`."
        case WaitUntilStep():
            yield "wait_until", "use `wait` and `branch`."
        case WebhookStep():
            yield "webhook", "remove the step."
        case StartScenarioStep():
            yield "start_scenario", "remove the step."
        case _:
            pass
