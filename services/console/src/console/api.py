"""The public address: each request goes to its owner; what concerns several services is asked of all and merged."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import TypeVar
from urllib.parse import urlencode

import aiohttp
import orjson
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from console.adapters.services import Services
from console.adapters.tokens import Credentials, Tokens
from console.bodies import body_of
from console.domain import audit
from console.domain.headers import SECURITY, forwarded, returned, unspeakable
from console.domain.owners import Refusal, Row, find, named
from console.domain.parameters import declared, repeated, unknown
from console.limits import Limits
from contracts.access import ROUTES, Access, Door
from contracts.words import Permission
from runtime.audit import AUDIT_LIMIT, AUDIT_MOST
from runtime.auth import PROJECT_HEADER
from runtime.guards import PUBLIC
from runtime.problems import Problem
from runtime.spans import HEADER, traceparent

COUNTED_HERE = 1 << 62
"""In the place of the framework's own limit: `bodies` keeps to its own."""
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
MERGED_SECONDS = 10.0
Found = TypeVar("Found", Row, str)
OPENAPI = files("console").joinpath("openapi.json").read_bytes()
"""Made from the services' routes by `make docs`."""
PARAMETERS = declared(orjson.loads(OPENAPI))
PARKED = "/v1/parked/"
AUDIT = "/v1/audit"


class Console:
    def __init__(self, services: Services, tokens: Tokens) -> None:
        self._services = services
        self._tokens = tokens

    async def answer(self, request: Request) -> Response:
        """To the owner of the path, body and answer streamed; or asked of all and merged."""
        _demand_speakable(request)
        row = _given(find(request.method, _raw_path(request), request.url.query))
        _demand_known(request, row)
        if row.path == AUDIT:
            return await self._audit(request, row.access)
        if row.access.merged:
            return await self._merged(request, row.access)
        if row.path.startswith(PARKED):
            return await self._parked(request, row.access)
        if row.access.within and (missing := await self._missing(request, row.access, row.access.within)):
            return missing
        if not row.access.also:
            response = await self._passed_on(request, row.access.service, _target(request), row.access)
            if row.access.permission is Permission.USERS_MANAGE and request.method != "GET":
                self._tokens.forget()
            return response
        service = _given(named(row.access, request.query_params.get("service")))
        return await self._passed_on(request, service, _target(request), row.access)

    async def _parked(self, request: Request, access: Access) -> Response:
        """A parked record, of the service that has it: `?service=`, else whoever says so."""
        meant = request.query_params.get("service")
        asked = access.services if meant is None else (_given(named(access, meant)),)
        path = _raw_path(request)
        answers = await self._ask(dict.fromkeys(asked, path.removesuffix("/replay")), request, access)
        refused = next((answer for answer in answers.values() if answer and answer.status not in (200, 404)), None)
        if refused is not None:
            return refused.response()
        owners = [service for service, answer in answers.items() if answer and answer.status == 200]
        if len(owners) != 1:
            raise _no_owner(owners, [service for service, answer in answers.items() if answer is None])
        return await self._passed_on(request, owners[0], path, access)

    async def _missing(self, request: Request, access: Access, within: str) -> Response | None:
        """What its owner says of a thing that there is not. None: it is there, or its owner does not answer: the list
        is told all the same."""
        owner, path = ROUTES["GET", within].service, _raw_path(request).rpartition("/")[0]
        answer = (await self._ask({owner: path}, request, access))[owner]
        return answer.response() if answer and answer.status == 404 else None

    async def _merged(self, request: Request, access: Access) -> Response:
        """The lists of the row's services in one. Who did not answer is named: `unavailable`."""
        answers = await self._ask(dict.fromkeys(access.services, request.url.path), request, access)
        refused = next((answer for answer in answers.values() if answer and answer.status != 200), None)
        if refused is not None:
            return refused.response()
        items = [
            {"service": service, **item}
            for service, answer in answers.items()
            if answer
            for item in orjson.loads(answer.body)["items"]
        ]
        missing = [service for service, answer in answers.items() if answer is None]
        return JSONResponse({"items": items, "unavailable": missing})

    async def _audit(self, request: Request, access: Access) -> Response:
        """A page of all services' audits in one, newest first."""
        query = dict(request.query_params)
        if unheard := audit.unheard_of(query.get("thing"), query.get("action")):
            raise unheard
        places = audit.places(query.pop("cursor", None), access.services)
        limit = query.pop("limit", str(AUDIT_LIMIT))
        if places is None:
            raise Problem(422, "bad_cursor", "this cursor is not one of ours", "leave it out to start over")
        if not (limit.isascii() and limit.isdecimal() and 1 <= int(limit[:9]) <= AUDIT_MOST):
            raise Problem(422, "invalid", "limit: it is out of bounds", f"give a number from 1 to {AUDIT_MOST}")
        targets = {
            service: f"{AUDIT}?{urlencode({**query, 'limit': limit, **({'cursor': place} if place else {})})}"
            for service, place in places.items()
            if place != audit.DONE
        }
        answers = await self._ask(targets, request, access)
        refused = next((answer for answer in answers.values() if answer and answer.status != 200), None)
        if refused is not None:
            return refused.response()
        read = {service: orjson.loads(answer.body) if answer else None for service, answer in answers.items()}
        parts = {service: audit.Part(each["items"], each["next"]) if each else None for service, each in read.items()}
        page = audit.merged(parts, places, int(limit))
        missing = [service for service, part in parts.items() if part is None]
        return JSONResponse({"items": page.items, "next": page.next, "unavailable": missing})

    async def _ask(self, targets: Mapping[str, str], request: Request, access: Access) -> dict[str, "Answer | None"]:
        """What each service says to its target; None: it cannot be reached, or is in trouble."""
        headers = [_bearer(await self._token(request, access))]
        if (project := request.headers.get(PROJECT_HEADER)) is not None:
            headers.append((PROJECT_HEADER, project))
        answers = await asyncio.gather(*(self._ask_one(*target, headers) for target in targets.items()))
        return dict(zip(targets, answers, strict=True))

    async def _ask_one(self, service: str, target: str, headers: list[tuple[str, str]]) -> "Answer | None":
        try:
            async with asyncio.timeout(MERGED_SECONDS):
                answer = await self._services.send(service, "GET", target, headers=headers)
                async with answer:
                    body = await answer.read()
        except (Problem, TimeoutError, aiohttp.ClientError):
            return None
        return None if answer.status >= 500 else Answer(answer.status, body, answer.content_type)

    async def _passed_on(self, request: Request, service: str, target: str, access: Access) -> Response:
        headers = forwarded(request.headers.items())
        if access.permission is not Door.PUBLIC:
            headers.append(_bearer(await self._token(request, access)))
        if (span := traceparent()) is not None:
            headers.append((HEADER, span))
        answer = await self._services.send(service, request.method, target, headers=headers, data=body_of(request))
        response = StreamingResponse(_pieces(answer), status_code=answer.status)
        response.raw_headers = [
            (name.encode("latin-1"), value.encode("latin-1")) for name, value in returned(answer.headers.items())
        ]
        return response

    async def _token(self, request: Request, access: Access) -> str:
        """launcher refuses it to an administrator who names a project that there is not. What it serves alone it judges
        itself: a project may be named before it is made."""
        authorization = request.headers.get("authorization", "")
        if not authorization.lower().startswith("bearer "):
            raise Problem(
                401,
                "unauthenticated",
                "nobody is named",
                "send Authorization: Bearer <id>.<secret>",
                headers={"WWW-Authenticate": "Bearer"},
            )
        project, on_behalf_of = request.headers.get(PROJECT_HEADER), request.headers.get("slipway-as")
        if access.services == ("launcher",) and on_behalf_of is None:
            project = None
        return await self._tokens.of(Credentials(authorization, project, on_behalf_of))


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer of one service."""

    status: int
    body: bytes
    media_type: str

    def response(self) -> Response:
        return Response(self.body, self.status, media_type=self.media_type)


async def description(_: Request) -> Response:
    """The OpenAPI document of all that there is."""
    return Response(OPENAPI, media_type="application/json", headers={"Cache-Control": "max-age=300"})


def routes(console: Console, limits: Limits) -> APIRouter:
    """Open to everybody: whom a row wants, console asks for a token, and its owner judges that."""
    router = APIRouter(include_in_schema=False)
    router.add_api_route("/openapi.json", _guarded(description, limits), methods=["GET"], openapi_extra=PUBLIC)
    router.add_api_route(
        "/{path:path}",
        _guarded(console.answer, limits),
        methods=METHODS,
        max_body_size=COUNTED_HERE,
        openapi_extra=PUBLIC,
    )
    return router


def _guarded(
    answer: Callable[[Request], Awaitable[Response]], limits: Limits
) -> Callable[[Request], Awaitable[Response]]:
    """Every answer carries the limits and the security headers, refusals too; a page's own know better."""

    async def guarded(request: Request) -> Response:
        said: dict[str, str] = {}
        try:
            said = limits.take(request)
            response = await answer(request)
        except Problem as problem:
            response = problem.response()
        response.headers.update(said)
        for name, value in {**SECURITY, "Cache-Control": "no-store"}.items():
            response.headers.setdefault(name, value)
        return response

    return guarded


