"""One audit out of those of all services: newest first, read page by page with one cursor that holds each service's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contracts.audited import ACTIONS, THINGS
from runtime.did_you_mean import did_you_mean
from runtime.pages import decoded, encoded, to_cursor
from runtime.problems import Problem

Item = dict[str, Any]
DONE = ""
"""In the place of a cursor: this service has nothing behind it."""


@dataclass(frozen=True, slots=True)
class Part:
    """A service's answer: its next entries, and its cursor behind them (None: they were the last)."""

    items: Sequence[Item]
    next: str | None


@dataclass(frozen=True, slots=True)
class Page:
    items: list[Item]
    """Each with its `service`."""
    next: str | None


def unheard_of(thing: str | None, action: str | None) -> Problem | None:
    """The refusal of what no service ever tells of; None: it may be there."""
    if thing is not None and thing.partition("/")[0] not in THINGS:
        known = ", ".join(THINGS)
        detail = f"nothing is called {thing} in the audit"
        return Problem(422, "unknown_thing", detail, f"name launch/ID, or a kind alone; the kinds are {known}")
    if action is not None and action not in ACTIONS:
        close = did_you_mean(action, ACTIONS, most=3)
        detail = f"nothing that is done is called {action}{close}"
        remedy = "name one of these; without `action` everything is told" if close else f"there is {', '.join(ACTIONS)}"
        return Problem(422, "unknown_action", detail, remedy)
    return None


def places(cursor: str | None, services: Sequence[str]) -> dict[str, str | None] | None:
    """Where to go on in each service: None is its beginning. None for a cursor that `merged` has not made."""
    if cursor is None:
        return dict.fromkeys(services)
    try:
        found = decoded(cursor)
    except ValueError:
        return None
    if not isinstance(found, dict) or not all(isinstance(place, str | None) for place in found.values()):
        return None
    return {service: found.get(service) for service in services} if found.keys() <= set(services) else None


def merged(parts: Mapping[str, Part | None], before: Mapping[str, str | None], limit: int) -> Page:
    """The newest `limit` entries of all parts; of a service that did not answer (None) none, and its place stays."""
    tagged = [
        (item["at"], service, number)
        for service, part in parts.items()
        if part is not None
        for number, item in enumerate(part.items)
    ]
    tagged.sort(key=lambda each: (each[1], each[2]))
    tagged.sort(key=lambda each: each[0], reverse=True)  # stable: of one moment, by service and as it told them
    chosen = tagged[:limit]
    taken = {service: sum(1 for each in chosen if each[1] == service) for service in parts}
    after: dict[str, str | None] = {service: place for service, place in before.items() if place == DONE}
    after |= {service: _place(part, taken[service], before[service]) for service, part in parts.items()}
    items = [{"service": service, **part.items[number]} for _, service, number in chosen if (part := parts[service])]
    more = any(place != DONE for service, place in after.items() if parts.get(service) is not None)
    return Page(items, encoded(after) if more else None)


def _place(part: Part | None, taken: int, before: str | None) -> str | None:
    if part is None:
        return before
    if taken == len(part.items):
        return DONE if part.next is None else part.next
    if taken == 0:
        return before
    last = part.items[taken - 1]
    return to_cursor(last["at"], int(last["id"]))
