"""Waiting for a server to answer, whoever started it."""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from cli.platform.failure import Unreachable

START_SECONDS = float(os.environ.get("SLIPWAY_START_SECONDS") or 120)
"""Seconds that a server, and after it the services, may take to start; a Kafka that was killed takes up to ten."""


async def await_kafka(options: Mapping[str, Any], patience: float = START_SECONDS) -> None:
    """Returns when a broker answers with metadata; `options` are an aiokafka client's. Raises Unreachable."""
    from aiokafka.admin import AIOKafkaAdminClient

    async def ask() -> None:
        admin = AIOKafkaAdminClient(request_timeout_ms=3_000, **options)
        try:
            await admin.start()
            await admin.list_topics()
        finally:
            await admin.close()

    with _quiet("aiokafka"):
        await _insist(f"Kafka at {options['bootstrap_servers']}", "SLIPWAY_KAFKA", ask, patience)


async def await_postgres(address: str, patience: float = START_SECONDS) -> None:
    """Returns when the server answers, were it that there is no such database yet. Raises Unreachable."""
    import asyncpg

    async def ask() -> None:
        try:
            connection = await asyncpg.connect(address, timeout=5)
        except asyncpg.InvalidCatalogNameError:
            return
        await connection.close()

    await _insist(f"PostgreSQL at {address.rpartition('@')[2]}", "SLIPWAY_POSTGRES", ask, patience)


async def _insist(server: str, setting: str, ask: Callable[[], Awaitable[None]], patience: float) -> None:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + patience
    while True:
        try:
            return await asyncio.wait_for(ask(), 5)
        except Exception as error:  # whatever a half-started server answers with
            if loop.time() > deadline:
                raise Unreachable(
                    f"{server} does not answer ({type(error).__name__}: {error})",
                    f"look at its log, or at the address in {setting}",
                ) from error
        await asyncio.sleep(0.1)


@contextmanager
def _quiet(logger: str) -> Iterator[None]:
    """Refused connections are what is expected here; at the end the error says it."""
    its = logging.getLogger(logger)
    level = its.level
    its.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        its.setLevel(level)
