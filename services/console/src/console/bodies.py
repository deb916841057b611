"""A request's body on its way to the owner, piece by piece and bounded."""

import asyncio
from collections.abc import AsyncGenerator

from fastapi import Request

from runtime.problems import Problem, too_large

MAX_BODY = 16 * 1024 * 1024
BODY_SECONDS = 30.0
"""Longest wait for the next piece of a request's body."""


def body_of(request: Request) -> AsyncGenerator[bytes, None] | None:
    """None: it has none. Raises Problem if it says that it is too large.

    While it is read: Problem if it is too large after all or does not go on, ClientDisconnect if it breaks off.
    """
    length = request.headers.get("content-length")
    if length is not None and (not length.isdigit() or int(length) > MAX_BODY):
        raise too_large(MAX_BODY)
    has_body = length not in (None, "0") or "transfer-encoding" in request.headers
    return _pieces(request) if has_body else None


async def _pieces(request: Request) -> AsyncGenerator[bytes, None]:
    size = 0
    pieces = aiter(request.stream())
    while True:
        try:
            async with asyncio.timeout(BODY_SECONDS):
                piece = await anext(pieces)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise Problem(408, "slow_body", "the rest of the body does not come", "send it again") from None
        size += len(piece)
        if size > MAX_BODY:
            raise too_large(MAX_BODY)
        yield piece
