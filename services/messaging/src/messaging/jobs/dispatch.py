"""Which mail a free worker carries next: numbers take turns, a few mails each, so that no number waits for another."""

import asyncio
from collections import deque
from itertools import islice

from messaging.jobs.desk import Desk, Tempo
from messaging.jobs.parcel import Parcel
from runtime.transaction import Lease

TURN_SECONDS = 0.2
ABREAST = 2
"""So many numbers have their turn at once: while the transaction of one runs, the mails of another go out."""


class Dispatch:
    """The desks of all numbers this process ever owned, and the mails that wait on them.

    A turn is `TURN_SECONDS`, but at least `burst` mails (as many as there are workers), however slow the provider is:
    what goes out together comes back together and shares a transaction, the answers with the next offers. For the
    same reason a worker stays with a number for as long as that has its turn, unless the other one is short of workers
    (a mail and its follower both count: hence twice as many are not too many).
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

    def next_now(self, carried: Parcel) -> Parcel | None:
        """The next mail if one is there already, for the worker who carries this one."""
        while not self._tokens.empty():
            self._tokens.get_nowait()
            if (parcel := self._take(carried.desk)) is not None:
                return parcel
        return None

    def more(self, carried: Parcel, count: int) -> list[Parcel]:
        """At most so many others of the same number that are there already, for the worker who carries this one."""
        taken: list[Parcel] = []
        while len(taken) < count and (parcel := carried.desk.take()) is not None:
            taken.append(parcel)
            self._left -= 1
            if not self._tokens.empty():
                self._tokens.get_nowait()
        return taken

    def _announced(self, desk: Desk) -> None:
        if desk not in self._turns:
            if not self._turns:
                self._begin(asyncio.get_running_loop().time())
            self._turns.append(desk)
        self._tokens.put_nowait(None)

    def _take(self, rather: Desk | None = None) -> Parcel | None:
        while self._turns:
            now = asyncio.get_running_loop().time()
            if self._left <= 0 and now - self._since > TURN_SECONDS:
                self._turns.rotate(-1)
                self._begin(now)
            abreast = list(islice(self._turns, ABREAST))
            desk = min(abreast, key=lambda desk: desk.out)
            if rather is not None and rather in abreast and rather.out <= 2 * desk.out + 1:
                desk = rather
            parcel = desk.take()
            if parcel is not None:
                self._left -= 1
                return parcel
            if desk is abreast[0]:
                self._begin(now)
            self._turns.remove(desk)
        return None

    def _begin(self, now: float) -> None:
        self._left, self._since = self._burst, now
