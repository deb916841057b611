"""Which mail a free worker carries next: numbers take turns, a few mails each, so that no number waits for another."""

import asyncio
from collections import deque

from messaging.jobs.desk import Desk, Parcel, Tempo
from runtime.transaction import Lease


class Dispatch:
    """The desks of all numbers this process ever owned, and the mails that wait on them.

    `burst`: so many mails of one number go out together, so that they come back together and share a transaction.
    """

    def __init__(self, burst: int, tempo: Tempo | None = None) -> None:
        self._burst = burst
        self._tempo = tempo or Tempo()
        self._desks: dict[int, Desk] = {}
        self._tokens: asyncio.Queue[None] = asyncio.Queue()
        self._turns: deque[Desk] = deque()
        self._left = burst

    def desk(self, lease: Lease) -> Desk:
        """The number's desk, opened for this lease."""
        desk = self._desks.get(lease.number)
        if desk is None:
            desk = self._desks[lease.number] = Desk(lease.number, self._tempo, self._announced)
        desk.open(lease)
        return desk

    async def next(self) -> Parcel:
        """Waits until there is a mail."""
        while True:
            await self._tokens.get()
            if (parcel := self._take()) is not None:
                return parcel

    def next_now(self) -> Parcel | None:
        """The next mail if one is there already."""
        while not self._tokens.empty():
            self._tokens.get_nowait()
            if (parcel := self._take()) is not None:
                return parcel
        return None

    def _announced(self, desk: Desk) -> None:
        if desk not in self._turns:
            self._turns.append(desk)
        self._tokens.put_nowait(None)

    def _take(self) -> Parcel | None:
        while self._turns:
            parcel = self._turns[0].take()
            if parcel is None:
                self._turns.popleft()
                self._left = self._burst
                continue
            self._left -= 1
            if self._left <= 0:
                self._turns.rotate(-1)
                self._left = self._burst
            return parcel
        return None
