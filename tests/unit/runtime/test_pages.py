"""Cursors of pages: what was given comes back, anything else is refused before it comes to a database."""

import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta, timezone

import pytest

from runtime.pages import from_cursor, to_cursor
from runtime.problems import Problem

AT = datetime(2026, 3, 4, 5, 6, 7, 890123, tzinfo=UTC)


def test_a_place_comes_back_as_it_was() -> None:
    assert from_cursor(to_cursor(AT, "ä/ö", 7), datetime, str, int) == (AT, "ä/ö", 7)
    assert from_cursor(to_cursor(AT.astimezone(timezone(timedelta(hours=2)))), datetime) == (AT,)
    assert from_cursor(None, str) is None
    assert to_cursor("a", 1).isascii()


@pytest.mark.parametrize(
    "place",
    [
        *({}, None, [], "x", ["x"], ["x", 1, 2], [1, 1], ["x", True], ["x", "1"], ["x", 1.0], ["x\0", 1]),
        *(["x", 2**63], ["x", -(2**63) - 1], ["x", None]),
    ],
    ids=str,
)
def test_another_place_is_refused(place: object) -> None:
    with pytest.raises(Problem) as refused:
        from_cursor(urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("="), str, int)
    assert (refused.value.status, refused.value.code) == (422, "bad_cursor")


@pytest.mark.parametrize("cursor", ["$$$", "A", "_w", "bnVsbA", "ä", "W10==="])
def test_what_is_no_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(Problem):
        from_cursor(cursor, str)


@pytest.mark.parametrize("at", ["yesterday", "2026-03-04", "2026-03-04T05:06:07", "9999-12-31T23:59:59-23:00", 7])
def test_a_time_that_is_none_is_refused(at: object) -> None:
    with pytest.raises(Problem):
        from_cursor(urlsafe_b64encode(json.dumps([at]).encode()).decode(), datetime)
