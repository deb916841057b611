"""Who did what to which project, key, user, scenario and launch."""

from typing import Annotated, Any

from fastapi import Query
from pydantic import AwareDatetime

from launcher.api.doors import Asking, Doors
from launcher.api.shapes import Cursor, Limit, Output, Page, Time, Word
from launcher.ports import Audit, AuditFilter
from runtime.pages import from_cursor, to_cursor


class EntryShown(Output):
    at: Time
    subject: str
    action: str
    thing: str
    """`launch/<id>`, `scenario/<key>`, `key/<id>`, `user/<name>`, `project/<key>`."""
    details: dict[str, Any]


def add(doors: Doors, audit: Audit) -> None:
    @doors("GET", "/v1/audit")
    async def list_audit(
        asker: Asking,
        subject: Annotated[Word | None, Query()] = None,
        thing: Annotated[Word | None, Query()] = None,
        since: AwareDatetime | None = None,
        cursor: Cursor = None,
        limit: Limit = 50,
    ) -> Page[EntryShown]:
        """Newest first."""
        position = from_cursor(cursor, int)
        wanted = AuditFilter(subject, thing, since, position[0] if position else None, limit + 1)
        async with doors.resources.pool.acquire() as connection:
            found = await audit.listed(connection, asker.project, wanted)
        items = [
            EntryShown(
                at=entry.at, subject=entry.subject, action=entry.action, thing=entry.thing, details=entry.details
            )
            for entry in found[:limit]
        ]
        return Page(items=items, next=to_cursor(found[limit - 1].audit_id) if len(found) > limit else None)
