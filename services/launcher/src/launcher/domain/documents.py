"""JSON as strangers write it: limited before it is parsed, and free of what could be read in two ways.

Shared by commands and scenario files: no duplicate keys, no NaN, no NUL, no lone surrogates, bounded depth.
"""

import hashlib
import json
import math
from dataclasses import dataclass
from typing import Any, NoReturn

from runtime.nesting import DEEPEST, deeper_than
from runtime.unique_keys import unique

_LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why a text is not a document, and where, if that is known."""

    message: str
    code: str = "syntax"
    line: int | None = None
    column: int | None = None

    @property
    def place(self) -> str:
        return "" if self.line is None else f"line {self.line}, column {self.column}"

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" if self.place else self.message


class _Refused(ValueError):
    pass


def read_json(raw: bytes) -> Any | Unreadable:
    """The value of one JSON text in UTF-8."""
    if deeper_than(raw):
        return Unreadable(f"nested deeper than {DEEPEST} levels", code="too_deep")
    try:
        value = json.loads(raw.decode(), object_pairs_hook=unique, parse_constant=_constant)
    except UnicodeDecodeError as error:
        return Unreadable(f"not UTF-8 at byte {error.start}", code="encoding")
    except json.JSONDecodeError as error:
        return Unreadable(f"not JSON: {error.msg}", line=error.lineno, column=error.colno)
    except ValueError as error:
        return Unreadable(str(error))
    return flaw(value) or value


def flaw(value: Any) -> Unreadable | None:
    """What no database can keep and no other program can read back."""
    ahead = [value]
    while ahead:
        match ahead.pop():
            case dict() as mapping:
                ahead += [*mapping, *mapping.values()]
            case list() as items:
                ahead += items
            case str() as text if "\0" in text:
                return Unreadable("contains the character NUL", code="character")
            case str() as text if any("\ud800" <= char <= "\udfff" for char in text):
                return Unreadable("contains half a surrogate pair", code="character")
            case float() as number if not math.isfinite(number):
                return Unreadable("contains a number that is too large", code="number")
            case int() as number if abs(number) > _LARGEST:
                return Unreadable("contains an integer of more than 64 bits", code="number")
            case _:
                pass
    return None


def canonical(value: Any) -> bytes:
    """The one way to write this value: sorted keys, no spaces, whole floats as integers (after RFC 8785)."""
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest(value: Any) -> bytes:
    """SHA-256 of the canonical form: equal for data that is equal, however it was written."""
    return hashlib.sha256(canonical(value)).digest()


def _plain(value: Any) -> Any:
    match value:
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case list():
            return [_plain(item) for item in value]
        case float() if value.is_integer() and abs(value) < 1e21:
            return int(value)
        case _:
            return value


def _constant(name: str) -> NoReturn:
    raise _Refused(f"{name} is not JSON")
