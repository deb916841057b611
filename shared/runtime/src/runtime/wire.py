"""What cannot even be read as a request: uvicorn refuses it in plain text, here it is a problem like any other."""

import sys

import h11
from uvicorn.protocols.http.h11_impl import STATUS_PHRASES, H11Protocol

from runtime.problems import MEDIA_TYPE, Problem

LONGEST = 64 * 1024
"""Bytes of a request's first line and headers that may have come while their end has not."""
_TOO_LONG = 431


class Wire(H11Protocol):
    def send_400_response(self, msg: str) -> None:
        """Called while the error is handled that h11 has raised; the connection is closed."""
        error = sys.exception()
        answer = _problem(error.error_status_hint if isinstance(error, h11.RemoteProtocolError) else 400).response()
        headers = [(b"content-type", MEDIA_TYPE.encode()), (b"connection", b"close")]
        status = answer.status_code
        for event in (
            h11.Response(status_code=status, headers=headers, reason=STATUS_PHRASES[status]),
            h11.Data(data=bytes(answer.body)),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event))
        self.transport.close()


def _problem(status: int) -> Problem:
    if status == _TOO_LONG:
        detail = f"the address and the headers of this request are longer than {LONGEST >> 10} KiB"
        return Problem(_TOO_LONG, "too_long", detail, "say less in the address: what is long goes in the body")
    return Problem(400, "bad_request", "this is no HTTP/1.1 request", "look at /openapi.json for what can be asked")
