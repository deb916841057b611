"""Validation of scenarios, remembered: a version never changes, and its points are asked for at every launch."""

from collections import OrderedDict

from contracts.checks import Point
from contracts.scenario import Scenario
from launcher.domain.language import Language
from launcher.domain.validation import validate

REMEMBERED = 512


class Validator:
    def __init__(self, language: Language) -> None:
        self.language = language
        self._known: OrderedDict[bytes, tuple[Point, ...]] = OrderedDict()

    def judge(self, scenario: Scenario) -> list[Point]:
        """Of what nobody keeps."""
        return validate(scenario, self.language)

    def points(self, digest: bytes, scenario: Scenario) -> tuple[Point, ...]:
        """Of the scenario that this digest is of."""
        if digest not in self._known:
            self._known[digest] = tuple(validate(scenario, self.language))
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return self._known[digest]
