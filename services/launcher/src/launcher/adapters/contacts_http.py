"""contacts' counts, and what it says to conditions and templates, over HTTP on behalf of who asks."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, Field

from contracts.checks import Point
from contracts.words import Figure, Permission
from launcher.adapters.services_http import ServiceHttp, Shape
from launcher.domain.counting import Counted, Figures, Found, Listing, MessageFigures, Selected
from launcher.domain.expressions import Written
from launcher.domain.parties import Asker
from launcher.domain.points import blocks
from launcher.domain.refusals import Denied, nobody_behind


class _Message(BaseModel):
    step: str
    channel: str
    message_type: str
    reached: int
    skipped: dict[str, int]


class _Count(BaseModel):
    targeted: int
    starting: int
    excluded: dict[str, int]
    no_consent: dict[str, int]
    messages: list[_Message]
    points: list[Point]


class _Behind(BaseModel):
    figure: Figure
    items: list[str]
    next: str | None
    points: list[Point] = Field(default_factory=list)


class _Points(BaseModel):
    points: list[Point]


class ContactsHttp:
    """`launcher.ports.Counting` and `Conditions`."""

    def __init__(self, contacts: ServiceHttp) -> None:
        self._contacts = contacts

    async def count(self, asker: Asker, selected: Selected) -> Counted | Denied:
        count = await self._post(asker, _Count, _body(selected))
        if isinstance(count, Denied):
            return count
        return Counted(
            figures=Figures(count.targeted, count.starting, count.excluded),
            no_consent=count.no_consent,
            messages=tuple(MessageFigures(**message.model_dump()) for message in count.messages),
            points=tuple(count.points),
        )

    async def listed(self, asker: Asker, selected: Selected, listing: Listing) -> Found | Denied:
        behind = {
            "figure": listing.figure,
            "reason": listing.reason,
            "step": listing.step,
            "message_type": listing.message_type,
            "cursor": listing.cursor or "",
            "limit": listing.limit,
        }
        page = await self._post(asker, _Behind, {**_body(selected), "behind": behind})
        if isinstance(page, Denied):
            return page
        return nobody_behind(page.points) if blocks(page.points) else Found(page.figure, page.items, page.next)

    async def mistaken(self, asker: Asker, written: Written) -> list[Point]:
        if not written:
            return []
        body = {
            "conditions": [{"place": place, "where": where} for place, where in written.conditions.items()],
            "templates": [{"place": place, "reads": reads} for place, reads in written.templates.items()],
            "own": written.own,
        }
        found = await self._contacts.ask("POST", "/internal/conditions", asker, Permission.VIEW, _Points, body)
        return [] if isinstance(found, Denied) else found.points

    async def _post(self, asker: Asker, shape: type[Shape], body: Mapping[str, Any]) -> Shape | Denied:
        return await self._contacts.ask("POST", "/internal/counts", asker, Permission.PROCESS_START, shape, body)


def _body(selected: Selected) -> dict[str, Any]:
    return {
        "version": selected.version.model_dump(mode="json", by_alias=True),
        "participants": selected.participants.model_dump(mode="json"),
        "options": selected.options.model_dump(mode="json"),
        "launched_by": selected.launched_by,
        "launch_id": selected.launch_id,
        "retry": selected.retry,
        "approves": selected.approves,
    }
