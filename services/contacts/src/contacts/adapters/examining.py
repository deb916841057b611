"""What is known of a condition before anybody is judged by it: what it names, and what contacts have."""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from contacts.adapters.segments import CONTACT, compile_where
from contacts.domain.attributes import GIVE_DEFAULT, LOOK_OVER, attribute_points, attributes_in, named_by
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
    taken = _taken(condition)
    return SegmentFacts(
        paths=condition.paths,
        in_sql=compile_where(condition, 1) is not None,
        attributes=await _names(connection, project),
        taken=taken,
        seen=await _seen(connection, project, taken),
    )


async def mistaken(
    connection: Connection,
    project: str,
    conditions: Mapping[str, str],
    templates: Mapping[str, Collection[str]],
    own: Collection[str],
) -> list[Point]:
    """Where conditions (by place; over `contact` and perhaps `context`) take a value for another kind than it has, and
    where they or templates (by place: paths below `contact.attributes`) name attributes that nobody has. `own`: names
    that whoever wrote them sets. A condition that does not compile has no points here."""
    found = {place: each for place, where in conditions.items() if (each := _compiled(where)) is not None}
    taken = {place: _taken(condition) for place, condition in found.items()}
    seen = await _seen(connection, project, {path for paths in taken.values() for path in paths})
    points = [point for place, paths in taken.items() for point in kind_points(paths, seen, place)]
    named = {place: attributes_in(condition.paths) for place, condition in found.items()}
    if not any((*named.values(), *templates.values())):
        return points
    if names := await _names(connection, project):
        known = names.union(own)
        for place, attributes in named.items():
            points += attribute_points(attributes, known, place, LOOK_OVER)
        for place, paths in templates.items():
            points += attribute_points((named_by(path, known) for path in paths), known, place, GIVE_DEFAULT)
    return points


async def _names(connection: Connection, project: str) -> frozenset[str]:
    """Of the attributes that contacts of a sample have."""
    rows = await connection.fetch(
        f"SELECT DISTINCT jsonb_object_keys(attributes) AS name FROM ({_SAMPLE}) AS sample",  # noqa: S608
        project,
        SAMPLE,
    )
    return frozenset(row["name"] for row in rows)


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
