"""Whether a database answers: a server that takes the connection and says nothing does not."""

import asyncio

from platform_for_tests import Platform
from runtime import database


async def test_a_server_that_runs_answers(platform: Platform) -> None:
    assert await database.answers(platform.postgres.replace("{service}", "postgres"))


async def test_a_server_that_says_nothing_or_is_not_there_does_not_answer() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        assert not await database.answers(f"postgresql://slipway@127.0.0.1:{port}/log", seconds=0.3)
    assert not await database.answers(f"postgresql://slipway@127.0.0.1:{port}/log", seconds=0.3)
