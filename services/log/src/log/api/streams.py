"""Long answers, written while they are read from the database."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import TypeVar

from fastapi.responses import StreamingResponse

from runtime.problems import Problem

AT_ONCE = 3
"""Each holds a connection, and the streams of records need the others."""
PIECE = 64 * 1024
"""Characters collected before they are sent."""
Row = TypeVar("Row")


class Streams:
    """At most AT_ONCE at once; another one is asked to come back."""

    def __init__(self) -> None:
        self._free = asyncio.Semaphore(AT_ONCE)

    def answer(
        self, rows: AsyncGenerator[Row, None], line: Callable[[Row], str], media_type: str, header: str = ""
    ) -> StreamingResponse:
        if self._free.locked():
            raise Problem(
                503,
                "busy",
                f"{AT_ONCE} exports are running here already",
                "try again in a few seconds",
                headers={"Retry-After": "5"},
            )
        return StreamingResponse(self._written(rows, line, header), media_type=f"{media_type}; charset=utf-8")

    async def _written(
        self, rows: AsyncGenerator[Row, None], line: Callable[[Row], str], header: str
    ) -> AsyncGenerator[bytes, None]:
        async with self._free, aclosing(rows):
            piece, size = [header], len(header)
            async for row in rows:
                piece.append(line(row))
                size += len(piece[-1])
                if size >= PIECE:
                    yield "".join(piece).encode()
                    piece, size = [], 0
            yield "".join(piece).encode()
