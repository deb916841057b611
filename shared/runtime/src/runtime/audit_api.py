"""`GET /v1/audit` of any service; console merges them."""

from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel

from runtime.audit import AUDIT_LIMIT, AUDIT_MOST, Audit, Entry, Wanted
from runtime.auth import ANY_PROJECT, PROJECT_HEADER, of_one_project, requires
from runtime.cloudevents import rfc3339
from runtime.pages import from_cursor, to_cursor
from runtime.times import GivenTime
from runtime.tokens import Caller

_PLAIN: Final = r"^[^\x00-\x1f\x7f]+$"
Word = Annotated[str | None, Query(max_length=256, pattern=_PLAIN)]
Thing = Annotated[
    str | None, Query(max_length=256, pattern=_PLAIN, description="`launch/<id>`, or `launch` for all of that kind.")
]


class AuditEntry(BaseModel):
    id: str
    at: str
    subject: str
    """A user's name, a key's id, `admin`, or the service that did it by itself."""
    action: str
    thing: str
    """`launch/<id>`, `scenario/<key>`, `contact/<id>`, `user/<name>`, …"""
    details: dict[str, Any]


class AuditPage(BaseModel):
    items: list[AuditEntry]
    next: str | None
    """Cursor of the page behind it; null: there is none."""


def add(router: APIRouter, engine: Any) -> None:
    audit = Audit()

    @router.get("/audit")
    async def list_audit(
        request: Request,
        caller: Annotated[Caller, Depends(requires("view", across_projects=True))],
        subject: Word = None,
        thing: Thing = None,
        action: Word = None,
        since: GivenTime | None = None,
        cursor: Annotated[str | None, Query(max_length=400, description="`next` of the page before.")] = None,
        limit: Annotated[int, Query(ge=1, le=AUDIT_MOST)] = AUDIT_LIMIT,
    ) -> AuditPage:
        """Who did what to which thing, newest first. An administrator who names no project sees all of them."""
        project = _project(caller, request.headers.get(PROJECT_HEADER))
        wanted = Wanted(subject, thing, action, since, from_cursor(cursor, datetime, int), limit + 1)
        async with engine.walled_pool.acquire() as connection:
            found = await audit.listed(connection, project, wanted)
        following = to_cursor(found[limit - 1].at, found[limit - 1].id) if len(found) > limit else None
        return AuditPage(items=[_shown(entry) for entry in found[:limit]], next=following)


def _project(caller: Caller, named: str | None) -> str | None:
    """None: all."""
    everywhere = caller.project == ANY_PROJECT and named in (None, ANY_PROJECT)
    return None if everywhere else of_one_project(caller, named).project


def _shown(entry: Entry) -> AuditEntry:
    return AuditEntry(
        id=str(entry.id),
        at=rfc3339(entry.at),
        subject=entry.subject,
        action=entry.action,
        thing=entry.thing,
        details=entry.details,
    )
