"""The supervisor's socket: one JSON line asks, one JSON line answers. Only the owner can open it."""

import asyncio
import json
import os
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from cli.platform.failure import PlatformError, Unreachable
from cli.platform.home import Home

Handler = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]


class NotRunning(Unreachable):
    """No supervisor listens there."""


async def serve(path: Path, handler: Handler) -> asyncio.Server:
    """What `handler` raises as PlatformError becomes the caller's."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, ValueError):
            try:
                reply = await handler(json.loads(await reader.readline()))
            except PlatformError as error:
                reply = {"error": error.what, "remedy": error.remedy, "code": error.code}
            writer.write(json.dumps(reply).encode() + b"\n")
            await writer.drain()
        writer.close()

    with suppress(FileNotFoundError):
        os.unlink(path)  # the home is held, so a socket here is a dead one's
    mask = os.umask(0o177)
    try:
        return await asyncio.start_unix_server(answer, path)
    finally:
        os.umask(mask)


def ask(home: Home, timeout: float = 120.0, **request: Any) -> dict[str, Any]:
    """The supervisor's answer. Raises NotRunning, or what it refuses with."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(timeout)
        try:
            connection.connect(str(home.control))
        except OSError as error:
            looked = f"That folder is meant because {home.why}. " if home.why else ""
            raise NotRunning(
                f"no platform is running in {home.root}", f"{looked}`slipway up` starts one there."
            ) from error
        connection.sendall(json.dumps(request).encode() + b"\n")
        with connection.makefile("rb") as file:
            reply: dict[str, Any] = json.loads(file.readline() or b'{"error": "the supervisor ended meanwhile"}')
    if "error" in reply:
        raise PlatformError(reply["error"], reply.get("remedy", ""), reply.get("code"))
    return reply
