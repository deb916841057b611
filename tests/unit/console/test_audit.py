"""One audit of several: every entry once, newest first, whatever the pages and whoever is silent for a while."""

from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from console.domain.audit import DONE, Part, merged, places, unheard_of
from runtime.pages import from_cursor, to_cursor

SERVICES = ("launcher", "contacts", "executor")
Entries = list[dict[str, Any]]
moments = st.lists(st.integers(0, 6), max_size=8)
histories = st.fixed_dictionaries(dict.fromkeys(SERVICES, moments))


def entries(moments: list[int]) -> Entries:
    """As a service lists them: newest first, of one moment the later one first."""
    rows = [{"at": f"2026-01-01T00:00:0{moment}.000Z", "id": str(number)} for number, moment in enumerate(moments)]
    return sorted(rows, key=lambda row: (row["at"], int(row["id"])), reverse=True)


def answer(rows: Entries, place: str | None, limit: int) -> Part:
    """What a service tells from there."""
    if place:
        at, id_ = from_cursor(place, str, int) or ("", 0)
        rows = [row for row in rows if (row["at"], int(row["id"])) < (at, id_)]
    more = len(rows) > limit
    return Part(rows[:limit], to_cursor(rows[limit - 1]["at"], int(rows[limit - 1]["id"])) if more else None)


def read(histories: Mapping[str, Entries], limit: int, silent: set[tuple[int, str]]) -> Entries:
    """All pages; `silent`: who does not answer for which page."""
    found: Entries = []
    cursor: str | None = None
    for page_number in range(100):
        before = places(cursor, SERVICES)
        assert before is not None
        parts = {
            service: None if (page_number, service) in silent else answer(histories[service], place, limit)
            for service, place in before.items()
            if place != DONE
        }
        page = merged(parts, before, limit)
        assert len(page.items) <= limit
        found += page.items
        cursor = page.next
        if cursor is None:
            return found
    raise AssertionError("no last page")


@given(histories, st.integers(1, 5))
def test_all_pages_together_are_every_entry_once_newest_first(told: dict[str, list[int]], limit: int) -> None:
    there = {service: entries(moments) for service, moments in told.items()}
    found = read(there, limit, set())
    assert [row["at"] for row in found] == sorted((row["at"] for row in found), reverse=True)
    for service, rows in there.items():
        assert [row["id"] for row in found if row["service"] == service] == [row["id"] for row in rows]


@given(histories, st.integers(1, 3), st.sampled_from(SERVICES))
def test_who_is_silent_for_a_page_comes_later_and_nothing_is_lost_or_doubled(
    told: dict[str, list[int]], limit: int, service: str
) -> None:
    there = {each: entries(moments) for each, moments in told.items()}
    found = read(there, limit, {(0, service)})
    ids = [(row["service"], row["id"]) for row in found]
    assert len(ids) == len(set(ids))
    others = {(each, row["id"]) for each, rows in there.items() if each != service for row in rows}
    assert others <= set(ids)


def test_a_cursor_that_is_none_of_ours_is_told() -> None:
    wrong = ("x", "!", "W10", "eyJzdHJhbmdlciI6ICJ4In0", "eyJsYXVuY2hlciI6IDF9", "é")
    assert [places(cursor, SERVICES) for cursor in wrong] == [None] * len(wrong)
    assert places(None, SERVICES) == dict.fromkeys(SERVICES)


def test_what_nobody_does_is_told_with_what_may_be_meant() -> None:
    near, far = unheard_of(None, "launch.pause"), unheard_of(None, "xyz")
    assert near is not None and "did you mean `launch.paused`" in near.detail
    assert far is not None and (far.detail.endswith("xyz"), "launch.paused, " in far.remedy) == (True, True)
    assert unheard_of(None, "launch.paused") is None
