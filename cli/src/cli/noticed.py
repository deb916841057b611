"""What an import took without knowing whether it was meant so: columns as attributes, values of two kinds."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

FIRST: Final = 3
SHOWN: Final = 20
_WORDS: Final = {
    "string": "a text",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
}

Lines = dict[str, Any]
"""`{"lines": 990, "first": [1, 2, 3]}`"""


class Attributes:
    """By name the kinds of their values, summed over the portions of a file."""

    def __init__(self) -> None:
        self._found: dict[str, dict[str, Lines]] = {}

    def add(self, portion: Iterable[Mapping[str, Any]]) -> None:
        """`attributes` of one answer; portions come in the order of their lines."""
        for seen in portion:
            known = self._found.setdefault(seen["attribute"], {}).setdefault(seen["kind"], {"lines": 0, "first": []})
            known["lines"] += seen["lines"]
            known["first"] = [*known["first"], *seen["first"]][:FIRST]

    def document(self) -> list[dict[str, Any]]:
        return [{"attribute": name, "kinds": kinds} for name, kinds in sorted(self._found.items())]

    def told(self, *, columns: bool) -> Iterator[str]:
        """`columns`: it was CSV, where whatever is no field of a contact becomes an attribute."""
        if columns and self._found:
            yield f"columns taken as attributes: {_some(sorted(self._found))}"
        odd = {name: kinds for name, kinds in sorted(self._found.items()) if len(kinds) > 1}
        for name in list(odd)[:SHOWN]:
            yield f"attribute {name}: {_kinds(odd[name])}; all are taken, and a condition fits one kind"
        if len(odd) > SHOWN:
            yield f"… and {len(odd) - SHOWN:,} more attributes of several kinds; --json lists them all"


def _kinds(kinds: Mapping[str, Lines]) -> str:
    """The most usual first; of the others, where they begin."""
    usual, *others = sorted(kinds.items(), key=lambda each: -each[1]["lines"])
    return ", ".join(
        [f"{_WORDS.get(usual[0], usual[0])} in {_lines(usual[1]['lines'])}"]
        + [
            f"{_WORDS.get(kind, kind)} in {_lines(found['lines'])} (first: {', '.join(map(str, found['first']))})"
            for kind, found in others
        ]
    )


def _lines(count: int) -> str:
    return f"{count:,} line" + ("s" if count != 1 else "")


def _some(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
