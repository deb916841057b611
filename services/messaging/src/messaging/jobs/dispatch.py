"""Which mail a free worker carries next: numbers take turns, a few mails each, so that no number waits for another."""

import asyncio
from collections import deque

from messaging.jobs.desk import Desk, Parcel, Tempo
from runtime.transaction import Lease

TURN_SECONDS = 0.1


class Dispatch:
    """The desks of all numbers this process ever owned, and the mails that wait on them.

    A turn is `TURN_SECONDS`, but at least `burst` mails (as many as there are workers), however slow the provider is:
    what goes out together comes back together and shares a transaction, the answers with the next offers.
    """

    def __init__(self, burst: int, tempo: Tempo | None = None) -> None:
        self._burst = burst
        self._tempo = tempo or Tempo()
        self._desks: dict[int, Desk] = {}
        self._tokens: asyncio.Queue[None] = asyncio.Queue()
        self._turns: deque[Desk] = deque()
        self._left = burst
        self._since = 0.0

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
            now = asyncio.get_running_loop().time()
            if self._left <= 0 and now - self._since > TURN_SECONDS:
                self._turns.rotate(-1)
                self._begin(now)
            parcel = self._turns[0].take()
            if parcel is not None:
                self._left -= 1
                return parcel
            self._turns.popleft()
            self._begin(now)
        return None

    def _begin(self, now: float) -> None:
        self._left, self._since = self._burst, now
