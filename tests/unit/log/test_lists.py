"""Exports and timelines."""

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from fakes.launch_story import later
from fakes.transaction import NOON
from log.domain.causes import Entry
from log.domain.chunks import Kind
from log.domain.timeline import Result, Said, timeline
from runtime.exports import csv_line


def test_what_a_spreadsheet_would_run_is_shown_as_text() -> None:
    for formula in ("=1+1", "+1", "-1", "@sum", "\uff1d1", "\uff0b1", "\uff0d1", "\uff20sum", "\tx", "\rx"):
        (cell,) = next(csv.reader(io.StringIO(csv_line([formula]), newline="")))
        assert cell == f"'{formula}"


def test_where_a_spreadsheet_parts_cells_at_semicolons_a_value_stays_whole() -> None:
    assert csv_line(["a;=1+1", "b"]) == '"a;=1+1",b\r\n'


@given(st.lists(st.text(st.characters(blacklist_categories=("Cs", "Cc"))), min_size=2, max_size=4))
def test_a_csv_line_reads_back_as_it_was(values: list[str]) -> None:
    (row,) = list(csv.reader(io.StringIO(csv_line(values), newline="")))
    assert [cell.removeprefix("'") for cell in row] == [value.removeprefix("'") for value in values]
    assert all(not cell.startswith(("=", "+", "-", "@")) for cell in row)


def test_a_timeline_tells_in_order_why_a_message_went_out() -> None:
    said = [
        Said("e4", Kind.MESSAGE, later(2), "hello", "accepted", 1),
        Said("e3", Kind.MESSAGE, later(1), "hello", "planned", 1),
        Said("e1", Kind.ADMITTED, later(9), None, None, 1),
        Said("e2", Kind.STARTED, NOON, None, None, 1),
        Said("e6", Kind.MESSAGE, later(3600), "hello", "bounced:550", 1),
    ]
    assert timeline(said, Result("e5", "success", "end:won", later(2))) == [
        Entry(later(9), "targeted", {}, "e1"),
        Entry(NOON, "started", {}, "e2"),
        Entry(later(1), "message", {"step": "hello", "state": "planned"}, "e3"),
        Entry(later(2), "message", {"step": "hello", "state": "accepted"}, "e4"),
        Entry(later(2), "ended", {"outcome": "success", "reason": "end:won"}, "e5"),
        Entry(later(3600), "message", {"step": "hello", "state": "bounced", "reason": "550"}, "e6"),
    ]


def test_a_timeline_tells_why_somebody_was_left_out() -> None:
    result = Result("e1", "other", "not_started:no_consent", NOON)
    assert timeline([], result) == [
        Entry(NOON, "not_started", {"outcome": "other", "reason": "not_started:no_consent"}, "e1")
    ]


def test_a_timeline_shows_incidents() -> None:
    said = [
        Said("e2", Kind.RESOLVED, later(2), None, None, 1),
        Said("e1", Kind.INCIDENT, later(1), None, "hello: no: way", 1),
    ]
    assert [(entry.what, entry.detail) for entry in timeline(said, None)] == [
        ("incident", {"step": "hello", "detail": "no: way"}),
        ("incident_closed", {}),
    ]
