"""Asks executor over HTTP."""

from typing import Any

import httpx

from runtime.auth import Caller, mint

KEY = "k" * 32
HOOK = "hook: {webhook: {url: 'https://a.example'}, next: won}\nwon: {end: success}"
"""A step that executor does not know: whoever comes to it is an incident."""


def bearer(project: str, *grants: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {mint(Caller(project, 'ann', frozenset(grants or ('view',))), KEY)}"}


async def everything(client: httpx.AsyncClient, path: str, limit: int, **wanted: str) -> list[dict[str, Any]]:
    """All pages."""
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        query: dict[str, Any] = {"limit": limit, **wanted} | ({} if cursor is None else {"cursor": cursor})
        page = (await client.get(path, params=query)).raise_for_status().json()
        assert len(page["items"]) <= limit
        found += page["items"]
        cursor = page["next"]
        if cursor is None:
            return found
