"""messaging's routes for everybody: the page behind an unsubscribe link. What comes with the request is the permission.

Looking changes nothing, for programs look at every link in a mail (scanners, previews); only POST acts, from the page's
button or from the reader's own (RFC 8058).
"""

from html import escape
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Path
from fastapi.responses import HTMLResponse

from messaging.adapters.withdrawing import withdraw
from messaging.domain.links import LONGEST, Links, Reference
from runtime import walls
from runtime.guards import PUBLIC
from runtime.problems import Problem

if TYPE_CHECKING:
    from runtime.process import Resources

Token = Annotated[
    str,
    Path(
        min_length=1,
        max_length=LONGEST,
        description="From a link in a message.",
        json_schema_extra={"pattern": r"^[A-Za-z0-9_.-]+$"},
    ),
]

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
    "<p>You will get no more messages of the kind <b>{kind}</b>.</p>"
    '<form method="post"><input type="hidden" name="List-Unsubscribe" value="One-Click">'
    "<button>Unsubscribe</button></form>"
)
_DONE = "<p>You get no more messages of the kind <b>{kind}</b>.</p>"
_TRIED = "<p>This was a test message: nothing has been changed.</p>"
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
}


def routes(resources: "Resources", links: Links) -> APIRouter:
    router = APIRouter(tags=["messaging"])

    @router.get("/u/{token}", response_class=HTMLResponse, openapi_extra=PUBLIC)
    async def ask(token: Token) -> HTMLResponse:
        """The page behind the link in a message. Changes nothing."""
        return _page("Unsubscribe", _FORM, _read(links, token))

    @router.post("/u/{token}", response_class=HTMLResponse, openapi_extra=PUBLIC)
    async def unsubscribe(token: Token) -> HTMLResponse:
        """One click: consent to messages of this one's type is withdrawn, before the next of them. Any body."""
        reference = _read(links, token)
        if not reference.live:
            return _page("Unsubscribe", _TRIED, reference)
        walls.narrow(reference.project)
        async with resources.transaction() as tx:
            await withdraw(tx, reference)
        return _page("Unsubscribed", _DONE, reference)

    return router


def _read(links: Links, token: str) -> Reference:
    reference = links.read(token)
    if reference is None:
        remedy = "open the link from the message once more, all of it"
        raise Problem(404, "unknown_link", "this is no link from a message, or it is not whole", remedy)
    return reference


def _page(title: str, content: str, reference: Reference) -> HTMLResponse:
    shown = content.format(kind=escape(reference.message_type))
    return HTMLResponse(_PAGE.format(title=title, content=shown), headers=_HEADERS)
