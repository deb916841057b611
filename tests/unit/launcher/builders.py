"""Scenario files and requests for launcher's tests: one that is right, and changes that make it wrong."""

from typing import Any

from contracts.checks import Point
from contracts.crm import LaunchRequest
from contracts.launches import ScenarioVersion
from contracts.scenario import Scenario
from contracts.words import Permission
from launcher.adapters.language import RuntimeLanguage
from launcher.domain.requests import Candidate
from launcher.domain.scenarios import ScenarioState
from launcher.domain.validation import validate

LANGUAGE = RuntimeLanguage()
STARTER = frozenset({Permission.PROCESS_START, Permission.LAUNCH_PREAPPROVED})


def document(steps: dict[str, Any] | None = None, **head: Any) -> dict[str, Any]:
    """A valid scenario file; `steps` replaces or adds single steps, None removes one, `head` the other fields."""
    whole: dict[str, Any] = {
        "key": "hello",
        "name": "Hello",
        "sender": {"name": "Acme", "address": "news@acme.example"},
        "start": "greet",
        "steps": {"greet": {"send": message(), "next": "won"}, "won": {"end": "success"}},
        **head,
    }
    whole["steps"] = {name: step for name, step in {**whole["steps"], **(steps or {})}.items() if step is not None}
    return {name: value for name, value in whole.items() if value is not None}


def message(**fields: Any) -> dict[str, Any]:
    whole = {
        "channel": "email",
        "message_type": "promotional",
        "subject": "Hi",
        "text": "Hello {{ unsubscribe_url }}",
        **fields,
    }
    return {name: value for name, value in whole.items() if value is not None}


def scenario(steps: dict[str, Any] | None = None, **head: Any) -> Scenario:
    return Scenario.model_validate(document(steps, **head))


def points(steps: dict[str, Any] | None = None, **head: Any) -> list[Point]:
    return validate(scenario(steps, **head), LANGUAGE)


def found(points: list[Point]) -> list[tuple[str, str]]:
    """Code and place of each."""
    return [(point.code, point.place) for point in points]


def request(**fields: Any) -> LaunchRequest:
    whole = {"project": "demo", "scenario": "hello", "participants": {"kind": "all"}, **fields}
    return LaunchRequest.model_validate(whole)


def candidate(steps: dict[str, Any] | None = None, **head: Any) -> Candidate:
    body = scenario(steps, **head)
    version = ScenarioVersion(project="demo", version=3, creator="ann", zone="Europe/Vienna", body=body)
    return Candidate(ScenarioState.ACTIVE, version)
