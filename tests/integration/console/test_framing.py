"""What nobody may pass on, such as bodies whose end could be seen in two places, on raw connections: refused at once,
nobody behind hears of it."""

import asyncio
import json
from typing import Any

import pytest

from integration.console.world import World

CHUNKED = b"Transfer-Encoding: chunked\r\n"
WHOLE = b"5\r\nhello\r\n0\r\n\r\n"


async def answered(world: World, headers: bytes, *pieces: bytes) -> tuple[int, dict[str, Any]]:
    """Status and document of what comes back, at the latest after two seconds; the connection is closed behind it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", world.http.base_url.port)
    writer.write(b"POST /v1/contacts HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer key.secret\r\n")
    writer.write(headers + b"\r\n")
    for piece in pieces:
        writer.write(piece)
        await writer.drain()
    async with asyncio.timeout(2):
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    return int(head.split()[1]), json.loads(body)


@pytest.mark.parametrize(
    "headers",
    [
        CHUNKED + b"Content-Length: 500\r\n",
        b"Content-Length: 500\r\n" + CHUNKED,
        b"Content-Length: 3\r\n" + CHUNKED,
        b"Content-Length: 500\r\nConnection: Content-Length\r\n" + CHUNKED,
    ],
)
async def test_a_chunked_body_with_a_length_beside_it_is_refused_at_once(world: World, headers: bytes) -> None:
    status, problem = await answered(world, headers, WHOLE)
    assert (status, problem["code"], "Transfer-Encoding" in problem["detail"]) == (400, "bad_request", True)
    assert all(not upstream.seen for upstream in world.upstreams.values())


@pytest.mark.parametrize("wrong", [b"zz\r\n", b"-1\r\n", b"0x5\r\nhello\r\n", b"5\r\nhello!!\r\n"])
async def test_a_chunk_of_a_wrong_size_ends_the_request_although_its_owner_hears_the_first(
    world: World, wrong: bytes
) -> None:
    status, problem = await answered(world, CHUNKED, b"5\r\nhello\r\n", wrong)
    assert (status, problem["code"]) == (400, "bad_request")
    assert world["contacts"].seen == []


@pytest.mark.parametrize("control", [b"\x01", b"\x7f", b"a\x1fb"])
@pytest.mark.parametrize("name", [b"Slipway-Project", b"Idempotency-Key", b"X-Anything"])
async def test_a_control_character_in_a_header_is_refused_before_anything_is_passed_on(
    world: World, name: bytes, control: bytes
) -> None:
    headers = name + b": " + control + b"\r\nContent-Length: 5\r\nConnection: close\r\n"
    status, problem = await answered(world, headers, b"hello")
    assert (status, problem["code"]) == (400, "bad_request")
    assert f"header {name.decode().lower()}" in problem["detail"] and problem["remedy"]
    assert all(not upstream.seen for upstream in world.upstreams.values())


async def test_also_at_an_address_that_is_open_to_everybody(world: World) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", world.http.base_url.port)
    writer.write(b"GET /u/abc HTTP/1.1\r\nHost: a\r\nUser-Agent: \x01\r\nConnection: close\r\n\r\n")
    async with asyncio.timeout(2):
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    assert (head.split()[1], "user-agent" in json.loads(body)["detail"]) == (b"400", True)


async def test_a_length_said_twice_alike_is_passed_on_once(world: World) -> None:
    lengths = b"Content-Length: 5\r\nContent-Length: 5\r\nConnection: close\r\n"
    status, echo = await answered(world, lengths, b"hello")
    assert (status, echo["size"]) == (200, 5)
    [(_, _, headers, body)] = world["contacts"].seen
    assert (headers["content-length"], body) == ("5", b"hello")
