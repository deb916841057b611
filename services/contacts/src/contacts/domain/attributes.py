"""Attributes that a condition or a template names and no contact has: mostly a name that was written wrongly."""

import json
from collections.abc import Iterable, Iterator
from typing import Final

from contacts.domain.kinds import Path
from contracts.checks import Point
from contracts.words import Severity
from runtime.did_you_mean import did_you_mean

LOOK_OVER: Final = "Look it over."
"""What to do about a condition: it never holds of whoever lacks what it names."""
GIVE_DEFAULT: Final = (
    "Wherever it stands without a default, whoever lacks it gets no message: {{ {read} | default('…') }} gives one."
)
"""What to do about a template."""


def attribute_points(named: Iterable[str], known: frozenset[str], place: str, advice: str) -> Iterator[Point]:
    """`known`: names that contacts have; of none nothing can be said. `advice` ends each remedy; `{read}` in it is how
    a template reads the attribute."""
    for name in sorted(set(named) - known if known else ()):
        remedy = f"No contact looked at has the attribute `{name}`{did_you_mean(name, known) or '.'}"
        remedy = f"{remedy} {advice.replace('{read}', _read(name))}"
        yield Point(code="unknown_attribute", severity=Severity.WARNING, place=place, remedy=remedy)


def _read(name: str) -> str:
    """A dot before `first-name` would read `first` and take `name` off it."""
    return f"contact.attributes{f'.{name}' if name.isidentifier() else f'[{json.dumps(name, ensure_ascii=False)}]'}"


def attributes_in(paths: Iterable[Path]) -> set[str]:
    """Those that a condition reads."""
    return {path[2] for path in paths if path[:2] == ("contact", "attributes") and len(path) > 2}


def named_by(path: str, known: frozenset[str]) -> str:
    """The attribute that a template's path below `contact.attributes` reads: it says `home.city` both for one of this
    name and for what lies in `home`."""
    pieces = path.split(".")
    spellings = (".".join(pieces[:length]) for length in range(1, len(pieces) + 1))
    return next((name for name in spellings if name in known), pieces[0])
