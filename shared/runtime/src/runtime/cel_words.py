"""What a CEL compiler has against a condition, in words: its own name tokens, overloads and containers."""

import re
from collections.abc import Callable
from typing import Final

_NOISE = re.compile(r"^[A-Z_]+: |\s*\[[A-Z_]+\]$|ERROR: ")
_PLACE = re.compile(r"^<input>:(-?\d+):(-?\d+): ")
_SYNTAX = "Syntax error: "
_MEANT: Final = {
    "and": "write && for and",
    "or": "write || for or",
    "not": "write ! for not",
    "=": "write == to compare",
    "&": "write && for and",
    "|": "write || for or",
    ">": "write != for not equal, >= for at least",
}
"""By what stands where nothing can."""
_TYPES: Final = {
    "int": "a number", "uint": "a number", "double": "a number", "string": "a text", "bytes": "bytes",
    "bool": "true or false", "null": "null", "null_type": "null", "dyn": "anything", "*error*": "something broken",
}  # fmt: skip


def readable(message: str) -> str:
    """`INVALID_ARGUMENT: ERROR: <input>:1:9: Syntax error: … | contact.é [INVALID_ARGUMENT]` as
    `column 9: …`. Of syntax errors only the first: the others come of it."""
    lines = [_NOISE.sub("", _NOISE.sub("", line)) for line in message.splitlines() if not line.startswith(" | ")]
    told = list(dict.fromkeys(_line(line) for line in lines if line))
    return "; ".join(told[:1] if _SYNTAX in lines[0] else told)


def _line(line: str) -> str:
    place = _PLACE.match(line)
    said = _PLACE.sub("", line).removeprefix(_SYNTAX).removesuffix("; <<nil>> parsetree")
    return f"column {place[2]}: {_words(said)}" if place and int(place[2]) > 0 else _words(said)


def _words(said: str) -> str:
    for pattern, words in _RULES:
        if found := pattern.match(said):
            return words(found)
    return said


def _at_the_end(found: re.Match[str]) -> str:
    closing = re.findall(r"'([\]}):,])'", found[1])
    return f"{' or '.join(f'`{one}`' for one in closing) or 'something'} is missing at the end"


def _misplaced(found: re.Match[str]) -> str:
    given = found[1]
    advice = _MEANT.get(given.strip().lower())
    return f"`{given.strip()}` cannot stand here" + (f": {advice}" if advice else "")


def _unknown_letter(found: re.Match[str]) -> str:
    given = found[1].strip()
    if given[:1] in ("'", '"'):
        return f"the text that begins here with {given[:1]} has no end: close the quote"
    if given[:1] in "“”„‘’«»":
        return "quotes are written ' or \""
    return _MEANT.get(given, "") or f"`{given}` can stand only in a text, and a text stands in quotes"


def _unknown_name(found: re.Match[str]) -> str:
    return f"`{found[1]}` is not known: a contact's own fields are contact.attributes.NAME, and a text stands in quotes"


def _not_applicable(found: re.Match[str]) -> str:
    types = " and ".join(_TYPES.get(kind, kind) for kind in found[2].split(", "))
    return f"{found[1].replace('_', '')} cannot be applied to {types}"


_RULES: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...]] = (
    (re.compile(r"(?:mismatched|extraneous) input '<EOF>' expecting (.*)"), _at_the_end),
    (re.compile(r"missing '(.+?)' at "), lambda found: f"`{found[1]}` is missing"),
    (re.compile(r"(?:mismatched|extraneous) input '(.+?)' expecting "), _misplaced),
    (re.compile(r"no viable alternative at input '(.+)'"), lambda found: f"a name is missing after `{found[1]}`"),
    (re.compile(r"token recognition error at: '(.+)'$"), _unknown_letter),
    (re.compile(r"undeclared reference to '(.+?)' "), _unknown_name),
    (re.compile(r"found no matching overload for '(.+?)' applied to '\((.*)\)'"), _not_applicable),
    (re.compile(r"invalid (?:int|uint|double) literal"), lambda _: "this number is too large"),
    (
        re.compile(r"Expression recursion limit exceeded. limit: (\d+)"),
        lambda found: f"nested deeper than {found[1]} levels",
    ),
)
