"""From a document to a Scenario: what does not have the shape of a scenario file becomes validation points."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from contracts.checks import Point
from contracts.scenario import Part, Scenario
from launcher.domain.mending import KINDS, Judge, Place, Unshaped, others
from launcher.domain.points import error
from runtime.did_you_mean import did_you_mean
from runtime.invalid import in_words

_ONE_KIND = f"A step has exactly one of: {', '.join(KINDS)}."


def read_scenario(document: object, judge: Judge) -> Scenario | Unshaped:
    """A Scenario, or one error for each thing that is not of its shape, and what `judge` has against the rest."""
    try:
        return Scenario.model_validate(document)
    except ValidationError as wrong:
        shape = [_point(problem["type"], problem["loc"], problem) for problem in wrong.errors()]
        beside = others(document, wrong, judge, path)
        return replace(beside, points=[*shape, *beside.points])


def _point(kind: str, loc: Sequence[int | str], problem: Any) -> Point:
    at = place(loc)
    field = str(loc[-1]) if loc else ""
    match kind:
        case "extra_forbidden" if loc[0] == "steps" and field in KINDS:
            return error("step_kind", place(loc[:2]), f"{_ONE_KIND} Make a step of its own of `{field}`.")
        case "extra_forbidden":
            close = did_you_mean(field, _known_fields())
            return error("unknown_field", at, f"There is no field `{field}` here{close or ': remove it.'}")
        case "missing":
            return error("missing_field", at, f"`{field}` is needed here: add it.")
        case "step_kind":
            given = problem["input"]
            close = "".join(did_you_mean(str(key), KINDS) for key in given) if isinstance(given, dict) else ""
            return error("step_kind", at, _ONE_KIND + (f" Unknown{close}" if close else ""))
        case "string_pattern_mismatch":
            return error("invalid_value", at, f"Not allowed here: {in_words(problem)}.")
        case _:
            return error("invalid_value", at, f"{in_words(problem)}.")


def place(loc: Sequence[int | str]) -> str:
    """`steps.vip.branch[0].next` of a pydantic location."""
    text = ""
    for part in path(loc):
        if part == "[key]":
            continue
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def path(loc: Sequence[int | str]) -> Place:
    """Of a pydantic location: without the tags of the unions on the way."""
    parts = list(loc)
    if parts[:1] == ["steps"] and len(parts) > 2 and parts[2] != "[key]":
        del parts[2]  # the step's kind
        if parts[2:3] == ["branch"] and len(parts) > 4:
            del parts[4]  # the arm's kind
    return tuple(parts)


def _known_fields() -> set[str]:
    return {field.alias or name for model in Part.__subclasses__() for name, field in model.model_fields.items()}
