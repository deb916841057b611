"""Memory that a chunk needed for a moment goes back to the system: the allocator keeps it for as long as it may.

A heap that has once held a large value is full of holes. `malloc_trim` gives back the whole pages among them; that
takes some tenths of a millisecond, and what is needed again is a page fault each.
"""

import asyncio
import ctypes
import time
from contextlib import suppress

EVERY_SECONDS = 0.25
WORK_SECONDS = 0.01
"""Of CPU since it was last looked at: with less there is nothing worth giving back."""


async def give_back() -> None:
    """For as long as the process runs. Nothing where the C library is another one than glibc."""
    with suppress(AttributeError):
        trim = ctypes.CDLL(None).malloc_trim
        before = time.process_time()
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            now = time.process_time()
            if now - before > WORK_SECONDS:
                trim(0)
            before = now
