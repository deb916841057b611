"""Asks a process over HTTP how it is, with the standard library alone: the supervisor stays small."""

import asyncio
import json
from typing import Any
from urllib.parse import urlsplit

SECONDS = 3.0


async def get(url: str, token: str | None = None) -> tuple[int, Any]:
    """Status and JSON document (None if it is none); (0, None) if nobody answers."""
    try:
        return await asyncio.wait_for(_get(url, token), SECONDS)
    except (OSError, TimeoutError, ValueError, IndexError, asyncio.IncompleteReadError):
        return 0, None


async def is_ready(url: str) -> bool:
    return (await get(f"{url}/readyz"))[0] == 200


async def _get(url: str, token: str | None) -> tuple[int, Any]:
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        lines = [f"GET {address.path} HTTP/1.0", f"Host: {address.netloc}", "Accept: application/json"]
        lines += [f"Authorization: Bearer {token}"] if token else []
        writer.write("\r\n".join([*lines, "", ""]).encode())
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    finally:
        writer.close()
    status = int(head.split(maxsplit=2)[1])
    try:
        return status, json.loads(body)
    except ValueError:
        return status, None