def _given(found: Found | Refusal) -> Found:
    if isinstance(found, Refusal):
        raise Problem(found.status, found.code, found.detail, found.remedy, headers=found.headers)
    return found


def _demand_speakable(request: Request) -> None:
    name = unspeakable(request.headers.items())
    if name is not None:
        detail = f"there is a control character in the header {name[:50]}"
        raise Problem(400, "bad_request", detail, "leave it out: a header's value is text, spaces and tabs")


def _demand_known(request: Request, row: Row) -> None:
    """Not of what is public: who sends a link in a mail on, or follows it, appends to it what they like."""
    known = PARAMETERS.get((request.method, row.path))
    if known is not None and row.access.permission is not Door.PUBLIC:
        given = [name for name, _ in request.query_params.multi_items()]
        problem = unknown(known, given) or repeated(known, given)
        if problem is not None:
            raise problem


async def _pieces(answer: aiohttp.ClientResponse) -> AsyncGenerator[bytes, None]:
    async with answer:
        async for piece in answer.content.iter_any():
            yield piece


def _raw_path(request: Request) -> str:
    raw: bytes = request.scope["raw_path"]
    return raw.decode("latin-1")


def _target(request: Request) -> str:
    query: bytes = request.scope["query_string"]
    return _raw_path(request) + (f"?{query.decode('latin-1')}" if query else "")


def _bearer(token: str) -> tuple[str, str]:
    return "authorization", f"Bearer {token}"


def _no_owner(owners: list[str], silent: list[str]) -> Problem:
    """Nobody has a parked record of that id, or several do."""
    if owners:
        remedy = f"say which with `?service=`: {', '.join(owners)}"
        return Problem(409, "ambiguous", f"{' and '.join(owners)} each have a parked record of this id", remedy)
    if silent:
        detail = f"no service that answers has it parked, and {', '.join(silent)} did not answer"
        return Problem(503, "unavailable", detail, "try again in a few seconds", headers={"Retry-After": "2"})
    return Problem(404, "unknown_parked", "no parked record has this id", "`GET /v1/parked` lists them")
