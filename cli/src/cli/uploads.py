"""Sends a contacts file in portions: bounded memory, a progress bar, and every bad line with its number and reason."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from cli.connection import Client, at
from cli.lines import Line
from cli.noticed import Attributes
from cli.output import stderr
from cli.repeated import Repeated

LINES, BYTES = 1000, 4 * 1024 * 1024
"""Per request."""


@dataclass
class Summary:
    repeated: Repeated
    imported: int = 0
    rejected: list[dict[str, Any]] = field(default_factory=list)
    """`{"line", "reason"}`."""
    attributes: Attributes = field(default_factory=Attributes)
    empty: bool = True
    """There was nothing in the lines to import or to reject."""


def upload_contacts(
    client: Client, lines: Iterable[Line], total: int | None, csv_header: bytes | None = None
) -> Summary:
    """Imports the lines, `total` bytes. With `csv_header` they are CSV and each portion repeats it."""
    summary = Summary(Repeated(csv_header))
    kind = "application/x-ndjson" if csv_header is None else "text/csv"
    columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn()
    with Progress(*columns, console=stderr, transient=True, disable=not stderr.is_terminal) as progress:
        task = progress.add_task("contacts", total=total)
        for portion in _portions(lines):
            if portion[0].bad is None and not any(line.text.strip() for line in portion):
                progress.advance(task, sum(line.size for line in portion))
                continue
            summary.empty = False
            if portion[0].bad is not None:
                summary.rejected.append({"line": portion[0].number, "reason": portion[0].bad})
            else:
                texts = [line.text.rstrip(b"\r\n") for line in portion]
                body = b"\n".join(texts if csv_header is None else [csv_header, *texts]) + b"\n"
                answer = client.upload(at("contacts"), body, kind, first_line=portion[0].number)
                summary.imported += answer["imported"]
                summary.rejected.extend(answer["rejected"])
                summary.attributes.add(answer.get("attributes", ()))
                summary.repeated.add(portion, {line["line"] for line in answer["rejected"]})
            progress.advance(task, sum(line.size for line in portion))
    return summary


def _portions(lines: Iterable[Line]) -> Iterator[list[Line]]:
    """Lines that follow one another, as many as one request takes; a bad one stands alone."""
    portion: list[Line] = []
    size = 0
    for line in lines:
        if portion and (line.bad or len(portion) == LINES or size + line.size > BYTES):
            yield portion
            portion, size = [], 0
        if line.bad:
            yield [line]
        else:
            portion.append(line)
            size += line.size
    if portion:
        yield portion
