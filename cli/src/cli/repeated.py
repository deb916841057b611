"""Ids that come more than once in a file of contacts: all lines are taken, and that the later one wins is told."""

import codecs
import csv
import io
from collections.abc import Collection, Iterable, Iterator
from typing import Any, Final

import orjson

from cli.lines import Line

REMEMBERED: Final = 1_000_000
"""Different ids that later ones are compared with, some 70 bytes each: however long the file, memory is bounded."""
FIRST: Final = 3


class Repeated:
    """`header`: of a CSV file, its first line; None: it is NDJSON."""

    def __init__(self, header: bytes | None) -> None:
        self._columns = None if header is None else [name.strip() for name in _cells(header)]
        self._seen: set[int] = set()
        self._all = True
        self.lines: list[dict[str, Any]] = []
        """`{"line", "id"}` of each line whose id an earlier line has."""

    def add(self, portion: Iterable[Line], rejected: Collection[int]) -> None:
        """Lines as they were sent; `rejected`: numbers of those that were not taken."""
        for line in portion:
            if line.number in rejected or (contact_id := self._id(line.text)) is None:
                continue
            known = hash(contact_id)
            if known in self._seen:
                self.lines.append({"line": line.number, "id": contact_id})
            elif len(self._seen) < REMEMBERED:
                self._seen.add(known)
            else:
                self._all = False

    def told(self) -> Iterator[str]:
        if self.lines:
            ids = len({line["id"] for line in self.lines})
            first = ", ".join(f"line {line['line']} ({line['id']})" for line in self.lines[:FIRST])
            more = " …; --json lists them all" if len(self.lines) > FIRST else ""
            come = "1 id comes" if ids == 1 else f"{ids:,} ids come"
            yield f"{come} more than once, and where both say something the later line wins: {first}{more}"
        if not self._all:
            yield f"ids were compared with the first {REMEMBERED:,} of the file only"

    def _id(self, text: bytes) -> str | None:
        """Of a line that was taken; None: it is empty."""
        text = text.removeprefix(codecs.BOM_UTF8)
        if not text.strip():
            return None
        if self._columns is None:
            return str(orjson.loads(text)["id"])
        return dict(zip(self._columns, _cells(text), strict=True))["id"]


def _cells(row: bytes) -> list[str]:
    return next(csv.reader(io.StringIO(row.decode(errors="surrogateescape"), newline="")), [])
