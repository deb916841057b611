"""Who counts next. One process counts for a few at a time; a project that asks a lot keeps nobody else from it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from contacts.ports.counting import Busy

PATIENCE_SECONDS = 4.0


class Line:
    """Of one event loop. A project has one turn at a time; of those that wait, the one who has gone longest without."""

    def __init__(self, at_a_time: int, patience: float = PATIENCE_SECONDS) -> None:
        self._at_a_time = at_a_time
        self._patience = patience
        self._counting: set[str] = set()
        self._waiting: list[tuple[str, asyncio.Future[None]]] = []
        self._turn = 0
        self._last: dict[str, int] = {}
        """The number of a project's last turn, as long as anybody waits or it lasts."""

    @asynccontextmanager
    async def turn(self, project: str) -> AsyncIterator[None]:
        """Raises Busy if it does not come within `patience` seconds."""
        await self._wait(project)
        try:
            yield
        finally:
            self._leave(project)

    async def _wait(self, project: str) -> None:
        called = asyncio.get_running_loop().create_future()
        self._waiting.append((project, called))
        self._call()
        try:
            async with asyncio.timeout(self._patience):
                await called
        except BaseException as error:
            if (project, called) in self._waiting:
                self._waiting.remove((project, called))
            else:  # called in the very moment in which it was given up
                self._leave(project)
            if isinstance(error, TimeoutError):
                raise Busy(f"others were still counted for after {self._patience:g} seconds") from None
            raise

    def _leave(self, project: str) -> None:
        self._counting.discard(project)
        self._call()

    def _call(self) -> None:
        """Whoever's turn it is."""
        while len(self._counting) < self._at_a_time:
            possible = [one for one in self._waiting if one[0] not in self._counting and not one[1].done()]
            if not possible:
                break
            one = project, called = min(possible, key=lambda each: self._last.get(each[0], 0))
            self._waiting.remove(one)
            self._counting.add(project)
            self._turn += 1
            self._last[project] = self._turn
            called.set_result(None)
        if not self._waiting:
            self._last = {project: self._last[project] for project in self._counting}
