"""What is known of a condition before anybody is judged by it: what it names, and what contacts have."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from contacts.adapters.segments import CONTACT, compile_where
from contacts.domain.kinds import Path, kind_points
from contacts.domain.segments import SegmentFacts
from contracts.checks import Point
from runtime.cel import Condition, ConditionError
from runtime.cel_kinds import kinds_taken
from runtime.transaction import Connection

NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
SAMPLE: Final = 1000
"""Contacts that are looked at to learn what attributes there are and what values they have."""
MOST_PATHS: Final = 200
"""Attributes that are looked at at once: of a thousand contacts a fifth of a second."""
_SAMPLE: Final = """
    SELECT attributes FROM contact WHERE project = $1 AND NOT deleted ORDER BY contact_id LIMIT $2
"""


async def examine(connection: Connection, project: str, where: str) -> SegmentFacts:
    try:
        condition = Condition.compile(where, CONTACT)
    except ConditionError as error:
        return SegmentFacts(broken=str(error), name=where if NAME.fullmatch(where) else None)
    names = await connection.fetch(
        f"SELECT DISTINCT jsonb_object_keys(attributes) AS name FROM ({_SAMPLE}) AS sample",  # noqa: S608
        project,
        SAMPLE,
    )
    taken = _taken(condition)
    return SegmentFacts(
        paths=condition.paths,
        in_sql=compile_where(condition, 1) is not None,
        attributes=frozenset(row["name"] for row in names),
        taken=taken,
        seen=await _seen(connection, project, taken),
    )


async def mistaken(connection: Connection, project: str, conditions: Mapping[str, str]) -> list[Point]:
    """Where conditions (by place; over `contact` and perhaps `context`) take a value for another kind than it has. One
    that does not compile has no points here."""
    taken = {place: _taken(found) for place, where in conditions.items() if (found := _compiled(where)) is not None}
    seen = await _seen(connection, project, {path for paths in taken.values() for path in paths})
    return [point for place, paths in taken.items() for point in kind_points(paths, seen, place)]


def _compiled(where: str) -> Condition | None:
    try:
        return Condition.compile(where)
    except ConditionError:
        return None


def _taken(condition: Condition) -> Mapping[Path, frozenset[str]]:
    """Of the contact: what stands in a context is declared."""
    return {path: kinds for path, kinds in kinds_taken(condition.tree).items() if path[:1] == CONTACT}


async def _seen(connection: Connection, project: str, paths: Iterable[Path]) -> Mapping[Path, Mapping[str, int]]:
    """How many contacts have which kind of value there, of attributes; who has none counts nowhere."""
    asked = sorted(path for path in paths if path[1:2] == ("attributes",) and len(path) > 2)[:MOST_PATHS]
    if not asked:
        return {}
    rows = await connection.fetch(
        f"""
        WITH path AS (
            SELECT number, ARRAY(SELECT jsonb_array_elements_text(names)) AS names
            FROM jsonb_array_elements($3) WITH ORDINALITY AS asked (names, number)
        ), found AS (
            SELECT number, jsonb_typeof(attributes #> names) AS kind FROM ({_SAMPLE}) AS sample, path
        )
        SELECT number, kind, count(*) AS contacts FROM found WHERE kind IS NOT NULL GROUP BY number, kind
        """,  # noqa: S608
        project,
        SAMPLE,
        [path[2:] for path in asked],
    )
    seen: dict[Path, dict[str, int]] = {}
    for row in rows:
        seen.setdefault(asked[row["number"] - 1], {})[row["kind"]] = row["contacts"]
    return seen
