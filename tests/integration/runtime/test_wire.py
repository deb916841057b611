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


CHUNKED = b"Transfer-Encoding: chunked\r\n"


def posting(headers: bytes, body: bytes, version: bytes = b"1.1") -> bytes:
    return b"POST /x HTTP/" + version + b"\r\nHost: a\r\nConnection: close\r\n" + headers + b"\r\n" + body


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (posting(b"Content-Length: 9\r\n" + CHUNKED, b"1\r\nx\r\n0\r\n\r\n"), 400),
        (posting(CHUNKED, b"0\r\n\r\n", b"1.0"), 400),
        (posting(b"Content-Length: 1\r\nContent-Length: 2\r\n", b"xy"), 400),
        (posting(b"Content-Length: 1, 2\r\n", b"xy"), 400),
        (posting(b"Content-Length: +1\r\n", b"x"), 400),
        (posting(b"Content-Length: -1\r\n", b"x"), 400),
        (posting(b"Content-Length : 1\r\n", b"x"), 400),
        (posting(b"Transfer-Encoding: gzip, chunked\r\n", b"0\r\n\r\n"), 400),
        (posting(b"Transfer-Encoding: identity\r\nContent-Length: 1\r\n", b"x"), 400),
        (posting(CHUNKED + CHUNKED, b"0\r\n\r\n"), 400),
        (posting(CHUNKED, b"5x\r\nhello\r\n0\r\n\r\n"), 400),
        (posting(CHUNKED, b"F" * 21 + b"\r\n"), 400),
        (posting(CHUNKED, b"1\r\nxy\r\n0\r\n\r\n"), 400),
        (posting(CHUNKED, b"1\r\nx\r\n0\r\n\r\n"), 404),
        (posting(b"Content-Length: 1\r\nContent-Length: 1\r\n", b"x"), 404),
    ],
)
async def test_a_body_whose_end_is_not_clear_is_a_problem(port: int, request_: bytes, status: int) -> None:
    found, headers, body = await answered(port, request_)
    assert (found, json.loads(body)["status"], headers["content-length"]) == (status, status, str(len(body)))


async def test_what_is_wrong_behind_an_answer_only_ends_the_connection(port: int) -> None:
    failures: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: failures.append(context))
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(posting(CHUNKED, b"1\r\nx\r\n"))
    answer = await reader.readuntil(b"}")
    writer.write(b"what\r\n")
    assert await reader.read() == b""
    assert (answer.split()[1], failures) == (b"404", [])
    writer.close()
