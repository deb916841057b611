"""`/v1/contacts`: import of files, one contact, all of them, deletion."""

import itertools
from collections.abc import Callable, Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel

from contacts.api.doors import After, Doors, Limit, Listed, Viewer, Writer, following
from contacts.domain.contact import Erase, Refused, StoredContact
from contacts.domain.files import BadFile, Line, read_csv, read_ndjson
from contacts.handlers.writing import Wanted
from contracts.changes import Contact
from runtime.ids import derive
from runtime.problems import Problem

MAX_PORTION_BYTES = 16 * 1024 * 1024
MAX_PORTION_LINES = 2000
_READERS: dict[str, tuple[Callable[[bytes, int], Iterator[Line]], int]] = {
    "application/x-ndjson": (read_ndjson, 1),
    "text/csv": (read_csv, 2),
}
_ANY = {"schema": {"type": "string"}}


class ShownContact(Contact):
    revision: int
    suppressed: bool


class RejectedLine(BaseModel):
    line: int
    reason: str


class RepeatedLine(BaseModel):
    line: int
    id: str


class SeenAttribute(BaseModel):
    attribute: str
    kind: str
    """string, number, boolean, array or object."""
    lines: int
    """How many lines give it a value of this kind."""
    first: list[int]
    """The first three of them."""


class ImportAnswer(BaseModel):
    imported: int
    """Lines taken."""
    rejected: list[RejectedLine]
    repeated: list[RepeatedLine]
    """Taken too: lines whose id an earlier line of the portion has. Where both say something, the later one wins."""
    attributes: list[SeenAttribute]
    """That the lines taken give: in CSV every column that is no field of a contact; one of two kinds stands twice. At
    most 500."""


def routes(doors: Doors) -> APIRouter:
    router = APIRouter(tags=["contacts"])

    @router.post(
        "/contacts",
        max_body_size=MAX_PORTION_BYTES,
        openapi_extra={"requestBody": {"required": True, "content": dict.fromkeys(_READERS, _ANY)}},
    )
    async def import_portion(
        request: Request,
        caller: Writer,
        first_line: Annotated[
            int | None, Query(ge=1, description="Number in the file of the first line (CSV: after the header).")
        ] = None,
    ) -> ImportAnswer:
        """A file, or a portion of one: at most 2,000 lines, 16 MiB. A CSV portion repeats the header. Good lines are
        taken, bad ones listed. The same portion again changes nothing more. A file without any is refused."""
        lines = _read(request.headers.get("content-type", ""), await request.body(), first_line)
        async with doors.transaction() as tx:
            done = await doors.imports.take(tx, caller.project, lines)
            taken = {"imported": done.imported, "rejected": len(done.rejected)}
            await doors.note(tx, caller, "contacts.imported", "contacts", **taken)
        return ImportAnswer(
            imported=done.imported,
            rejected=[RejectedLine(line=line, reason=reason) for line, reason in done.rejected],
            repeated=[RepeatedLine(line=line, id=contact_id) for line, contact_id in done.repeated],
            attributes=[
                SeenAttribute(attribute=each.attribute, kind=each.kind, lines=each.lines, first=list(each.first))
                for each in done.attributes
            ],
        )

    @router.get("/contacts")
    async def list_contacts(caller: Viewer, after: After, limit: Limit = 100) -> Listed[ShownContact]:
        """All contacts, in byte order of their ids."""
        found = await doors.reading.contacts(caller.project, after, limit)
        return Listed(items=[_shown(one) for one in found], next=following([one.contact_id for one in found], limit))

    @router.get("/contacts/{contact_id:path}")
    async def show_contact(contact_id: str, caller: Viewer) -> ShownContact:
        found = await doors.reading.contact(caller.project, contact_id)
        if found is None:
            raise _unknown(contact_id)
        return _shown(found)

    @router.delete("/contacts/{contact_id:path}", status_code=204)
    async def delete_contact(contact_id: str, caller: Writer) -> None:
        """Erases it: its open instances are abandoned, its planned messages cancelled. Counts stay as they are."""
        async with doors.transaction() as tx:
            cause = derive("deleted", caller.project, contact_id, tx.now.isoformat())
            [result] = await doors.writer.write(tx, [Wanted(caller.project, contact_id, Erase(), cause)])
            if result is False or isinstance(result, Refused):
                raise _unknown(contact_id)
            await doors.note(tx, caller, "contact.deleted", f"contact/{contact_id}")

    return router


def _read(content_type: str, body: bytes, first_line: int | None) -> list[Line]:
    kind = content_type.partition(";")[0].strip().lower()
    if kind not in _READERS:
        known = " or ".join(_READERS)
        raise Problem(415, "unsupported_media_type", f"contacts are not read from {kind[:100]!r}", f"send {known}")
    read, first = _READERS[kind]
    try:
        lines = list(itertools.islice(read(body, first_line or first), MAX_PORTION_LINES + 1))
        if not lines and first_line in (None, first):
            raise BadFile("there is no contact in it: each line is one, in CSV each after the header")
    except BadFile as error:
        raise Problem(422, "bad_file", str(error), "mend the file and import it again") from None
    if len(lines) > MAX_PORTION_LINES:
        raise Problem(
            413, "too_many_lines", f"more than {MAX_PORTION_LINES} lines", "send it in portions; the CLI does"
        )
    return lines


def _shown(contact: StoredContact) -> ShownContact:
    published: Any = contact.published()
    return ShownContact(**published.model_dump(), revision=contact.revision, suppressed=contact.suppressed)


def _unknown(contact_id: str) -> Problem:
    remedy = "ids are compared byte for byte: capitals and blanks count"
    return Problem(404, "unknown_contact", f"there is no contact {contact_id[:128]}", remedy)
