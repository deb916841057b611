"""Plain JSON data: what of it can be stored and passed on."""

from typing import Any

import orjson

MAX_DEPTH = 32


def unstorable(value: Any, depth: int = 0) -> str | None:
    """What is wrong with a decoded JSON value, in words; None: nothing.

    PostgreSQL's jsonb holds no U+0000; deep nesting costs every reader its stack.
    """
    if isinstance(value, str):
        return "U+0000 cannot be stored: leave it out" if "\0" in value else None
    if isinstance(value, int) and not isinstance(value, bool):
        return None if -(2**63) <= value < 2**64 else "a whole number needs at most 64 bits: write it as text"
    if isinstance(value, float):
        return None if value - value == 0 else "not a number that JSON knows"
    if isinstance(value, dict | list) and depth >= MAX_DEPTH:
        return f"nested more than {MAX_DEPTH} levels deep: flatten it"
    if isinstance(value, dict):
        return next((wrong for pair in value.items() for part in pair if (wrong := unstorable(part, depth + 1))), None)
    if isinstance(value, list):
        return next((wrong for part in value if (wrong := unstorable(part, depth + 1))), None)
    return None


def canonical(value: Any) -> bytes:
    """The same bytes for the same JSON value, however it was written."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
