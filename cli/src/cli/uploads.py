"""Sends a contacts file in portions: bounded memory, a progress bar, and every bad line with its number and reason."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cli.connection import Client
from cli.output import stderr

LINES, BYTES = 1000, 4 * 1024 * 1024
"""Per request."""


@dataclass
class Summary:
    imported: int = 0
    rejected: list[dict[str, Any]] = field(default_factory=list)
    """`{"line", "reason"}`."""


def upload_contacts(
    client: Client, lines: Iterable[bytes], total: int | None, csv_header: bytes | None, first_line: int = 1
) -> Summary:
    """Imports the lines. With `csv_header` they are CSV and each portion repeats it."""
    summary = Summary()
    kind = "application/x-ndjson" if csv_header is None else "text/csv"
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=stderr, transient=True) as progress:
        task = progress.add_task("contacts", total=total)
        for portion in _portions(iter(lines)):
            body = b"\n".join(portion if csv_header is None else [csv_header, *portion]) + b"\n"
            answer = client.upload("/v1/contacts", body, kind, first_line=first_line)
            summary.imported += answer["imported"]
            summary.rejected.extend(answer["rejected"])
            first_line += len(portion)
            progress.advance(task, len(portion))
    return summary


def _portions(lines: Iterator[bytes]) -> Iterator[list[bytes]]:
    for first in lines:
        portion, size = [], 0
        for line in chain([first], islice(lines, LINES - 1)):
            portion.append(line)
            size += len(line)
            if size > BYTES:
                break
        yield portion
