"""Values of another kind than a condition takes them for: it never holds of them, and nobody would see why."""

from collections.abc import Iterator, Mapping
from typing import Final

from contracts.checks import Point
from contracts.words import Severity

Path = tuple[str, ...]
WORDS: Final = {
    "string": "a text",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}
"""By kind, as `jsonb_typeof` names it."""
_FIELDS: Final = {"id": "string", "email": "string", "phone": "string", "zone": "string", "active": "boolean",
                  "groups": "array", "consent": "object", "attributes": "object"}  # fmt: skip
_WRITTEN: Final = {
    "string": 'write it in quotes ("50")',
    "number": "write it without quotes (50)",
    "boolean": "write true or false, without quotes",
}
"""How a value of that kind stands in a condition."""


def kind_points(
    taken: Mapping[Path, frozenset[str]], seen: Mapping[Path, Mapping[str, int]], place: str
) -> Iterator[Point]:
    """`taken`: what the condition takes it for, by path. `seen`: contacts that have a kind of value there, attributes
    only: those have no declared kind, so that it is a warning. A field of the contact's own that is always of another
    kind is an error."""
    for path, kinds in sorted(taken.items()):
        declared = _declared(path)
        if declared is not None and declared not in kinds:
            remedy = f"`{'.'.join(path)}` is {WORDS[declared]}, {_never(kinds, declared)}"
            yield Point(code="condition_type", severity=Severity.ERROR, place=place, remedy=remedy)
        have = seen.get(path, {})
        if others := {kind: contacts for kind, contacts in have.items() if kind not in kinds}:
            found = " and ".join(f"{WORDS[kind]} in {contacts:,}" for kind, contacts in sorted(others.items()))
            having = sum(have.values())
            told = f"`{'.'.join(path[2:])}` is {found} of {having:,} contacts with it"
            few = sum(others.values()) * 2 < having
            remedy = f"{told}, {_never(kinds, None if few else max(others, key=lambda kind: others[kind]))}"
            yield Point(code="condition_type", severity=Severity.WARNING, place=place, remedy=remedy)


def _declared(path: Path) -> str | None:
    match path:
        case ("contact", name):
            return _FIELDS.get(name)
        case ("contact", "consent", _):
            return "boolean"
        case _:
            return None


def _never(kinds: frozenset[str], found: str | None) -> str:
    """`found`: as what kind it stands in the contacts; None: in few of them, so that those are wrong rather than the
    condition."""
    advice = "correct those contacts" if found is None else _WRITTEN.get(found, "compare it with something else")
    return f"which never matches {_either(kinds)}: {advice}."


def _either(kinds: frozenset[str]) -> str:
    return " or ".join(WORDS[kind] for kind in sorted(kinds - {"null"}))
