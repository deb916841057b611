"""Conditions and templates: they compile, and every variable they read exists."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from contracts.changes import HOLDING, Contact
from contracts.checks import Point
from contracts.scenario import BranchStep, Scenario, SendStep, UpdateContactStep, When
from launcher.domain.language import Broken, Language, Reads
from launcher.domain.points import error, warning
from runtime.did_you_mean import did_you_mean

CONTACT_FIELDS = tuple(Contact.model_fields)
ATTRIBUTES = "contact.attributes."
ADMINISTRATIVE = "administrative"
"""The message type that needs no consent, so there is nothing to withdraw."""
UNSUBSCRIBE_URL = "unsubscribe_url"
"""What every other message may read: the link with which its receiver withdraws consent to its type."""


def check_expressions(scenario: Scenario, language: Language) -> list[Point]:
    points = _context_names(scenario)
    for place, source in conditions(scenario):
        points += _judge(place, "broken_condition", language.condition(source), scenario)
    for place, source, html, extra in _templates(scenario):
        points += _judge(place, "broken_template", language.template(source, html=html), scenario, extra)
    return points


@dataclass(frozen=True, slots=True)
class Written:
    """What only contacts can look over: what a scenario, or somebody else, has written about them."""

    conditions: Mapping[str, str]
    """CEL by place."""
    templates: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """By place, paths below `contact.attributes` that a template reads."""
    own: Collection[str] = ()
    """Attributes that the scenario itself sets: nobody need have them yet."""

    def __bool__(self) -> bool:
        return bool(self.conditions or self.templates)


def written(scenario: Scenario, language: Language) -> Written:
    sets = [step.update_contact.set for step in scenario.steps.values() if isinstance(step, UpdateContactStep)]
    templates = {}
    for place, source, html, _ in _templates(scenario):
        reads = language.template(source, html=html)
        if not isinstance(reads, Broken) and (named := [*_below(reads)]):
            templates[place] = sorted(named)
    return Written(dict(conditions(scenario)), templates, sorted({name for each in sets for name in each}))


def _below(reads: Reads) -> Iterator[str]:
    return (path.removeprefix(ATTRIBUTES) for path in reads if path.startswith(ATTRIBUTES))


def unknown_variables(
    place: str, reads: Reads, context: frozenset[str], extra: frozenset[str] = frozenset()
) -> list[Point]:
    """One point for each path that is neither of `contact` nor of the declared `context` nor one of `extra`."""
    return [
        error("unknown_variable", place, f"`{path}` is not known{remedy}")
        for path in sorted(reads - extra)
        if (remedy := _unknown(path, context)) is not None
    ]


def conditions(scenario: Scenario) -> Iterator[tuple[str, str]]:
    """(place, CEL)"""
    for name, step in scenario.steps.items():
        if isinstance(step, BranchStep):
            for index, arm in enumerate(step.branch):
                if isinstance(arm, When):
                    yield f"steps.{name}.branch[{index}].when", arm.when


def _templates(scenario: Scenario) -> Iterator[tuple[str, str, bool, frozenset[str]]]:
    """Place, source, whether it is HTML, and what it may read beside contact and context."""
    for name, step in scenario.steps.items():
        if isinstance(step, SendStep):
            extra = frozenset() if step.send.message_type == ADMINISTRATIVE else frozenset({UNSUBSCRIBE_URL})
            for field in ("subject", "text", "html"):
                if source := getattr(step.send, field):
                    yield f"steps.{name}.send.{field}", source, field == "html", extra


def _judge(
    place: str, code: str, found: Reads | Broken, scenario: Scenario, extra: frozenset[str] = frozenset()
) -> list[Point]:
    if isinstance(found, Broken):
        return [error(code, place, f"Cannot be read: {found.message}. Correct it there.")]
    return unknown_variables(place, found, frozenset(scenario.context), extra)


def _unknown(path: str, context: frozenset[str]) -> str | None:
    """What to do about a path that is not known; None if it is."""
    root, _, rest = path.partition(".")
    field, _, inner = rest.partition(".")
    match root:
        case "contact" if field in CONTACT_FIELDS and inner and field not in HOLDING:
            return f": `contact.{field}` has no fields of its own, take it as it is."
        case "contact" if field in CONTACT_FIELDS:
            return None
        case "contact":
            close = did_you_mean(field, CONTACT_FIELDS)
            return close or f": a contact has {', '.join(CONTACT_FIELDS)}; yours are under `contact.attributes`."
        case "context" if field in context:
            return None
        case "context":
            close = did_you_mean(field, context)
            return close or ": declare it under `context:` in the scenario, for example `context: {voucher: string}`."
        case _ if root == UNSUBSCRIBE_URL:
            return ": an administrative message has nothing to unsubscribe from; remove it, or the message's type."
        case _:
            return ": only `contact.…` and `context.…` can be read."


def _context_names(scenario: Scenario) -> list[Point]:
    return [
        warning(
            "context_name", f"context.{name}", f"`context.{name}` cannot be written in a template or condition: use _."
        )
        for name in scenario.context
        if not name.isidentifier()
    ]
