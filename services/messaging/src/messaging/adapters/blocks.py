"""What keeps contacts from getting more before contacts itself has said so, in PostgreSQL."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from contracts.changes import ContactChange
from messaging.domain.judgement import ContactState
from messaging.domain.sends import SendKey, StoredSend
from runtime.transaction import Connection


async def block(connection: Connection, project: str, contact_id: str, kind: str, event_id: str) -> bool:
    """From the commit on. False: it is blocked for that already, and contacts has yet to answer."""
    added = await connection.fetchval(
        "INSERT INTO local_block (project, contact_id, kind, event_id) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT DO NOTHING RETURNING true",
        project,
        contact_id,
        kind,
        event_id,
    )
    return added is True


async def answered(connection: Connection, project: str, changes: Sequence[ContactChange]) -> None:
    """contacts said these: what they are the answer to is in them, and need not be held here any longer."""
    await connection.execute(
        "DELETE FROM local_block b USING unnest($2::text[], $3::text[]) AS said (contact_id, cause)"
        " WHERE b.project = $1 AND b.contact_id = said.contact_id AND b.event_id = said.cause",
        project,
        [change.contact_id for change in changes],
        [change.cause for change in changes],
    )


async def with_blocks(connection: Connection, sends: Mapping[SendKey, StoredSend]) -> dict[SendKey, StoredSend]:
    """These sends, with what their contacts are blocked for."""
    blocked = await _blocks(connection, sends)
    return {
        key: send._replace(newer=_under(send.newer, blocked[key[:2]])) if key[:2] in blocked else send
        for key, send in sends.items()
    }


async def _blocks(connection: Connection, keys: Collection[SendKey]) -> Mapping[tuple[str, str], frozenset[str]]:
    """By launch and contact."""
    rows = await connection.fetch(
        "SELECT launch_id, contact_id, kind FROM local_block JOIN launch USING (project)"
        " WHERE contact_id = ANY($1::text[]) AND launch_id = ANY($2::text[])",
        list({key.contact_id for key in keys}),
        list({key.launch_id for key in keys}),
    )
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in rows:
        found[row["launch_id"], row["contact_id"]].add(row["kind"])
    return {place: frozenset(kinds) for place, kinds in found.items()}


def _under(newer: ContactState | None, kinds: frozenset[str]) -> ContactState:
    return ContactState.unknown(kinds) if newer is None else replace(newer, blocks=kinds)
