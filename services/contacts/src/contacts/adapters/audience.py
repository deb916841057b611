"""Pages of an audience in PostgreSQL: columns per partition, made in the database, a few microseconds per contact."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import asyncpg

from contacts.adapters.planning import by_key
from contacts.adapters.segments import CONTACT, compile_where
from contacts.domain.audience import Page, Part, only
from contacts.domain.plan import Reads
from contacts.ports import Walk
from runtime import slices
from runtime.cel import Condition
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
_MATCHING = f"""
    SELECT contact_id, partition, false AS gone, {_CONTACT} FROM contact
    WHERE project = $1 AND contact_id > $2 AND ($4::text IS NULL OR contact_id <= $4) AND NOT deleted AND {{where}}
    ORDER BY contact_id LIMIT $3
"""  # noqa: S608
_BOUND = """
    SELECT contact_id FROM contact WHERE project = $1 AND contact_id > $2 ORDER BY contact_id OFFSET $3 LIMIT 1
"""
_PAGE = """
    WITH page AS (
        SELECT *, sum(size) OVER (ORDER BY contact_id) - size AS before, count(*) OVER () AS chosen_count
        FROM ({chosen}) AS chosen
    )
    SELECT partition, gone, max(chosen_count) AS chosen_count, sum(size) AS bytes,
        max(contact_id) AS last, array_agg(contact_id) AS contact_ids{columns}
    FROM page WHERE before < {most}
    GROUP BY partition, gone
"""
"""Rows come in order of their ids, and grouped by hash they stay so: sorting them by partition again would cost half as
much as the rest of the page. Nothing but speed hangs on that order."""
_ALWAYS = """, array_agg(revision) AS revisions, array_agg(active) AS active, array_agg(suppressed) AS suppressed"""


def document(of: str = "") -> str:
    """SQL of a contact as conditions see it: what it does not have is not there. `of` stands before its columns."""
    always = {name: name for name in ("active", "groups", "consent", "attributes")}
    fields = [f"'{name}', {of}{column}" for name, column in {"id": "contact_id", **always}.items()]
    given = [f"'{name}', {of}{name}" for name in ("email", "phone", "zone")]
    return f"(jsonb_build_object({', '.join(fields)}) || jsonb_strip_nulls(jsonb_build_object({', '.join(given)})))"


SEEN_AT_ONCE = 20_000
"""Contacts that a page of a segment looks at: where hardly one matches, a page is short all the same."""


class PostgresAudience:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def page(self, walk: Walk, reads: Reads, *, limit: int, whole: bool) -> Page:
        await by_key(self._connection)
        if walk.kind == "segment":
            return await self._segment(walk, reads, limit, whole)
        selections: dict[str, list[Any]] = {"all": [], "groups": [list(walk.groups)], "contacts": [walk.launch_id]}
        arguments = [walk.project, walk.cursor, limit, *selections[walk.kind]]
        return await self._page(_CHOSEN[walk.kind], arguments, reads, limit, whole)

    async def _segment(self, walk: Walk, reads: Reads, limit: int, whole: bool) -> Page:
        condition = Condition.compile(walk.where or "", CONTACT)
        arguments = [walk.project, walk.cursor, limit]
        where = compile_where(condition, len(arguments) + 2)
        if where is None:
            page = await self._page(_CHOSEN["all"], arguments, reads, limit, whole=True)
            return replace(page, parts=[await matching(part, condition) for part in page.parts])
        bound = await self._connection.fetchval(
            _BOUND,
            walk.project,
            walk.cursor,
            SEEN_AT_ONCE - 1,
        )
        chosen = _MATCHING.format(where=where.sql)
        page = await self._page(chosen, [*arguments, bound, *where.arguments], reads, limit, whole)
        return page if bound is None or not page.is_last else replace(page, last=bound, is_last=False)

    async def _page(self, chosen: str, arguments: list[Any], reads: Reads, limit: int, whole: bool) -> Page:
        names = [*reads.attributes, *reads.consents, *reads.consent_entries]
        rows = await self._connection.fetch(
            _statement(chosen, reads, len(arguments) + 1, whole=whole), *arguments, *names
        )
        taken = sum(len(row["contact_ids"]) for row in rows)
        found = max((row["chosen_count"] for row in rows), default=0)
        return Page(
            parts=[_part(row, reads) for row in rows if not row["gone"]],
            gone={row["partition"]: row["contact_ids"] for row in rows if row["gone"]},
            last=max((row["last"] for row in rows), default=""),
            is_last=taken == found and found < limit,
        )


def _statement(chosen: str, reads: Reads, first: int, *, whole: bool) -> str:
    """Names of attributes and message types are parameters from number `first` on: only numbers are put in here."""
    columns = [_ALWAYS]
    columns += [", array_agg(email) AS emails"] if reads.emails else []
    columns += [", array_agg(zone) AS zones"] if reads.zones else []
    columns += [", array_agg(phone) AS phones"] if reads.phones else []
    columns += [", jsonb_agg(to_jsonb(groups)) AS groups"] if reads.groups else []
    columns += [", jsonb_agg(attributes) AS attributes"] if reads.all_attributes else []
    columns += [", jsonb_agg(consent) AS consents"] if reads.all_consents else []
    for index in range(len(reads.attributes)):
        columns.append(f", jsonb_agg(attributes -> ${first + index}) AS attribute_{index}")
    first += len(reads.attributes)
    for index in range(len(reads.consents)):
        columns.append(f", array_agg(coalesce(consent -> ${first + index} = 'true', false)) AS consent_{index}")
    first += len(reads.consents)
    for index in range(len(reads.consent_entries)):
        columns.append(f", jsonb_agg(consent -> ${first + index}) AS consent_entry_{index}")
    columns += [f", jsonb_agg({document()}) AS documents"] if whole else []
    return _PAGE.format(chosen=chosen, columns="".join(columns), most=MAX_BYTES)


async def matching(part: Part, condition: Condition) -> Part:
    """Those of a part's contacts, documents and all, for which the condition holds."""
    return only(part, await slices.each(part.documents or (), lambda each: condition.holds({"contact": each})))


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
        phones=row["phones"] if reads.phones else None,
        attributes=_named(row, "attribute", reads.attributes)
        | (_every(row["attributes"], None) if reads.all_attributes else {}),
        consents=_named(row, "consent", reads.consents)
        | (_every(row["consents"], False) if reads.all_consents else {}),
        consent_entries=_consent_entries(row, reads),
        documents=row.get("documents"),
        bytes=row["bytes"],
    )


def _named(row: asyncpg.Record, column: str, names: Sequence[str]) -> dict[str, list[Any]]:
    return {name: row[f"{column}_{index}"] for index, name in enumerate(names)}


def _consent_entries(row: asyncpg.Record, reads: Reads) -> dict[str, list[bool | None]] | None:
    """None: nothing reads any."""
    if not reads.consent_entries and not reads.all_consents:
        return None
    named = _named(row, "consent_entry", reads.consent_entries)
    return named | (_every(row["consents"], None) if reads.all_consents else {})


def _every(entries: Sequence[Mapping[str, Any]], missing: Any) -> dict[str, list[Any]]:
    """Column by column, of every name that one of them has."""
    names = sorted({name for entry in entries for name in entry})
    return {name: [entry.get(name, missing) for entry in entries] for name in names}
