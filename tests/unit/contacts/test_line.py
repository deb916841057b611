"""The line of counts: a few at a time, one of each project, whoever waited through most turns of others first."""

import asyncio
from contextlib import suppress

import pytest

from contacts.adapters.line import Line
from contacts.ports.counting import Busy


class Ground:
    """Counts that take until they are told to end."""

    def __init__(self, at_a_time: int = 2, patience: float = 60) -> None:
        self.line = Line(at_a_time, patience)
        self.begun: list[str] = []
        self._ends: dict[str, asyncio.Event] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def ask(self, *counts: str) -> None:
        """`a1`: project a's first."""
        for count in counts:
            self._ends[count] = asyncio.Event()
            self._tasks[count] = asyncio.create_task(self._count(count))
            await self._settled()

    async def end(self, *counts: str) -> None:
        for count in counts:
            self._ends[count].set()
            await self._tasks[count]
            await self._settled()

    async def give_up(self, count: str) -> None:
        self._tasks[count].cancel()
        with suppress(asyncio.CancelledError):
            await self._tasks[count]

    async def _count(self, count: str) -> None:
        async with self.line.turn(count[0]):
            self.begun.append(count)
            await self._ends[count].wait()

    async def _settled(self) -> None:
        for _ in range(5):
            await asyncio.sleep(0)


async def test_a_project_counts_once_at_a_time_and_others_beside_it() -> None:
    ground = Ground()
    await ground.ask("a1", "a2", "b1")
    assert ground.begun == ["a1", "b1"]
    await ground.end("a1")
    assert ground.begun == ["a1", "b1", "a2"]
    await ground.end("a2", "b1")


async def test_who_asks_little_does_not_wait_for_all_that_others_have_asked_before() -> None:
    ground = Ground()
    await ground.ask("a1", "b1", "a2", "a3", "b2", "b3", "c1", "d1")
    await ground.end("a1", "b1")
    assert ground.begun[2:] == ["c1", "d1"]
    await ground.end("c1", "d1")
    assert ground.begun[4:] == ["a2", "b2"]
    await ground.end("a2", "b2", "a3", "b3")
    assert len(ground.begun) == 8


async def test_who_gives_up_leaves_the_line_to_others() -> None:
    ground = Ground(at_a_time=1)
    await ground.ask("a1", "b1", "c1")
    await ground.give_up("b1")
    await ground.end("a1")
    assert ground.begun == ["a1", "c1"]
    await ground.end("c1")
    await ground.ask("a2")
    assert ground.begun[-1] == "a2"
    await ground.end("a2")


async def test_who_is_called_in_the_moment_of_giving_up_leaves_the_turn_to_others() -> None:
    ground = Ground(at_a_time=1)
    await ground.ask("a1", "b1", "c1")
    ground._ends["a1"].set()
    await asyncio.sleep(0)  # a leaves and calls b, who has not looked up yet
    await ground.give_up("b1")
    await ground.end("c1")
    assert ground.begun == ["a1", "c1"]


async def test_patience_ends() -> None:
    ground = Ground(at_a_time=1, patience=0.01)
    await ground.ask("a1")
    with pytest.raises(Busy, match=r"after 0\.01 seconds"):
        async with ground.line.turn("b"):
            pass
    await ground.end("a1")
    async with ground.line.turn("b"):
        pass
