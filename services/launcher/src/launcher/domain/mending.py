"""What is wrong with a scenario file beside its shape, although its shape is wrong.

What has not the shape is taken out, or something harmless is put in its place, until the rest is a scenario; that is
judged, and told is what holds however the author mends the shape.
"""

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from contracts.checks import Point
from contracts.scenario import Scenario

Judge = Callable[[Scenario], list[Point]]
Place = tuple[int | str, ...]
"""In a document: `("steps", "vip", "branch", 0, "next")`."""

SETS = "update_contact"
"""The kind of step that makes attributes."""
ROUNDS = 8
"""What is taken out may be missed by what is around it, and so on."""
KINDS = ("send", "wait", "wait_until", "branch", "split", SETS, "webhook", "start_scenario", "end")
"""Of steps."""
REFERENCES = ("start", "next", "otherwise", "on_timeout")
"""Needed fields that name a step."""
HEAD = {"key": "mended", "name": "mended", "steps": {}}
"""In the place of needed fields that are missing."""
LEFT_OUT = ("subject_missing", "body_missing", "wait_shape", "otherwise_missing", "split_weights", "update_missing")
"""What may be missing in a step only because its name is misspelt."""


@dataclass(frozen=True, slots=True)
class Unshaped:
    """A file that is no scenario."""

    points: list[Point]
    rest: Scenario | None = None
    """What is left of it, for others to look over; None: they might have something against what is right."""


@dataclass(slots=True)
class _Mended:
    document: dict[str, Any]
    steps: set[str] = field(default_factory=set)
    """In which something had not the shape."""
    head: set[str] = field(default_factory=set)
    """Fields that had not the shape, and those that may be meant by unknown ones."""

    def mend(self, place: Place, kind: str) -> None:
        match place:
            case ("steps", str(step), *_):
                self.steps.add(step)
                self._mend_step(place, kind)
            case (str(name), *_):
                self.head.add(name)
                self._mend_head(place, kind)

    def _mend_step(self, place: Place, kind: str) -> None:
        steps = self.document["steps"]
        step, last, parent = place[1], place[-1], self._at(place[:-1])
        if last == "[key]":
            steps.pop(step, None)
        elif kind == "missing" and last in REFERENCES and isinstance(parent, dict):
            parent[last] = self._an_end()
        elif kind in ("step_kind", "missing") or len(place) == 2 or not _remove(parent, last):
            steps[step] = {"end": "neutral"}

    def _mend_head(self, place: Place, kind: str) -> None:
        name = place[0]
        if place == ("start",):
            self.document["start"] = self._an_end()
        elif place == ("steps",):
            self.document["steps"] = {}
            self._an_end()
        elif kind == "missing" and name in HEAD:
            self.document[name] = HEAD[name]
        else:
            self.head.update(get_close_matches(str(name), Scenario.model_fields, n=1, cutoff=0.5))
            self.document.pop(str(name), None)

    def _at(self, place: Place) -> Any:
        """None: that is not there any more."""
        found: Any = self.document
        for part in place:
            if isinstance(found, list) and isinstance(part, int) and part < len(found):
                found = found[part]
            else:
                found = found.get(part) if isinstance(found, dict) else None
        return found

    def _an_end(self) -> str:
        """A step to go to, as nobody would write it."""
        name = "e" * 63
        self.document["steps"][name] = {"end": "neutral"}
        return name

    def tells_attributes(self, steps: dict[str, Any]) -> bool:
        """Whether no step is broken that may have set one, so that what is left says which the scenario sets."""
        return all(isinstance(steps.get(name), dict) and {*KINDS} & {*steps[name]} - {SETS} for name in self.steps)

    def holds(self, point: Point) -> bool:
        """Whether it stays true however the shape is mended."""
        first, _, rest = point.place.partition(".")
        in_step = first == "steps" and rest.partition(".")[0] in self.steps
        if point.code == "unreachable_step":
            return not self.steps and not self.head & {"start", "steps"}
        if in_step and point.code in LEFT_OUT:
            return False
        if "context" in self.head and point.code == "unknown_variable" and point.remedy.startswith("`context."):
            return False
        if "launch" in self.head and point.place in ("trigger", "schedule", "manual_start_allowed"):
            return False
        return first not in self.head


def others(document: object, wrong: ValidationError, judge: Judge, place_of: Callable[[Any], Place]) -> Unshaped:
    """Points beside those of the shape; none where nothing can be said before that is mended."""
    if not isinstance(document, dict) or not isinstance(document.get("steps"), dict):
        return Unshaped([])
    mended = _Mended(deepcopy(document))
    for _ in range(ROUNDS):
        for problem in _deepest_first(wrong, place_of):
            mended.mend(*problem)
        try:
            scenario = Scenario.model_validate(mended.document)
        except ValidationError as still:
            wrong = still
        else:
            rest = scenario if mended.tells_attributes(document["steps"]) else None
            return Unshaped([point for point in judge(scenario) if mended.holds(point)], rest)
    return Unshaped([])


def _deepest_first(wrong: ValidationError, place_of: Callable[[Any], Place]) -> Sequence[tuple[Place, str]]:
    """So that the places of those to come stay what they are."""
    found = [(place_of(problem["loc"]), problem["type"]) for problem in wrong.errors()]
    return sorted(found, key=lambda each: [str(part).zfill(6) for part in each[0]], reverse=True)


def _remove(parent: Any, last: int | str) -> bool:
    """Whether there was such a field to take out."""
    if isinstance(parent, dict) and last in parent:
        del parent[last]
        return True
    return False
