"""messaging's routes for everybody: the page behind an unsubscribe link. What comes with the request is the permission.

Looking (GET, HEAD) changes nothing, for programs look at every link in a mail (scanners, previews); only POST acts,
from the page's button or from the reader's own (RFC 8058). A link that is not whole is answered by a page, too, for a
person sees it.
"""

from html import escape
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Path, Request
from fastapi.responses import HTMLResponse, Response

from messaging.adapters.withdrawing import is_withdrawn, withdraw
from messaging.domain.links import LONGEST, Links, Reference
from runtime import walls
from runtime.guards import PUBLIC
from runtime.problems import MEDIA_TYPE, Problem

if TYPE_CHECKING:
    from runtime.process import Resources

Token = Annotated[
    str,
    Path(
        description="From a link in a message.",
        json_schema_extra={"minLength": 1, "maxLength": LONGEST, "pattern": r"^[A-Za-z0-9_.-]+$"},
    ),
]
"""Anything: what is no token of ours is answered by the page that says so."""

_PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="robots" content="noindex">
<title>{title}</title>
<style>body{{font:18px/1.5 sans-serif;max-width:32em;margin:15vh auto;padding:0 1em}}
button{{font:inherit;padding:.5em 1em}}
</style></head>
<body><h1>{title}</h1>{content}</body>
</html>
"""
_FORM = (
    "<p>Press the button, and you get no more messages of the kind <b>{kind}</b>.</p>"
    '<form method="post"><input type="hidden" name="List-Unsubscribe" value="One-Click">'
    "<button>Unsubscribe</button></form>"
)
_DONE = "<p>You get no more messages of the kind <b>{kind}</b>.</p>"
_TRIED = "<p>This was a test message: nothing has been changed.</p>"
_BROKEN: Final = (
    "<p>Nothing has been changed. Some of the link is missing, or is another than in the message.</p>"
    "<p>Open the message once more and follow its link, or copy all of it, to its last character."
    " If that does not help, answer the message, and ask its sender to write to you no more.</p>"
)
_NOT_WHOLE: Final[dict[int | str, dict[str, Any]]] = {
    400: {
        "description": "This is no link from a message, or it is not whole.",
        "content": {
            "text/html": {"schema": {"type": "string"}},
            MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}},
        },
    }
}
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
}


def routes(resources: "Resources", links: Links) -> APIRouter:
    router = APIRouter(tags=["messaging"])

    @router.head("/u/{token}", include_in_schema=False, openapi_extra=PUBLIC)
    @router.get("/u/{token}", response_class=HTMLResponse, openapi_extra=PUBLIC, responses=_NOT_WHOLE)
    async def ask(token: Token, request: Request) -> Response:
        """The page behind the link in a message; after the click it says that it is done. Changes nothing."""
        reference = links.read(token)
        if reference is None:
            return _not_whole(request)
        if not reference.live:
            return _page("Unsubscribe", _FORM, reference)
        walls.narrow(reference.project)
        async with resources.pool.acquire() as connection:
            done = await is_withdrawn(connection, reference)
        return _done(reference) if done else _page("Unsubscribe", _FORM, reference)

    @router.post("/u/{token}", response_class=HTMLResponse, openapi_extra=PUBLIC, responses=_NOT_WHOLE)
    async def unsubscribe(token: Token, request: Request) -> Response:
        """One click: consent to messages of this one's type is withdrawn, before the next of them. Any body."""
        reference = links.read(token)
        if reference is None:
            return _not_whole(request)
        if not reference.live:
            return _page("Unsubscribe", _TRIED, reference)
        walls.narrow(reference.project)
        async with resources.transaction() as tx:
            await withdraw(tx, reference)
        return _done(reference)

    @router.head("/u", include_in_schema=False, openapi_extra=PUBLIC)
    @router.head("/u/", include_in_schema=False, openapi_extra=PUBLIC)
    @router.get("/u", include_in_schema=False, openapi_extra=PUBLIC)
    @router.get("/u/", include_in_schema=False, openapi_extra=PUBLIC)
    async def cut_off(request: Request) -> Response:
        """A link without its token."""
        return _not_whole(request)

    return router


def _not_whole(request: Request) -> Response:
    """A page, for whoever follows a link is a person; the problem for a program that asks for JSON and for no page."""
    accepted = request.headers.get("accept", "").lower()
    if "json" in accepted and "html" not in accepted:
        remedy = "open the link from the message once more, all of it"
        return Problem(400, "unknown_link", "this is no link from a message, or it is not whole", remedy).response()
    return _html("This link is not whole", _BROKEN, 400)


def _done(reference: Reference) -> HTMLResponse:
    return _page("Unsubscribed", _DONE, reference)


def _page(title: str, content: str, reference: Reference) -> HTMLResponse:
    return _html(title, content.format(kind=escape(reference.message_type)), 200)


def _html(title: str, content: str, status: int) -> HTMLResponse:
    return HTMLResponse(_PAGE.format(title=title, content=content), status, headers=_HEADERS)
