"""Bytes from the server to replies, as they come: one read may hold the replies to several commands."""

import asyncio
import re
from collections import deque
from typing import NamedTuple, cast

from messaging.ports.mailing import Unavailable

_LINE = re.compile(rb"([2-5][0-9][0-9])([ -]?)(.*)")
_LONGEST = 64 * 1024
"""More than this without an end of line, or in one reply, is no SMTP server."""


class Reply(NamedTuple):
    code: int
    lines: tuple[str, ...]

    @property
    def good(self) -> bool:
        return 200 <= self.code < 300


class Wire(asyncio.Protocol):
    """One connection. Replies come out in order; once it is lost, asking for more raises Unavailable."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.lost: str | None = None
        """Why nothing more will come; None while it is open."""
        self._rest = b""
        self._lines: list[str] = []
        self._size = 0
        self._replies: deque[Reply] = deque()
        self._waiting: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's are none by descent

    def data_received(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._line(line.rstrip(b"\r"))
        if len(self._rest) > _LONGEST or self._size > _LONGEST:
            self.abort("the server talks too much")
        if self._replies:
            self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self._lose(f"connection lost: {exc}" if exc else "connection closed by the server")

    def write(self, data: bytes) -> None:
        """Raises Unavailable if the connection is known to be gone: then nothing was written."""
        if self.lost is not None or self.transport is None or self.transport.is_closing():
            raise Unavailable(self.lost or "connection closed")
        self.transport.write(data)

    async def reply(self) -> Reply:
        """The next one. Raises Unavailable; waits for as long as it is allowed to (`asyncio.timeout`)."""
        while not self._replies:
            if self.lost is not None:
                raise Unavailable(self.lost)
            self._waiting = asyncio.get_running_loop().create_future()
            await self._waiting
        return self._replies.popleft()

    def ready(self, count: int) -> list[Reply] | None:
        """The next replies, if so many are here already."""
        if len(self._replies) < count:
            return None
        return [self._replies.popleft() for _ in range(count)]

    @property
    def silent(self) -> bool:
        """Nothing has come that was not asked for."""
        return not self._replies and not self._rest and not self._lines

    def close(self, why: str) -> None:
        """In good order: what was written still goes out."""
        self._lose(why)
        if self.transport is not None:
            self.transport.close()

    def abort(self, why: str) -> None:
        self._lose(why)
        if self.transport is not None:
            self.transport.abort()

    def _line(self, line: bytes) -> None:
        match = _LINE.fullmatch(line)
        if match is None:
            self.abort("the server does not speak SMTP")
            return
        self._size += len(line)
        self._lines.append(match[3].decode("utf-8", "replace"))
        if match[2] != b"-":
            self._replies.append(Reply(int(match[1]), tuple(self._lines)))
            self._lines, self._size = [], 0

    def _lose(self, why: str) -> None:
        self.lost = self.lost or why
        self._wake()

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)
