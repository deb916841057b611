"""Long work leaves the event loop to others."""

import asyncio
import time

from runtime import slices


def slow(value: int) -> int:
    time.sleep(0.005)  # what takes this long is the processor, in the real thing
    return 2 * value


async def test_others_have_their_turns_in_between() -> None:
    turns, over = 0, False

    async def other() -> None:
        nonlocal turns
        while not over:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    assert await slices.each(range(40), slow) == [2 * value for value in range(40)]
    over = True
    await task
    assert turns >= 4


async def test_short_work_is_done_at_once() -> None:
    assert await slices.each([], slow) == []
    assert await slices.each("abc", str.upper) == ["A", "B", "C"]
