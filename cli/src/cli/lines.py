"""Lines of a file of contacts, never more than LONGEST bytes in memory: what is longer is passed over and told."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

LONGEST = 1024 * 1024
"""Far more than contacts takes as one line; up to here, contacts itself says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Line:
    """One contact of a file: a line, or in CSV as many as its quotes span."""

    number: int
    """In the file, from 1; of the first of them."""
    text: bytes
    """Empty if it is bad."""
    size: int
    """Bytes that it takes in the file."""
    bad: str | None = None
    """Why there is no text."""
    quotes: int = 0
    """How many quotation marks it has."""


def read_lines(file: BinaryIO) -> Iterator[Line]:
    number = 0
    while piece := file.readline(LONGEST):
        number += 1
        text, size, quotes = piece, len(piece), piece.count(b'"')
        while len(piece) == LONGEST and not piece.endswith(b"\n") and (piece := file.readline(LONGEST)):
            size += len(piece)
            quotes += piece.count(b'"')
        bad = _too_long(size) if size > len(text) else None
        yield Line(number, b"" if bad else text, size, bad, quotes)


def csv_records(lines: Iterable[Line]) -> Iterator[Line]:
    """A quoted field may go over several lines. One that is not closed within LONGEST bytes gives up its lines."""
    held: Line | None = None
    for line in lines:
        held = line if held is None else _joined(held, line)
        if held.quotes % 2 == 0 or held.size > LONGEST:
            yield held
            held = None
    if held is not None:
        yield held


def _joined(first: Line, line: Line) -> Line:
    size, quotes = first.size + line.size, first.quotes + line.quotes
    if size <= LONGEST:
        return replace(first, text=first.text + line.text, size=size, quotes=quotes)
    bad = f'a quote (") is opened here and not closed for 1 MiB; nothing was read up to line {line.number}'
    return Line(first.number, b"", size, bad if quotes % 2 else _too_long(size), quotes)


def _too_long(size: int) -> str:
    return f"{size} bytes long, far more than a line may have: give the contact fewer or shorter attributes"
