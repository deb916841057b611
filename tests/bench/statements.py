"""What each SQL statement costs PostgreSQL in CPU, by its own accounting (`log_statement_stats`, getrusage).

Works on any PostgreSQL from 15, without an extension; writing the figures costs PostgreSQL about as much again as
small statements do, so the shares are of use, and a rate taken meanwhile is not.
"""

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

_HEAD = re.compile(r"^[\d-]+ [\d:.]+ \S+ \[(\d+)\] (\S*) ?(LOG|DETAIL|STATEMENT):  (.*)")
_SPENT = re.compile(r"\t!\t([\d.]+) s user, ([\d.]+) s system, ([\d.]+) s elapsed")


@dataclass
class Cost:
    calls: int = 0
    """Executions; parsing and binding are not counted as calls, but cost."""
    seconds: float = 0.0
    """Of CPU."""
    elapsed: float = 0.0


@dataclass
class Statements:
    """Filled when its block ends: costs by (database, statement)."""

    costs: dict[tuple[str, str], Cost] = field(default_factory=dict)


@contextmanager
def followed(postgres: str, log: Path) -> Iterator[Statements]:
    """`postgres` is the DSN of a superuser, `log` the file that the server writes to."""
    found = Statements()
    asyncio.run(_configure(postgres, "SET log_statement_stats = on"))
    begin = log.stat().st_size
    try:
        yield found
    finally:
        asyncio.run(_configure(postgres, "RESET log_statement_stats"))
    with log.open("rb") as file:
        file.seek(begin)
        found.costs = read(line.decode(errors="replace").rstrip("\n") for line in file)


async def _configure(postgres: str, change: str) -> None:
    connection = await asyncpg.connect(postgres)
    await connection.execute(f"ALTER SYSTEM {change}")
    await connection.execute("SELECT pg_reload_conf()")
    await connection.close()


def read(lines: Iterator[str]) -> dict[tuple[str, str], Cost]:
    costs: dict[tuple[str, str], Cost] = {}
    for database, title, spent, statement in _entries(lines):
        cost = costs.setdefault((database, statement), Cost())
        cost.calls += title.startswith(("EXECUTE", "QUERY"))
        cost.seconds += spent[0] + spent[1]
        cost.elapsed += spent[2]
    return costs


def _entries(lines: Iterator[str]) -> Iterator[tuple[str, str, tuple[float, float, float], str]]:
    """(database, what was measured, (user, system, elapsed), statement on one line), one per log entry."""
    title, database, spent, statement = "", "", None, None
    for line in lines:
        head = _HEAD.match(line)
        if head and head[3] == "LOG":
            if spent and title:
                yield database, title, spent, _one_line(statement)
            title, database, spent, statement = head[4], head[2], None, None
            if not title.endswith("STATISTICS"):
                title = ""
        elif head and head[3] == "STATEMENT":
            statement = head[4]
        elif statement is not None:
            statement += " " + line.strip()
        elif found := _SPENT.match(line):
            spent = (float(found[1]), float(found[2]), float(found[3]))
    if spent and title:
        yield database, title, spent, _one_line(statement)


def _one_line(statement: str | None) -> str:
    return " ".join((statement or "?").split())
