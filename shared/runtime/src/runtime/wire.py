"""What cannot even be read as a request, or could be read in two ways: refused as a problem like any other."""

import sys
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import STATUS_PHRASES, H11Protocol

from runtime.problems import MEDIA_TYPE, Problem

LONGEST = 64 * 1024
"""Bytes of a request's first line and headers that may have come while their end has not."""
_TOO_LONG = 431


class TwoLengths(h11.RemoteProtocolError):
    """RFC 9112, 6.1 and 6.3: who passes such a body on, and who reads it behind, may see two ends of it."""


class _Framed(h11.Connection):
    """h11 refuses lengths that differ, codings but `chunked`, and chunks without a size. What is chunked it reads by
    its chunks, and hands on the Content-Length beside them as if it were true."""

    def next_event(self) -> Any:
        event = super().next_event()
        if isinstance(event, h11.Request):
            names = {name for name, _ in event.headers}
            if b"transfer-encoding" in names and (b"content-length" in names or event.http_version < b"1.1"):
                raise TwoLengths("chunked, and of another length")
        return event


class Wire(H11Protocol):
    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.conn = _Framed(h11.SERVER, LONGEST)

    def send_400_response(self, msg: str) -> None:
        """Called while the error is handled that h11 has raised; the connection is closed. Where the answer has begun
        before the body was wrong, it ends there."""
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            self.transport.write(_written(_problem(sys.exception())))
        self.transport.close()


def _written(problem: Problem) -> bytes:
    body = bytes(problem.response().body)
    head = (
        f"HTTP/1.1 {problem.status} {STATUS_PHRASES[problem.status].decode()}",
        f"content-type: {MEDIA_TYPE}",
        f"content-length: {len(body)}",
        "connection: close",
    )
    return "\r\n".join((*head, "", "")).encode() + body


def _problem(error: BaseException | None) -> Problem:
    if isinstance(error, TwoLengths):
        detail = "Transfer-Encoding stands beside a Content-Length, or in HTTP/1.0: where this body ends is not clear"
        return Problem(400, "bad_request", detail, "send one of the two: Content-Length, or in HTTP/1.1 chunks")
    if isinstance(error, h11.RemoteProtocolError) and error.error_status_hint == _TOO_LONG:
        detail = f"the address and the headers of this request are longer than {LONGEST >> 10} KiB"
        return Problem(_TOO_LONG, "too_long", detail, "say less in the address: what is long goes in the body")
    return Problem(400, "bad_request", "this is no HTTP/1.1 request", "`GET /openapi.json` says what can be asked")
