"""JSON as strangers write it: limited before it is parsed, and free of what could be read in two ways.

Shared by what comes over HTTP, by records of the CRM and by scenario files: no duplicate keys, no NaN, no NUL, no lone
surrogates, bounded depth.
"""

import hashlib
import json
import math
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from runtime.nesting import DEEPEST, deeper_than
from runtime.unique_keys import RepeatedKey, unique

_LARGEST: Final = 2**63 - 1
_DIGITS: Final = re.compile(rb"[0-9]{%d,}" % (sys.get_int_max_str_digits() + 1))
"""What Python does not even read as a whole number."""
_MARK: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why a text is not a document, and where, if that is known."""

    message: str
    code: str = "syntax"
    line: int | None = None
    column: int | None = None
    field: str = ""
    """Of a text that can be read, with something in it that cannot be kept: where, such as `context.voucher`."""

    @property
    def place(self) -> str:
        return self.field if self.line is None else f"line {self.line}, column {self.column}"

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" if self.place else self.message


class _Refused(ValueError):
    pass


def read_json(raw: bytes) -> Any | Unreadable:
    """The value of one JSON text in UTF-8."""
    if deeper_than(raw):
        return Unreadable(f"nested deeper than {DEEPEST} levels", code="too_deep")
    if raw.startswith(_MARK):
        return Unreadable("begins with a byte order mark: leave it out", "encoding", 1, 1)
    try:
        value = json.loads(raw.decode(), object_pairs_hook=unique, parse_constant=_constant)
    except UnicodeDecodeError as error:
        return _at(raw, error.start, f"not UTF-8 at byte {error.start}: send UTF-8", "encoding")
    except json.JSONDecodeError as error:
        return Unreadable(f"not JSON: {error.msg}", line=error.lineno, column=error.colno)
    except RepeatedKey as error:
        return Unreadable(str(error), code="duplicate_key")
    except _Refused as error:
        return Unreadable(str(error), code="number")
    except ValueError:
        found = _DIGITS.search(raw)
        return _at(raw, found.start() if found else 0, "a number has more than 64 bits: write it as text", "number")
    return flaw(value) or value


def flaw(value: Any) -> Unreadable | None:
    """What no database can keep and no other program can read back. 10 ms for 100,000 ids."""
    ahead = [value]
    while ahead:
        match ahead.pop():
            case dict() as mapping:
                ahead += [*mapping, *mapping.values()]
            case list() as items:
                ahead += items
            case scalar if (wrong := _wrong(scalar)) is not None:
                message, code = wrong
                return Unreadable(message, code, field=next(_places(value, ""), ""))
            case _:
                pass
    return None


def canonical(value: Any) -> bytes:
    """The one way to write this value: sorted keys, no spaces, whole floats as integers (after RFC 8785)."""
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest(value: Any) -> bytes:
    """SHA-256 of the canonical form: equal for data that is equal, however it was written."""
    return hashlib.sha256(canonical(value)).digest()


def _wrong(scalar: Any) -> tuple[str, str] | None:
    """What is wrong with it, in words, and the code of that."""
    match scalar:
        case str() as text if "\0" in text:
            return "contains U+0000 (NUL): leave it out", "character"
        case str() as text if not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):
            return "contains half a surrogate pair: leave it out", "character"
        case float() as number if not math.isfinite(number):
            return "contains a number that is too large", "number"
        case int() as number if abs(number) > _LARGEST:
            return "contains an integer of more than 64 bits: write it as text", "number"
        case _:
            return None


def _places(value: Any, place: str) -> Iterator[str]:
    """Where there is something wrong; what is wrong in a name is said to be where it stands."""
    if isinstance(value, dict):
        for name, item in value.items():
            if _wrong(name):
                yield place
            yield from _places(item, f"{place}.{name}" if place else name)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _places(item, f"{place}[{index}]")
    elif _wrong(value):
        yield place


def _at(raw: bytes, start: int, message: str, code: str) -> Unreadable:
    """Columns count bytes: before it stands what may be no text."""
    return Unreadable(message, code, raw.count(b"\n", 0, start) + 1, start - raw.rfind(b"\n", 0, start))


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
