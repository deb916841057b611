"""messaging's route for mail providers: what became of mails once they were accepted. The signature opens it."""

import asyncio
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Header, Path, Request
from pydantic import BaseModel, ValidationError

from messaging.adapters.reports import keep_reports
from messaging.domain.links import Links
from messaging.domain.returned import NoReport, read_mail
from messaging.domain.sends import SendKey
from messaging.domain.webhooks import MOST_EVENTS, Batch, Secrets, Told, timely
from messaging.ports.known import Report
from messaging.ports.sends import Sends
from runtime import walls
from runtime.bodies import demand_document
from runtime.guards import PUBLIC
from runtime.invalid import in_words
from runtime.problems import Problem

if TYPE_CHECKING:
    from runtime.process import Resources

_WHERE_TO_LOOK: Final = "docs/operations/README.md says how a provider reports"
_EVENTS: Final = {"type": "array", "maxItems": MOST_EVENTS, "items": {"type": "object"}}
_SCHEMA: Final = {"type": "object", "required": ["events"], "properties": {"events": _EVENTS}}
_JSON: Final = "application/json"
_MAIL: Final = "message/rfc822"
_CONTENT: Final = {_JSON: {"schema": _SCHEMA}, _MAIL: {"schema": {"type": "string"}}}
_BODY: Final = {"requestBody": {"required": True, "content": _CONTENT}}
_UNSIGNED: Final[dict[int | str, dict[str, Any]]] = {401: {"description": "No provider that is known has signed it."}}


class Taken(BaseModel):
    taken: int
    """Also those that change nothing, as a bounce that is not for good."""
    unknown: int
    """About messages that are not ours, or of which nothing says which one."""
    without_ref: int
    """Of the unknown: no `X-Slipway-Ref` was in what came back."""


def routes(resources: "Resources", links: Links, secrets: Secrets, sends: Sends) -> APIRouter:
    router = APIRouter(prefix="/v1", tags=["messaging"])

    @router.post("/deliveries/{provider}", status_code=202, responses=_UNSIGNED, openapi_extra={**PUBLIC, **_BODY})
    async def report(
        request: Request,
        provider: Annotated[str, Path(min_length=1, max_length=100)],
        webhook_id: Annotated[str, Header(max_length=256)] = "",
        webhook_timestamp: Annotated[str, Header(max_length=32)] = "",
        webhook_signature: Annotated[str, Header(max_length=2048)] = "",
    ) -> Taken:
        """What became of mails: delivered, bounced, complained. Signed as in Standard Webhooks; may be repeated.

        A program says it as JSON; a mail server passes on the mail that it got: a delivery report (RFC 3464) or a
        complaint (RFC 5965), of which the first 256 KiB are read.
        """
        body = await request.body()
        if not secrets.signed(provider, webhook_id, webhook_timestamp, webhook_signature, body):
            raise _refused("this is not signed by a provider that is configured here")
        told = await _read(request.headers.get("content-type", ""), body, links)
        keys = [_key(links, each) for each in told]
        walls.narrow(walls.EVERYWHERE)  # one provider may send for several projects
        async with resources.transaction() as tx:
            if not timely(webhook_timestamp, tx.now):
                raise _refused("it was signed more than five minutes ago, or the clocks differ")
            known = await sends.load(tx, {key for key in keys if key is not None})
            await keep_reports(
                tx,
                [
                    Report(key, each.act, each.recipient, each.detail)
                    for key, each in zip(keys, told, strict=True)
                    if key in known and each.act is not None
                ],
            )
        taken = sum(key in known for key in keys)
        without_ref = sum(each.ref == "" for each in told)
        return Taken(taken=taken, unknown=len(told) - taken, without_ref=without_ref)

    return router


async def _read(content_type: str, body: bytes, links: Links) -> list[Told]:
    kind = content_type.partition(";")[0].strip().lower()
    if kind == _JSON:
        return _read_json(body)
    if kind == _MAIL:
        return await _read_mail(body, links)
    remedy = f'send {_JSON}, {{"events": [{{"ref", "event": delivered|bounced|complained, …}}]}}, or {_MAIL}'
    raise Problem(415, "unsupported", f"`{content_type[:100]}` cannot be read here", remedy)


async def _read_mail(body: bytes, links: Links) -> list[Told]:
    """In a thread: mails of strangers may take their time."""
    try:
        return await asyncio.to_thread(read_mail, body, links.proven)
    except NoReport as error:
        remedy = f"send it to whoever reads the mail of that address; {_WHERE_TO_LOOK}"
        raise Problem(422, "no_report", f"this mail reports nothing: {error}", remedy) from None


def _read_json(body: bytes) -> list[Told]:
    demand_document(body)
    try:
        return Batch.model_validate_json(body).events
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        remedy = f"correct it; at most {MOST_EVENTS} events at once; {_WHERE_TO_LOOK}"
        raise Problem(422, "invalid", f"{place}: {in_words(first)}", remedy) from None


def _key(links: Links, told: Told) -> SendKey | None:
    """None: not one of our messages, or one whose receiver is not the contact."""
    if told.ref is not None:
        reference = links.read(told.ref)
        return reference.key if reference is not None and reference.live else None
    return SendKey(told.launch_id or "", told.contact_id or "", told.step or "", told.occurrence)


def _refused(detail: str) -> Problem:
    return Problem(401, "unauthenticated", detail, f"sign with the provider's secret; {_WHERE_TO_LOOK}")
