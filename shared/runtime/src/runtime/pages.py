"""The `next` of a page: opaque to clients, to us the place of the page's last row."""

from base64 import b64decode, urlsafe_b64encode
from datetime import UTC, datetime
from enum import Enum
from typing import Any

import orjson

from runtime.problems import Problem

_MOST = 2**63


def to_cursor(*place: str | int | datetime) -> str:
    """Times are aware ones."""
    return encoded([part.isoformat() if isinstance(part, datetime) else part for part in place])


def encoded(document: Any) -> str:
    """JSON that fits into an address."""
    return urlsafe_b64encode(orjson.dumps(document)).decode().rstrip("=")


def decoded(cursor: str) -> Any:
    """What `encoded` was given. Raises ValueError."""
    return orjson.loads(b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))


def from_cursor(cursor: str | None, *kinds: type) -> tuple[Any, ...] | None:
    """What `to_cursor` was given, of these kinds; None: the first page is meant.

    Raises Problem for what is none of ours, so that nothing comes to the database that it cannot compare with.
    """
    if cursor is None:
        return None
    try:
        given = decoded(cursor)
        if not isinstance(given, list):
            raise TypeError("not a place")
        return tuple(_read(part, kind) for part, kind in zip(given, kinds, strict=True))
    except (ValueError, TypeError, OverflowError):
        detail, remedy = "this cursor is not one of ours", "send `next` of the page before, or leave it out"
        raise Problem(422, "bad_cursor", detail, remedy) from None


def _read(part: Any, kind: type) -> Any:
    """Raises ValueError, TypeError, OverflowError."""
    if kind is datetime:
        at = datetime.fromisoformat(part)
        if at.tzinfo is None:
            raise ValueError("a time without a zone")
        return at.astimezone(UTC)
    if issubclass(kind, Enum):
        return kind(part)
    if type(part) is not kind:
        raise TypeError("another kind")
    if isinstance(part, int) and not -_MOST <= part < _MOST:
        raise ValueError("too large a number")
    if isinstance(part, str) and "\0" in part:
        raise ValueError("a text that cannot be kept")
    return part
