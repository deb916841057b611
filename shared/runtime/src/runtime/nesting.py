"""How deep a JSON text is nested, before anything reads it: what reads and writes it does so by recursion."""

import re
from typing import Final

DEEPEST: Final = 64
"""Levels of arrays and objects in each other, in whatever comes from outside. What writes JSON gives up at some 250."""
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)


def deeper_than(raw: bytes, limit: int = DEEPEST) -> bool:
    """Whether arrays and objects stand in each other more than `limit` times."""
    if raw.count(b"[") + raw.count(b"{") <= limit:
        return False
    depth = 0
    for token in _TOKEN.finditer(raw):
        match token.group()[:1]:
            case b"[" | b"{":
                depth += 1
                if depth > limit:
                    return True
            case b"]" | b"}":
                depth -= 1
            case _:
                pass
    return False
