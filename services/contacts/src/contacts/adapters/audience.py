"""Pages of an audience in PostgreSQL: columns per partition, made in the database, a few microseconds per contact."""

from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg

from contacts.adapters.planning import by_key
from contacts.domain.audience import Page, Part
from contacts.domain.plan import Reads
from contacts.ports import Walk
from runtime.transaction import Connection

MAX_BYTES = 8 * 1024 * 1024
"""Of the contacts of one page as JSON: bounds the memory, whatever contacts carry."""

_CONTACT = "revision, active, suppressed, email, phone, zone, groups, consent, attributes, coalesce(size, 0) AS size"
_FOUND = f"""
    SELECT chosen.contact_id, coalesce(contact.partition, chosen.partition) AS partition,
        coalesce(contact.deleted, true) AS gone, {_CONTACT}
    FROM chosen LEFT JOIN contact ON contact.project = $1 AND contact.contact_id = chosen.contact_id
"""  # noqa: S608
_CHOSEN = {
    "all": f"""
        SELECT contact_id, partition, false AS gone, {_CONTACT} FROM contact
        WHERE project = $1 AND contact_id > $2 AND NOT deleted ORDER BY contact_id LIMIT $3
    """,  # noqa: S608
    "groups": f"""
        WITH chosen AS (
            SELECT DISTINCT member.contact_id, NULL::smallint AS partition
            FROM unnest($4::text[]) AS wanted (group_id) CROSS JOIN LATERAL (
                SELECT contact_id FROM membership
                WHERE project = $1 AND group_id = wanted.group_id AND contact_id > $2 ORDER BY contact_id LIMIT $3
            ) AS member
            ORDER BY member.contact_id LIMIT $3
        )
        {_FOUND}
    """,  # noqa: S608
    "contacts": f"""
        WITH chosen AS (
            SELECT contact_id, partition FROM participant
            WHERE project = $1 AND launch_id = $4 AND contact_id > $2 ORDER BY contact_id LIMIT $3
        )
        {_FOUND}
    """,  # noqa: S608
}
_PAGE = """
    WITH page AS (
        SELECT *, sum(size) OVER (ORDER BY contact_id) - size AS before, count(*) OVER () AS chosen_count
        FROM ({chosen}) AS chosen
    )
    SELECT partition, gone, max(chosen_count) AS chosen_count, sum(size) AS bytes,
        max(contact_id) AS last, array_agg(contact_id) AS contact_ids{columns}
    FROM (SELECT * FROM page WHERE before < {most} ORDER BY partition, gone, contact_id) AS page
    GROUP BY partition, gone
"""
_ALWAYS = """, array_agg(revision) AS revisions, array_agg(active) AS active, array_agg(suppressed) AS suppressed"""
_DOCUMENTS = """, jsonb_agg(
    jsonb_build_object('id', contact_id, 'active', active, 'groups', to_jsonb(groups), 'consent', consent,
        'attributes', attributes)
    || jsonb_strip_nulls(jsonb_build_object('email', email, 'phone', phone, 'zone', zone))) AS documents"""


class PostgresAudience:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def page(self, walk: Walk, reads: Reads, *, limit: int, whole: bool) -> Page:
        selections: dict[str, list[Any]] = {"all": [], "groups": [list(walk.groups)], "contacts": [walk.launch_id]}
        arguments = [walk.project, walk.cursor, limit, *selections[walk.kind]]
        names = [*reads.attributes, *reads.consents]
        await by_key(self._connection)
        rows = await self._connection.fetch(
            _statement(walk.kind, reads, len(arguments) + 1, whole=whole), *arguments, *names
        )
        taken = sum(len(row["contact_ids"]) for row in rows)
        chosen = max((row["chosen_count"] for row in rows), default=0)
        return Page(
            parts=[_part(row, reads) for row in rows if not row["gone"]],
            gone={row["partition"]: row["contact_ids"] for row in rows if row["gone"]},
            last=max((row["last"] for row in rows), default=""),
            is_last=taken == chosen and chosen < limit,
        )


def _statement(kind: str, reads: Reads, first: int, *, whole: bool) -> str:
    """Names of attributes and message types are parameters from number `first` on: only numbers are put in here."""
    columns = [_ALWAYS]
    columns += [", array_agg(email) AS emails"] if reads.emails else []
    columns += [", array_agg(zone) AS zones"] if reads.zones else []
    columns += [", jsonb_agg(to_jsonb(groups)) AS groups"] if reads.groups else []
    columns += [", jsonb_agg(attributes) AS attributes"] if reads.all_attributes else []
    columns += [", jsonb_agg(consent) AS consents"] if reads.all_consents else []
    for index in range(len(reads.attributes)):
        columns.append(f", jsonb_agg(attributes -> ${first + index}) AS attribute_{index}")
    first += len(reads.attributes)
    for index in range(len(reads.consents)):
        columns.append(f", array_agg(coalesce(consent -> ${first + index} = 'true', false)) AS consent_{index}")
    columns += [_DOCUMENTS] if whole else []
    return _PAGE.format(chosen=_CHOSEN[kind], columns="".join(columns), most=MAX_BYTES)


def _part(row: asyncpg.Record, reads: Reads) -> Part:
    nothing: list[Any] = [None] * len(row["contact_ids"])
    return Part(
        partition=row["partition"],
        contact_ids=row["contact_ids"],
        revisions=row["revisions"],
        active=row["active"],
        suppressed=row["suppressed"],
        emails=row["emails"] if reads.emails else nothing,
        zones=row["zones"] if reads.zones else nothing,
        groups=row["groups"] if reads.groups else None,
        attributes=_named(row, "attribute", reads.attributes)
        | (_every(row["attributes"], None) if reads.all_attributes else {}),
        consents=_named(row, "consent", reads.consents)
        | (_every(row["consents"], False) if reads.all_consents else {}),
        documents=row.get("documents"),
        bytes=row["bytes"],
    )


def _named(row: asyncpg.Record, column: str, names: Sequence[str]) -> dict[str, list[Any]]:
    return {name: row[f"{column}_{index}"] for index, name in enumerate(names)}


def _every(entries: Sequence[Mapping[str, Any]], missing: Any) -> dict[str, list[Any]]:
    """Column by column, of every name that one of them has."""
    names = sorted({name for entry in entries for name in entry})
    return {name: [entry.get(name, missing) for entry in entries] for name in names}
