"""contacts' counts over HTTP, on behalf of who counts."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from contracts.checks import Point
from contracts.words import Permission
from launcher.adapters.services_http import ServiceHttp
from launcher.domain.counting import Counted, Figures, Listing, MessageFigures, Selected
from launcher.domain.parties import Asker
from launcher.domain.refusals import Denied


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
    items: list[str]
    next: str | None


class ContactsHttp:
    """`launcher.ports.Counting`."""

    def __init__(self, contacts: ServiceHttp) -> None:
        self._contacts = contacts

    async def count(self, asker: Asker, selected: Selected) -> Counted | Denied:
        answer = await self._post(asker, _body(selected))
        if isinstance(answer, Denied):
            return answer
        count = _Count.model_validate(answer)
        return Counted(
            figures=Figures(count.targeted, count.starting, count.excluded),
            no_consent=count.no_consent,
            messages=tuple(MessageFigures(**message.model_dump()) for message in count.messages),
            points=tuple(count.points),
        )

    async def listed(self, asker: Asker, selected: Selected, listing: Listing) -> tuple[list[str], str | None] | Denied:
        behind = {
            "reason": listing.reason,
            "message_type": listing.message_type,
            "cursor": listing.cursor or "",
            "limit": listing.limit,
        }
        answer = await self._post(asker, {**_body(selected), "behind": behind})
        if isinstance(answer, Denied):
            return answer
        page = _Behind.model_validate(answer)
        return page.items, page.next

    async def _post(self, asker: Asker, body: Mapping[str, Any]) -> Any | Denied:
        return await self._contacts.ask("POST", "/internal/counts", asker, Permission.PROCESS_START, body)


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
