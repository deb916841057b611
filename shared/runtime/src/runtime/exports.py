"""Rows as CSV (RFC 4180) that a spreadsheet shows and never runs."""

from collections.abc import Sequence

FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\t", "\r")
"""The signs in full width (U+FF1D, …) too: a spreadsheet may take them for the others."""
QUOTED = frozenset(",;\"\r\n'")
"""Also `;`, at which a spreadsheet parts cells where the comma is in numbers."""


def csv_line(values: Sequence[str | None]) -> str:
    """One record with its line end. What a spreadsheet would take for a formula gets a leading `'`."""
    return ",".join(_cell(value or "") for value in values) + "\r\n"


def _cell(value: str) -> str:
    safe = f"'{value}" if value.startswith(FORMULA) else value
    if QUOTED.isdisjoint(safe):
        return safe
    return '"' + safe.replace('"', '""') + '"'
