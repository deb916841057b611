"""From the bytes of a scenario file, YAML or JSON, to a Scenario or to what is wrong with them."""

from contracts.checks import Point
from contracts.scenario import Scenario
from launcher.adapters.yaml_files import read_yaml
from launcher.domain.mending import Judge, Unshaped
from launcher.domain.points import error
from launcher.domain.shape import read_scenario
from launcher.domain.validation import MOST_BYTES
from runtime.documents import Unreadable, canonical, read_json

_REMEDIES = {
    "encoding": "Save the file as UTF-8",
    "duplicate_key": "Keep one of the two",
    "too_deep": "A scenario is not nested that deeply",
}


def read_file(raw: bytes, judge: Judge, *, json: bool) -> Scenario | Unshaped:
    """A scenario is not judged here; of a file that has not the shape of one, the rest is, as far as that can be."""
    if len(raw) > MOST_BYTES:
        return Unshaped([_too_large(len(raw))])
    document = read_json(raw) if json else read_yaml(raw)
    if isinstance(document, Unreadable):
        remedy = _REMEDIES.get(document.code, "Correct it there")
        return Unshaped([error(document.code, document.place, f"{document.message}. {remedy}.")])
    scenario = read_scenario(document, judge)
    if isinstance(scenario, Scenario) and (size := len(canonical(scenario.model_dump(mode="json")))) > MOST_BYTES:
        return Unshaped([_too_large(size)])
    return scenario


def _too_large(size: int) -> Point:
    return error("too_large", "", f"{size} bytes: a scenario has at most {MOST_BYTES}. Shorten its texts.")
