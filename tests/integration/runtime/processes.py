"""Ledger processes of a test: started with a slot and perhaps a failpoint, ended with the test."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from integration.runtime.harness import Bench

TESTS = Path(__file__).parents[2]


@asynccontextmanager
async def ledger_process(bench: Bench, slot: str, failpoint: str = "") -> AsyncIterator[asyncio.subprocess.Process]:
    """Started, not yet ready: `await ready(process)`."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "integration.runtime.ledger_process",
        env={
            **os.environ,
            **bench.environment(slot, SLIPWAY_FAILPOINT=failpoint, SLIPWAY_TOKEN_KEY="k" * 32),
            "PYTHONPATH": str(TESTS),
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL if "SLIPWAY_TEST_LOGS" not in os.environ else None,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def ready(process: asyncio.subprocess.Process) -> None:
    assert process.stdout is not None
    async with asyncio.timeout(20):
        while (line := await process.stdout.readline()) != b"ready\n":
            assert line, "the process ended before it was ready"
