"""All that launcher checks in a scenario, in the order in which an author reads the file."""

from contracts.checks import Point
from contracts.scenario import Scenario
from launcher.domain.expressions import check_expressions
from launcher.domain.graph import check_graph
from launcher.domain.language import Language
from launcher.domain.messages import check_messages
from launcher.domain.steps import check_steps
from launcher.domain.unbuilt import check_built

MOST_BYTES = 192 * 1024
"""Largest scenario version: it travels whole in LaunchRequested."""


def validate(scenario: Scenario, language: Language) -> list[Point]:
    """Nothing blocking in the answer: the scenario can run."""
    return [
        *check_built(scenario),
        *check_graph(scenario),
        *check_steps(scenario),
        *check_messages(scenario, language),
        *check_expressions(scenario, language),
    ]
