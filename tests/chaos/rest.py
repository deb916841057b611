"""When a platform has come to rest: launches ended, cursors at the ends, nothing waits to be published."""

import asyncio
import time
from collections.abc import Sequence

import asyncpg
from aiokafka.errors import KafkaError

from chaos.collect import Place, ends_of, reading
from chaos.tables import SERVICES

EVERY_SECONDS = 0.5
IN_A_ROW = 2
OPEN_SENDS = "SELECT count(*) FROM send WHERE state IN ('planned', 'held', 'sending')"


async def until_rest(place: Place, launches: Sequence[str], patience: float) -> list[str]:
    """What still moves after `patience` seconds; nothing if it came to rest."""
    deadline = time.monotonic() + patience
    calm = 0
    while True:
        try:
            left = await _left(place, launches)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, KafkaError) as error:
            left = [f"no answer: {error!r}"]
        calm = 0 if left else calm + 1
        if calm >= IN_A_ROW or time.monotonic() > deadline:
            return left
        await asyncio.sleep(EVERY_SECONDS)


async def _left(place: Place, launches: Sequence[str]) -> list[str]:
    async with reading(place.kafka) as consumer:
        ends = {(end.topic, end.partition): offset for end, offset in (await ends_of(consumer)).items()}
    left: list[str] = []
    for service in SERVICES:
        connection = await place.connect(service)
        try:
            for row in await connection.fetch("SELECT topic, partition, next_offset FROM stream_cursor"):
                behind = ends.get((row["topic"], row["partition"]), 0) - row["next_offset"]
                if row["topic"] != "clock" and behind > 0:
                    left.append(f"{service} is {behind} behind on {row['topic']}/{row['partition']}")
            waiting = await connection.fetchval(
                "SELECT (SELECT count(*) FROM outbox) + (SELECT count(*) FROM http_outbox)"
            )
            if waiting:
                left.append(f"{service} has {waiting} rows to publish")
            if service == "messaging" and (sends := await connection.fetchval(OPEN_SENDS)):
                left.append(f"{sends} sends are open")
            if service == "log":
                ended = {row[0] for row in await connection.fetch("SELECT launch_id FROM launch WHERE announced")}
                left += [f"launch {launch} has not ended" for launch in launches if launch not in ended]
        finally:
            await connection.close()
    return left
