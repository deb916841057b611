"""What a heap is no longer used for is given back, though something that is used lies above it."""

import asyncio
import sys
from contextlib import suppress

import psutil
import pytest

from runtime import memory

BLOCK = 2_000
"""Bytes: more than Python's own allocator takes, less than what the C library maps by itself."""
BLOCKS = 20_000


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's")
async def test_a_heap_full_of_holes_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "EVERY_SECONDS", 0.01)
    monkeypatch.setattr(memory, "WORK_SECONDS", 0.0)
    blocks = [bytes(BLOCK) for _ in range(BLOCKS)]
    full = resident()
    kept = blocks[::100]
    del blocks
    with suppress(TimeoutError):
        async with asyncio.timeout(10):
            giving = asyncio.create_task(memory.give_back())
            while full - resident() < BLOCK * BLOCKS / 2:
                await asyncio.sleep(0.01)
    giving.cancel()
    assert full - resident() >= BLOCK * BLOCKS / 2
    assert len(kept) == BLOCKS / 100


def resident() -> int:
    return int(psutil.Process().memory_info().rss)
