"""What cannot be read as a request is a problem with a remedy, too; and what is just short enough is served."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from runtime import web
from runtime.health import Readiness
from runtime.settings import Settings
from runtime.wire import LONGEST


@pytest.fixture
async def port() -> AsyncIterator[int]:
    settings = Settings()
    server, listening = web.Web("test", settings, Readiness("test")), web.listen(settings)
    server.start(listening)
    server.open()
    yield listening.getsockname()[1]
    await server.stop()


async def answered(port: int, request: bytes) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of what comes back; the connection is closed behind it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    first, *lines = head.decode().split("\r\n")
    return int(first.split()[1]), dict(line.lower().split(": ", 1) for line in lines), body


def asking(path: bytes) -> bytes:
    return b"GET /" + path + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize(
    ("request_", "status", "code"),
    [
        (b"GET /" + b"x" * LONGEST, 431, "too_long"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nLong: " + b"x" * LONGEST, 431, "too_long"),
        (b"what is this\r\n\r\n", 400, "bad_request"),
        (asking(b"x" * (LONGEST - 100)), 404, "not_found"),
    ],
)
async def test_what_cannot_be_read_is_a_problem(port: int, request_: bytes, status: int, code: str) -> None:
    found, headers, body = await answered(port, request_)
    problem = json.loads(body)
    assert (found, problem["code"], problem["status"]) == (status, code, status)
    assert headers["content-type"] == "application/problem+json"
    assert problem["detail"] and problem["remedy"]
