"""Contacts that were selected one by one: those of a launch, or named by a count."""

from typing import Final

from contacts.domain.checks import Unknown
from runtime.transaction import Connection

SHOWN: Final = 5
"""Ids that are told of those that nobody has."""


def listed_by(selected: str | list[str], project: str, given: str) -> str:
    """Their ids in SQL; `project` and `given` (`selected`) are its parameters."""
    if isinstance(selected, str):
        return f"SELECT contact_id FROM participant WHERE project = {project} AND launch_id = {given}"  # noqa: S608
    return f'SELECT contact_id COLLATE "C" AS contact_id FROM unnest({given}::text[]) AS named (contact_id)'  # noqa: S608


async def unknown(connection: Connection, project: str, selected: str | list[str]) -> Unknown:
    """Those of a launch, by its id, or these, of which there never was a contact: one that is deleted leaves a row."""
    row = await connection.fetchrow(
        f"""
        SELECT count(*) AS contacts, (array_agg(contact_id ORDER BY contact_id))[1:{SHOWN}] AS first
        FROM ({listed_by(selected, "$1", "$2")}) AS chosen
        WHERE NOT EXISTS (SELECT FROM contact WHERE project = $1 AND contact.contact_id = chosen.contact_id)
        """,  # noqa: S608
        project,
        selected,
    )
    assert row is not None
    return Unknown(row["contacts"], tuple(row["first"] or ()))
