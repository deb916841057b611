"""What this process has in hand of one partition number's sends: the number's task decides, workers carry.

Both run in one event loop, so nothing here waits while it changes things, and nothing needs a lock. All of it may be
lost at any moment: what matters is in the database.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from messaging.domain.handover import Answer, Attempt
from messaging.domain.sends import Mail, SendKey
from messaging.jobs.parcel import GIVEN_BACK, Asking, Parcel, Stage, tell
from runtime.transaction import Lease

HAND_OVER, TELL = "hand over", "tell"
"""The jobs that go on when a worker has reported."""


@dataclass(frozen=True, slots=True)
class Tempo:
    """How a desk paces itself, in seconds."""

    linger: float = 0.02
    """A report waits so long for others, to share their transaction; nothing under way: not at all."""
    patience: float = 5.0
    """A worker waits so long for our word; a number whose task was silent so long is somebody else's, or stuck."""


@dataclass(eq=False)
class Desk:
    """Of one number. It outlives leases: a mail at the `dot` is finished by whoever handed it over."""

    number: int
    tempo: Tempo
    announce: Callable[["Desk"], None]
    """Tells the workers that there is one more mail."""
    epoch: int | None = None
    """Of the lease for which earlier owners' sends were put in order."""
    after: str = ""
    """The launch whose turn was last."""
    running: Sequence[str] = ()
    """Launches with planned mails, as they were found last; empty: to be looked for. Not if there were too many."""
    _lease: Lease | None = None
    _seen: float = 0.0
    _looked: float = 0.0
    _hand: dict[SendKey, Parcel] = field(default_factory=dict)
    _made: deque[Parcel] = field(default_factory=deque)
    _moving: int = 0
    """Parcels a worker is talking to the provider about."""
    out: int = 0
    """Parcels that workers have taken and not yet done with."""
    _ring: asyncio.TimerHandle | None = None
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    # The number's task

    def open(self, lease: Lease) -> None:
        """The number is ours, with this lease."""
        self._lease = lease
        self._seen = asyncio.get_running_loop().time()

    def close(self) -> None:
        """The number will be given up: nothing new is handed over, what is handed over comes to its end."""
        self._lease = None
        self._drop_made()
        for parcel in self._at(Stage.OFFERED):
            self._say(parcel, False)

    def room(self, most: int) -> int:
        """How many more mails to make, when that is worth a query."""
        free = most - len(self._hand)
        return free if 2 * free >= most else 0

    def strangers(self, launch_ids: Iterable[str], most: int) -> list[str]:
        """Launches with nothing in hand: their first mail does not wait until there is room for many."""
        if len(self._hand) >= 2 * most:
            return []
        known = {key.launch_id for key in self._hand}
        return [launch_id for launch_id in launch_ids if launch_id not in known]

    @property
    def idle(self) -> bool:
        """Nothing is under way."""
        return not self._hand

    def rested(self, seconds: float) -> bool:
        """Whether it is so long since this was answered with yes."""
        now = asyncio.get_running_loop().time()
        if now - self._looked < seconds:
            return False
        self._looked = now
        return True

    def busy(self) -> list[str]:
        """Contacts with a send in hand."""
        return [key.contact_id for key in self._hand]

    def add(self, attempt: Attempt, mail: Mail) -> None:
        """The first mail of a launch goes before those that others have here already."""
        parcel = Parcel(attempt, mail, self)
        if any(key.launch_id == parcel.key.launch_id for key in self._hand):
            self._made.append(parcel)
        else:
            self._made.appendleft(parcel)
        self._hand[parcel.key] = parcel
        self.announce(self)

    def add_answered(self, attempt: Attempt, answer: Answer) -> None:
        """A send that ends before any provider hears of it."""
        self._hand[attempt.key] = Parcel(attempt, None, self, Stage.ANSWERED, answer)

    def collect(self) -> tuple[list[Parcel], list[Parcel]]:
        """What is to be recorded, and what is to be decided."""
        self._news.clear()
        return self._at(Stage.ANSWERED), self._at(Stage.OFFERED)

    def deciding(self, offered: list[Parcel], epoch: int) -> None:
        """From here until `decided` or `undecided` no mail is dropped, however long it takes."""
        for parcel in offered:
            parcel.stage = Stage.DECIDING
            parcel.attempt = parcel.attempt.at(epoch)

    def undecided(self, offered: list[Parcel]) -> None:
        """The transaction failed, perhaps only after its commit: the next one will see."""
        for parcel in offered:
            parcel.stage = Stage.OFFERED
            if parcel.let_go:
                self._say(parcel, False)

    def decided(self, offered: list[Parcel], go: set[SendKey]) -> None:
        for parcel in offered:
            self._say(parcel, parcel.key in go)

    def recorded(self, answered: list[Parcel]) -> None:
        for parcel in answered:
            self._forget(parcel)

    def dotted(self) -> dict[SendKey, Parcel]:
        """Those whose `dot` this process committed or may have committed."""
        return {key: parcel for key, parcel in self._hand.items() if parcel.attempt.dot_epoch is not None}

    def restamped(self, keys: list[SendKey], epoch: int) -> None:
        for key in keys:
            self._hand[key].attempt = self._hand[key].attempt.at(epoch)

    @property
    def unsettled(self) -> bool:
        """Whether something handed over has no recorded end yet."""
        return any(parcel.attempt.dot_epoch is not None for parcel in self._hand.values())

    async def news(self) -> None:
        """Until a worker has reported something since the last `collect`."""
        await self._news.wait()

    # The workers

    def take(self) -> Parcel | None:
        """The next mail, in the order they were made; None: none is left after all."""
        if self._lease is None or asyncio.get_running_loop().time() - self._seen > self.tempo.patience:
            self._drop_made()
        if not self._made:
            return None
        self._moving += 1
        self.out += 1
        return self._made.popleft()

    def put_back(self, parcel: Parcel) -> None:
        """Taken, but not offered after all: another worker may have it."""
        self._moving -= 1
        self.out -= 1
        self._made.appendleft(parcel)
        self.announce(self)

    async def offered(self, parcels: Sequence[Parcel]) -> list[Parcel]:
        """The provider waits for the message of the first one, the others would follow over the same session.

        Answers which of them it may have; the rest are done with.
        """
        self._moving -= len(parcels)
        if self._lease is None:
            self.out -= len(parcels)
            for parcel in parcels:
                self._forget(parcel)
            return []
        loop = asyncio.get_running_loop()
        asking = Asking(loop.create_future(), len(parcels))
        for parcel in parcels:
            parcel.stage, parcel.asking = Stage.OFFERED, asking
        self._report()
        expiry = loop.call_later(self.tempo.patience, self._expire, parcels)
        await asking.said
        expiry.cancel()
        given = [parcel for parcel in parcels if parcel.word]
        self._moving += len(given)
        self.out -= len(parcels) - len(given)
        return given

    def answered(self, parcel: Parcel, answer: Answer, *, more: bool = False) -> None:
        """The provider's last word, or none. `more`: there will soon be another one's, to be recorded with it."""
        self._moving -= 1
        self.out -= 1
        parcel.stage, parcel.answer = Stage.ANSWERED, answer
        if more:
            self._news.set()
        else:
            self._report()

    async def until_recorded(self, parcel: Parcel) -> None:
        """What became of it is in the database, or will not be soon: then another owner has called it unknown."""
        if self._hand.get(parcel.key) is not parcel:
            return
        parcel.over = asyncio.get_running_loop().create_future()
        with suppress(TimeoutError):
            async with asyncio.timeout(self.tempo.patience):
                await parcel.over

    # Both

    def _say(self, parcel: Parcel, go: bool) -> None:
        """Our word. A parcel that is dropped though it may be at the `dot` is known not to have been handed over."""
        if go and parcel.let_go:
            parcel.stage, parcel.answer = Stage.ANSWERED, GIVEN_BACK
            self._report()
        elif go:
            parcel.stage = Stage.GIVEN
        elif parcel.attempt.dot_epoch is not None and parcel.stage is Stage.OFFERED:
            parcel.stage, parcel.answer = Stage.ANSWERED, GIVEN_BACK
        else:
            self._forget(parcel)
        tell(parcel, go)

    def _expire(self, parcels: Sequence[Parcel]) -> None:
        """Nobody said a word. While a transaction runs only the worker goes, so that a number whose database is slow
        holds up no other: its outcome decides what becomes of the mails."""
        for parcel in parcels:
            if parcel.stage is Stage.OFFERED:
                self._say(parcel, False)
            elif parcel.stage is Stage.DECIDING:
                tell(parcel, False)

    def _at(self, stage: Stage) -> list[Parcel]:
        return [parcel for parcel in self._hand.values() if parcel.stage is stage]

    def _drop_made(self) -> None:
        while self._made:
            self._forget(self._made.popleft())

    def _forget(self, parcel: Parcel) -> None:
        self._hand.pop(parcel.key, None)
        if parcel.over is not None and not parcel.over.done():
            parcel.over.set_result(None)

    def _report(self) -> None:
        self._news.set()
        if self._lease is None:
            return
        if self._moving == 0:
            self._wake()
        elif self._ring is None:
            self._ring = asyncio.get_running_loop().call_later(self.tempo.linger, self._wake)

    def _wake(self) -> None:
        if self._ring is not None:
            self._ring.cancel()
            self._ring = None
        if self._lease is not None:
            self._lease.wake(HAND_OVER, TELL)
