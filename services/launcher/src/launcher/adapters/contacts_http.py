"""contacts' counts over HTTP, on behalf of who counts. aiohttp is loaded at the first count."""

from collections.abc import Mapping
from typing import Any, Final

import structlog
from pydantic import BaseModel

from contracts.checks import Point
from contracts.words import Permission
from launcher.domain.counting import Counted, Figures, Listing, MessageFigures, Selected
from launcher.domain.parties import Asker
from launcher.domain.refusals import Denied
from runtime.tokens import Caller, mint

SECONDS: Final = 15.0
"""Longest wait for an answer; contacts gives up after ten."""
TOKEN_SECONDS: Final = 60
AGAIN: Final = "ask again in a few seconds; `slipway status` tells more"
log = structlog.get_logger()


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

    def __init__(self, url: str, token_key: str) -> None:
        self._url = url.rstrip("/")
        self._token_key = token_key

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
        if not self._url:
            return Denied("unavailable", "launcher does not know where contacts is", "set SLIPWAY_CONTACTS_URL")
        import aiohttp

        caller = Caller(asker.project, asker.subject, frozenset({Permission.PROCESS_START}))
        bearer = mint(caller, self._token_key, seconds=TOKEN_SECONDS)
        timeout = aiohttp.ClientTimeout(total=SECONDS)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout, trust_env=False) as session,
                session.post(
                    f"{self._url}/internal/counts", json=body, headers={"Authorization": f"Bearer {bearer}"}
                ) as answer,
            ):
                told = await answer.json(content_type=None)
                return told if answer.status == 200 else _denied(answer.status, told)
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            log.warning("contacts failed to count", error=str(error) or type(error).__name__)
            return Denied("unavailable", "contacts cannot be asked to count just now", AGAIN)


def _body(selected: Selected) -> dict[str, Any]:
    return {
        "version": selected.version.model_dump(mode="json", by_alias=True),
        "participants": selected.participants.model_dump(mode="json"),
        "options": selected.options.model_dump(mode="json"),
        "launched_by": selected.launched_by,
        "launch_id": selected.launch_id,
        "retry": selected.retry,
    }


def _denied(status: int, told: Any) -> Denied:
    """A problem of contacts' as our own: `busy`, or what it has against the request."""
    problem = told if isinstance(told, dict) else {}
    code, detail = str(problem.get("code") or "unavailable"), str(problem.get("detail") or f"contacts said {status}")
    if status >= 500 and code != "busy":
        return Denied("unavailable", "contacts cannot count just now", AGAIN)
    return Denied(code, detail, str(problem.get("remedy") or AGAIN))
