"""The `next` of a page: opaque to clients, the last row's key to us."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime

import orjson

from runtime.problems import Problem


def written(*key: str) -> str:
    return urlsafe_b64encode(orjson.dumps(key)).decode().rstrip("=")


def read(cursor: str | None) -> tuple[str, str] | None:
    """Raises the 400 of a cursor that is none of ours."""
    if cursor is None:
        return None
    try:
        first, second = orjson.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return str(first), str(second)
    except (ValueError, TypeError):
        raise _foreign() from None


def read_moment(cursor: str | None) -> tuple[datetime, str] | None:
    """Of a list by time. Raises likewise."""
    found = read(cursor)
    try:
        return None if found is None else (datetime.fromisoformat(found[0]), found[1])
    except ValueError:
        raise _foreign() from None


def _foreign() -> Problem:
    return Problem(400, "bad_cursor", "this cursor is not one of ours", "leave it out to start over")
