"""What a scenario version reads of a contact: found by compiling its conditions and templates."""

from collections.abc import Iterator

from pydantic import ValidationError

from contacts.domain.plan import Path, Plan, plan
from contracts.launches import ScenarioVersion
from contracts.scenario import BranchStep, Scenario, SendStep, WaitUntilStep, When
from runtime.cel import Condition, ConditionError
from runtime.templates import TemplateError, compile_template


class Unreadable(Exception):
    """This version cannot be carried out; the message says why."""


class Plans:
    """Plans of the versions that are walked just now: compiled once, not at every page."""

    MOST = 64

    def __init__(self) -> None:
        self._kept: dict[str, tuple[ScenarioVersion, Plan]] = {}

    def of(self, launch_id: str, version: str) -> tuple[ScenarioVersion, Plan]:
        """`version`: a ScenarioVersion as JSON, which never changes for a launch. Raises Unreadable."""
        if launch_id not in self._kept:
            if len(self._kept) >= self.MOST:
                del self._kept[next(iter(self._kept))]
            self._kept[launch_id] = _read(version)
        return self._kept[launch_id]

    def forget(self, launch_id: str) -> None:
        self._kept.pop(launch_id, None)


def _read(version: str) -> tuple[ScenarioVersion, Plan]:
    try:
        read = ScenarioVersion.model_validate_json(version)
        return read, plan_of(read)
    except (ValidationError, ConditionError, TemplateError) as error:
        raise Unreadable(f"the scenario version cannot be read: {error}") from error


def plan_of(version: ScenarioVersion) -> Plan:
    """Raises ConditionError, TemplateError."""
    return plan(version.body, paths(version.body))


def paths(scenario: Scenario) -> Iterator[Path]:
    """Everything that a condition or template names."""
    for condition in _conditions(scenario):
        yield from Condition.compile(condition).paths
    for source, html in _templates(scenario):
        for read in compile_template(source, html).reads:
            yield from _spellings(tuple(read.split(".")))


def _spellings(path: Path) -> Iterator[Path]:
    """A template says `contact.attributes.a.b` both for `a.b` and for the `b` inside `a`: take either along."""
    yield path
    if len(path) > 3:
        yield (*path[:2], ".".join(path[2:]))


def _conditions(scenario: Scenario) -> Iterator[str]:
    if scenario.exit_when is not None:
        yield scenario.exit_when.if_
    for step in scenario.steps.values():
        if isinstance(step, BranchStep):
            yield from (arm.when for arm in step.branch if isinstance(arm, When))
        elif isinstance(step, WaitUntilStep) and step.wait_until.when is not None:
            yield step.wait_until.when


def _templates(scenario: Scenario) -> Iterator[tuple[str, bool]]:
    for step in scenario.steps.values():
        if isinstance(step, SendStep):
            sources = ((step.send.subject, False), (step.send.text, False), (step.send.html, True))
            yield from ((source, html) for source, html in sources if source)
