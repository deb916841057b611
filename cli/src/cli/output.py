"""How every command speaks: results on stdout, messages on stderr, and what an exit code means."""

import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import IntEnum
from typing import Any, NoReturn

import orjson
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.requests import as_commands

WIDE = 200
"""Columns of a table that no terminal bounds."""
stdout = Console(emoji=False, width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else WIDE)
stderr = Console(stderr=True, emoji=False, highlight=False)


class Exit(IntEnum):
    DONE = 0
    NO = 1
    """The answer is "no": refused, differs, does not reconcile."""
    USAGE = 2
    UNREACHABLE = 3
    INTERNAL = 4
    INTERRUPTED = 130


def fail(code: Exit, what: str, remedy: str | None = None) -> NoReturn:
    """Ends the command: `what` is wrong, and what to do about it."""
    stderr.print(Text.assemble(("slipway:", "bold red"), f" {what}"), soft_wrap=True)
    if remedy:
        say(f"         {remedy}")
    raise typer.Exit(int(code))


def say(message: str, style: str | None = None) -> None:
    """A message to the person, never part of the result. Brackets in it are brackets: ids may have them."""
    stderr.print(message, style=style, markup=False, soft_wrap=True)


def told(points: Iterable[Mapping[str, Any]]) -> list[str]:
    """Validation points, a line each, with the commands that show what is right."""
    return [as_commands(f"  {point['code']} at {point['place']}: {point['remedy']}") for point in points]


def confirm(question: str, yes: bool) -> None:
    """Asks the person; without a terminal only `--yes` answers."""
    if yes:
        return
    if not sys.stdin.isatty():
        fail(Exit.USAGE, f"{question} There is no terminal to ask on", "Say --yes.")
    if not typer.confirm(question, err=True):
        raise typer.Exit(Exit.NO)


def emit_json(document: Any) -> None:
    """The result of `--json`: one document on stdout, nothing else."""
    sys.stdout.buffer.write(orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n")
    sys.stdout.buffer.flush()


UNBROKEN = 40


def print_table(columns: Sequence[str], rows: Iterable[Sequence[Any]], title: str | None = None) -> None:
    """Rows as a table; numbers to the right. The first column is to be copied: it breaks last."""
    table = Table(title=title, title_justify="left", header_style="bold")
    kept = [list(row) for row in rows]
    for index, column in enumerate(columns):
        whole = index == 0 and all(len(_words(row[0])) <= UNBROKEN for row in kept)
        values = [row[index] for row in kept if row[index] is not None]
        numeric = bool(values) and all(isinstance(value, int | float) for value in values)
        table.add_column(column, justify="right" if numeric else "left", overflow="fold", no_wrap=whole)
    for row in kept:
        table.add_row(*(_cell(value) for value in row))
    stdout.print(table)


def show_rows(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], as_json: bool) -> None:
    """A list as the result of a command: one JSON document, or a table of these fields; of none a message."""
    if as_json:
        emit_json(rows)
    elif rows:
        print_table(columns, [[row.get(column) for column in columns] for row in rows])
    else:
        say("there are none")


def show_one(found: dict[str, Any], as_json: bool, shown: Callable[[dict[str, Any]], None]) -> None:
    """One thing as the result of a command: one JSON document, or as `shown` prints it."""
    if as_json:
        emit_json(found)
    else:
        shown(found)


def show_contacts(rows: Sequence[Mapping[str, Any]], as_json: bool) -> None:
    """Contacts as the result of a command: one JSON document, or their ids, one a line; of none a message."""
    if as_json:
        emit_json(rows)
        return
    if not rows:
        say("there are none")
    for row in rows:
        print(row["contact_id"])


def details(said: Mapping[str, Any]) -> str:
    """What an entry says beside its columns, in words: `scenario welcome, retry of l-1`; what is empty is left out."""
    kept = {name: value for name, value in said.items() if value not in (None, "", [], {})}
    return ", ".join(
        f"{name.replace('_', ' ')} {' '.join(map(_words, value)) if isinstance(value, list) else _words(value)}"
        for name, value in kept.items()
    )


def _cell(value: Any) -> Text:
    return Text(_words(value))


def _words(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, Mapping):
        return f"({details(value)})"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return f"{int(value):,}"
    return str(value)
