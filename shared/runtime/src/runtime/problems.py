"""HTTP refusals as RFC 9457 problem documents: what is wrong (`code`, `detail`) and what to do (`remedy`)."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.middleware.body_limit import MAX_BODY_SIZE_SCOPE_KEY
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from runtime.documents import Unreadable, read_json
from runtime.errors import Permanent
from runtime.invalid import in_words

MEDIA_TYPE = "application/problem+json"
GONE = 499
"""In logs alone: whoever asked did not stay to hear the answer."""
log = structlog.get_logger()


class Problem(Exception):
    """Answers the request with this status and document. `extra` are further members (`points`, …)."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        remedy: str,
        *,
        headers: Mapping[str, str] | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.remedy = status, code, detail, remedy
        self.headers, self.extra = headers, extra

    def document(self) -> dict[str, Any]:
        return {
            "type": f"urn:slipway:problem:{self.code}",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
            "remedy": self.remedy,
            **self.extra,
        }

    def response(self) -> Response:
        return JSONResponse(
            self.document(), self.status, None if self.headers is None else dict(self.headers), media_type=MEDIA_TYPE
        )


def too_large(limit: int) -> Problem:
    """The refusal of a body of more than `limit` bytes."""
    size = f"{limit >> 20} MiB" if limit >= 1 << 20 else f"{limit} bytes"
    return Problem(413, "too_large", f"this body is larger than {size}", "send it in portions")


def unreadable(wrong: Unreadable) -> Problem:
    """The refusal of a body as a document."""
    remedies = {"too_deep": "say it with fewer levels", "duplicate_key": "keep one of the two"}
    code = wrong.code if wrong.code in remedies else "invalid"
    error = {"place": f"body.{wrong.field}" if wrong.field else "body", "message": wrong.message}
    if wrong.line is not None:
        error["message"] = str(wrong)
    remedy = remedies.get(wrong.code, "correct it there: a body is JSON in UTF-8")
    return Problem(422, code, f"{error['place']}: {error['message']}", remedy, errors=[error])


class LimitRefusals:
    """Around an app: the framework refuses too large a body in plain text; that becomes a problem, too."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        replaced = False

        async def sent(message: Message) -> None:
            nonlocal replaced
            if replaced:
                return
            if message["type"] == "http.response.start" and message["status"] == 413 and _is_plain(message):
                replaced = True
                await too_large(scope[MAX_BODY_SIZE_SCOPE_KEY]).response()(scope, receive, send)
            else:
                await send(message)

        await self._app(scope, receive, sent)


def _is_plain(start: Message) -> bool:
    kind: bytes = dict(start["headers"]).get(b"content-type", b"")
    return kind.startswith(b"text/plain")


def install(app: FastAPI, *, unavailable: tuple[type[Exception], ...] = ()) -> None:
    """Every refusal and failure of `app` becomes a problem. `unavailable` are the errors of a missing database."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Permanent, _permanent)
    app.add_exception_handler(ClientDisconnect, _gone)
    for error in unavailable:
        app.add_exception_handler(error, _unavailable)
    app.add_exception_handler(Exception, _internal)


def _problem(_: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return error.response()


def _invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    errors = [_error(problem, error.body) for problem in error.errors()]
    detail = "; ".join(f"{each['place']}: {each['message']}" for each in errors[:5])
    return Problem(422, "invalid", detail, "correct what `errors` names; `GET /openapi.json` describes what there is",
                   errors=errors[:100]).response()  # fmt: skip


def _error(problem: Mapping[str, Any], body: Any) -> dict[str, str]:
    """Where what is no JSON breaks off is no field of it."""
    place, message = problem["loc"], in_words(problem)
    if problem["type"] == "json_invalid" and isinstance(body, str):
        before = body[: int(place[-1])]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        return {"place": str(place[0]), "message": f"line {line}, column {column}: {message}"}
    return {"place": ".".join(map(str, place)), "message": message}


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if isinstance(error.__cause__, ValueError | RecursionError):  # the framework could not read the body, and hides why
        wrong = read_json(await request.body())
        if isinstance(wrong, Unreadable):
            return unreadable(wrong).response()
    if error.status_code == 413 and MAX_BODY_SIZE_SCOPE_KEY in request.scope:
        return too_large(request.scope[MAX_BODY_SIZE_SCOPE_KEY]).response()
    code = HTTPStatus(error.status_code).name.lower()
    remedy = "`GET /openapi.json` says what there is" if error.status_code in (404, 405) else "correct the request"
    return Problem(error.status_code, code, str(error.detail), remedy, headers=error.headers).response()


def _permanent(_: Request, error: Exception) -> Response:
    return Problem(422, "not_possible", str(error), "repeating it does not help: change the request").response()


def _gone(request: Request, _: Exception) -> Response:
    log.info("the client broke off its request", method=request.method, path=request.url.path)
    return Response(status_code=GONE)


def _unavailable(_: Request, error: Exception) -> Response:
    log.warning("request failed: postgres is not reachable", error=str(error) or type(error).__name__)
    return Problem(503, "unavailable", "the database does not answer", "try again in a few seconds",
                   headers={"Retry-After": "2"}).response()  # fmt: skip


def _internal(request: Request, error: Exception) -> Response:
    log.error("request failed", method=request.method, path=request.url.path, exc_info=error)
    return Problem(
        500, "internal", "this failed on our side", "try again; the service's log says what happened"
    ).response()
