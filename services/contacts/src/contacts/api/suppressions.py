"""`/v1/suppressions`: contacts and addresses that are never sent to."""

from datetime import datetime
from typing import Annotated, Any, Literal

import asyncpg
from fastapi import APIRouter, Query
from pydantic import BaseModel, Field, field_serializer

from contacts.api.doors import Cursor, Doors, Given, Limit, Listed, Viewer, Writer
from contacts.domain.address import read_address
from contacts.domain.given import wrong_id
from runtime.auth import Caller
from runtime.cloudevents import rfc3339
from runtime.pages import from_cursor, to_cursor
from runtime.problems import Problem
from runtime.transaction import Transaction


class NewSuppressions(Given):
    contacts: list[str] = Field(default_factory=list, max_length=1000)
    """Ids, of contacts that exist or not."""
    addresses: list[str] = Field(default_factory=list, max_length=1000)
    """E-mail addresses, whoever has them now or later."""
    reason: str = Field(default="blocklist", min_length=1, max_length=200)


class Suppressed(BaseModel):
    """All of it is on the list. What is nobody's so far is told: it may be meant so, or mistyped."""

    unknown_contacts: list[str]
    unknown_addresses: list[str]


class ShownSuppression(BaseModel):
    kind: Literal["contact", "address"]
    contact_id: str | None = None
    address: str | None = None
    """Null once the contact that had it was deleted: then only a keyed hash is kept."""
    reason: str
    at: datetime

    @field_serializer("at")
    def _at(self, at: datetime) -> str:
        return rfc3339(at)


def routes(doors: Doors) -> APIRouter:
    router = APIRouter(tags=["suppressions"])

    @router.get("/suppressions")
    async def list_suppressions(caller: Viewer, cursor: Cursor = None, limit: Limit = 100) -> Listed[ShownSuppression]:
        kind, value = from_cursor(cursor, str, str) or ("", "")
        found = await doors.reading.suppressions(caller.project, (kind, value), limit)
        after = to_cursor(found[-1]["kind"], found[-1]["value"]) if len(found) == limit else None
        return Listed(items=[_shown(row) for row in found], next=after)

    @router.post("/suppressions")
    async def suppress(new: NewSuppressions, caller: Writer) -> Suppressed:
        """What is on the list already stays as it is. Effective before the next send."""
        if not new.contacts and not new.addresses:
            raise Problem(422, "invalid", "nobody is named", "name `contacts` or `addresses`")
        for contact_id in new.contacts:
            if wrong := wrong_id(contact_id):
                raise Problem(422, "invalid", f"contacts: an id {wrong}", "correct it")
        addresses = [_address(address) for address in new.addresses]
        async with doors.transaction() as tx:
            unmet = await doors.suppressing.suppress(tx, caller.project, new.contacts, addresses, new.reason)
            await _note(doors, tx, caller, "suppression.added", new.contacts, addresses)
        return Suppressed(unknown_contacts=unmet.contacts, unknown_addresses=unmet.addresses)

    @router.delete("/suppressions", status_code=204)
    async def lift_address(caller: Writer, address: Annotated[str, Query(max_length=320)]) -> None:
        """Of an address, whoever has it."""
        await _lift(doors, caller, [], [_address(address)])

    @router.delete("/suppressions/{contact_id:path}", status_code=204)
    async def lift_contact(contact_id: str, caller: Writer) -> None:
        """Of a contact; a suppression of its address stays."""
        await _lift(doors, caller, [contact_id], [])

    return router


async def _lift(doors: Doors, caller: Caller, contacts: list[str], addresses: list[str]) -> None:
    async with doors.transaction() as tx:
        if not await doors.suppressing.lift(tx, caller.project, contacts, addresses):
            raise Problem(404, "unknown_suppression", "it is not on the list", "`GET /v1/suppressions` lists who is")
        await _note(doors, tx, caller, "suppression.lifted", contacts, addresses)


async def _note(
    doors: Doors, tx: Transaction, caller: Caller, action: str, contacts: list[str], addresses: list[str]
) -> None:
    """Each contact; of addresses only how many."""
    await doors.note(tx, caller, action, *(f"contact/{contact_id}" for contact_id in dict.fromkeys(contacts)))
    if addresses:
        await doors.note(tx, caller, action, "addresses", addresses=len(addresses))


def _address(address: str) -> str:
    read, wrong = read_address(address)
    if read is None:
        raise Problem(422, "invalid", f"addresses: {wrong}", "correct it")
    return read


def _shown(row: asyncpg.Record) -> ShownSuppression:
    named: dict[str, Any] = {"contact_id" if row["kind"] == "contact" else "address": row["shown"]}
    return ShownSuppression(kind=row["kind"], reason=row["reason"], at=row["at"], **named)
