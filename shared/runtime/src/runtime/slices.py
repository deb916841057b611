"""Much work for one event loop, a little at a time: whatever else runs in the process has its turns in between."""

import asyncio
import time
from collections.abc import Callable, Iterable
from typing import TypeVar

SLICE_SECONDS = 0.02
T = TypeVar("T")
R = TypeVar("R")


async def each(values: Iterable[T], work: Callable[[T], R]) -> list[R]:
    """`[work(value) for value in values]`; what `work` takes for one value is as long as others wait at least."""
    done: list[R] = []
    began = time.monotonic()
    for value in values:
        done.append(work(value))
        if time.monotonic() - began > SLICE_SECONDS:
            await asyncio.sleep(0)
            began = time.monotonic()
    return done
