"""Which process owns which partition number, as the database has it."""

import asyncio
import time
from collections.abc import Callable, Mapping

import asyncpg

from chaos.collect import Place

EVERY_SECONDS = 0.02
Owners = Mapping[int, tuple[str, int]]
"""By number: the slot that owns it, and its epoch."""
SQL = "SELECT partition, owner, epoch FROM stream_cursor WHERE topic = 'clock' ORDER BY partition"


def owners(place: Place, service: str) -> Owners:
    return asyncio.run(_owners(place, service))


def until_owned(place: Place, service: str, holds: Callable[[Owners], bool], longest: float) -> float | None:
    """Seconds from now until it is so; None: not within `longest`."""
    return asyncio.run(_until(place, service, holds, longest))


async def _owners(place: Place, service: str) -> Owners:
    connection = await place.connect(service)
    try:
        return await _read(connection)
    finally:
        await connection.close()


async def _until(place: Place, service: str, holds: Callable[[Owners], bool], longest: float) -> float | None:
    began = time.monotonic()
    connection = await place.connect(service)
    try:
        while time.monotonic() < began + longest:
            if holds(await _read(connection)):
                return time.monotonic() - began
            await asyncio.sleep(EVERY_SECONDS)
    finally:
        await connection.close()
    return None


async def _read(connection: "asyncpg.Connection[asyncpg.Record]") -> Owners:
    return {row["partition"]: (row["owner"].partition("/")[2], row["epoch"]) for row in await connection.fetch(SQL)}
