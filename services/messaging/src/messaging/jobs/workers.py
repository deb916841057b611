"""Those who talk to the provider: each carries mail after mail over its own session, and only reports."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog

from messaging.domain.deliveries import Act
from messaging.domain.handover import Answer
from messaging.domain.sends import Mail
from messaging.jobs.dispatch import Dispatch
from messaging.jobs.parcel import GIVEN_BACK, Parcel, Stage
from messaging.ports.mailing import Mailer, Meter, Session, Unavailable
from runtime import failpoints

FIRST_PAUSE = 0.2
LONGEST_PAUSE = 5.0
LOAD_SECONDS = 0.1
"""A session carries so many mails at once as it was last seen to hand over in this time."""
PATIENCE = 0.5
"""After so long what a session carries and has not begun with goes to others."""
NO_ANSWER = Answer(Act.LOSE, "no_answer")
log = structlog.get_logger()


class Worker:
    """One session at a time. Opens it when there is a mail, closes it after `idle` seconds without one.

    It carries at most `load` mails at once: one `dot` transaction for all of them, then one goes after the other. A new
    session begins with one, and twice as many follow each time that all went well and fast.
    """

    def __init__(self, dispatch: Dispatch, mailer: Mailer, meter: Meter, idle: float, load: int = 1) -> None:
        self._dispatch = dispatch
        self._mailer = mailer
        self._meter = meter
        self._idle = idle
        self._most = load
        self._load = 1
        """How many mails are carried next."""
        self._session: Session | None = None
        self._following: Parcel | None = None
        """Its offer travels along with the message before it; no `dot` yet."""
        self._carried: list[Parcel] = []
        """The last ones that were handed over."""
        self._given: deque[Parcel] = deque()
        """At the `dot`, and nothing of them has left."""

    async def run(self) -> None:
        """For ever; cancelled when the process ends."""
        try:
            while True:
                parcel, self._following = self._following or await self._next(), None
                parcels = [parcel]
                try:
                    await self._carry(parcels)
                except Exception:
                    log.exception("a mail worker failed: going on with the next mail")
                    await self._close()
                    self._give_back()
                    for each in parcels:
                        if each.stage in (Stage.MADE, Stage.GIVEN):
                            internal = Answer(Act.DEFER, "internal")
                            each.desk.answered(each, NO_ANSWER if each.stage is Stage.GIVEN else internal)
        finally:
            await self._close()

    async def _next(self) -> Parcel:
        if self._session is not None:
            try:
                async with asyncio.timeout(self._idle):
                    return await self._dispatch.next()
            except TimeoutError:
                await self._close()
        return await self._dispatch.next()

    async def _carry(self, parcels: list[Parcel]) -> None:
        """Everything about a load: it is one mail until the provider waits for its message, then others join it."""
        [first] = parcels
        refusal = await self._offer(_mail(first))
        if refusal is not None:
            first.desk.answered(first, refusal)
            return
        failpoints.hit("messaging.offered")
        await self._nothing_else_at_the_dot(first)
        parcels += self._dispatch.more(first, self._load - 1)
        self._given.extend(await first.desk.offered(parcels))
        if not first.word:
            await self._close()  # the provider waits for a message that will not come
            self._give_back()
            return
        began = asyncio.get_running_loop().time()
        late = asyncio.get_running_loop().call_later(PATIENCE, self._let_others)
        failpoints.hit("messaging.dot_committed")
        self._carried = list(self._given)
        try:
            await self._hand_over()
        finally:
            late.cancel()
        if self._session is not None:
            self._measure((asyncio.get_running_loop().time() - began) / len(self._carried))

    async def _hand_over(self) -> None:
        """One after the other, for as long as nothing goes wrong with the session. What is left then goes back."""
        offered = True
        while self._given:
            parcel = self._given.popleft()
            if not offered and not await self._offered(parcel):
                continue
            offered = False
            answer = await self._deliver(parcel)
            failpoints.hit("messaging.answered")
            parcel.desk.answered(parcel, answer, more=bool(self._given))
            if self._session is None or not self._session.usable:
                self._give_back()

    async def _offered(self, parcel: Parcel) -> bool:
        """Whether the provider waits for its message; its `dot` is committed, and there will be no second session."""
        assert self._session is not None
        try:
            refusal = await self._session.offer(_mail(parcel))
        except Unavailable:
            refusal = GIVEN_BACK
        if refusal is None:
            return True
        parcel.desk.answered(parcel, refusal, more=bool(self._given))
        if not self._session.usable:
            self._give_back()
        return False

    async def _nothing_else_at_the_dot(self, parcel: Parcel) -> None:
        """Of each worker one load at a time has `dot`s without a recorded end: so many at most are unknown after a
        kill. Within a number one transaction sees to that; between two we wait for the first one's."""
        carried, self._carried = self._carried, []
        for each in carried:
            if each.desk is not parcel.desk:
                await each.desk.until_recorded(each)

    async def _deliver(self, parcel: Parcel) -> Answer:
        """The following mail waits for this one's answer, but not for long: others may be free to carry it."""
        assert self._session is not None
        if not self._given:
            self._following = self._dispatch.next_now(parcel)
        following = self._given[0] if self._given else self._following
        answer = await self._session.deliver(_mail(parcel), None if following is None else _mail(following))
        if following is not None and following is not self._following and following not in self._given:
            await self._close()  # the server has an offer that will not be kept
        return answer

    def _let_others(self) -> None:
        following, self._following = self._following, None
        if following is not None:
            following.desk.put_back(following)
        self._give_back()

    def _give_back(self) -> None:
        """They stay planned: surely nothing of them has left."""
        while self._given:
            parcel = self._given.popleft()
            parcel.desk.answered(parcel, GIVEN_BACK)

    def _measure(self, seconds: float) -> None:
        """So long it took for each mail of the load."""
        fits = int(LOAD_SECONDS / seconds) if seconds else self._most
        self._load = max(1, min(self._most, 2 * self._load, fits))

    async def _offer(self, mail: Mail) -> Answer | None:
        """Tries for as long as the provider cannot be reached. A mail that breaks a fresh session is put off."""
        while True:
            fresh = self._session is None or not self._session.usable
            if fresh:
                await self._open()
            assert self._session is not None
            try:
                return await self._session.offer(mail)
            except Unavailable as problem:
                await self._close()
                if fresh:
                    log.warning("the provider broke off before the message", error=str(problem))
                    return Answer(Act.DEFER, "smtp:lost")

    async def _open(self) -> None:
        await self._close()
        pause = FIRST_PAUSE
        while self._session is None:
            try:
                self._session = await self._mailer.open()
            except Unavailable as problem:
                self._meter.provider(False)
                log.warning("the provider cannot be reached: trying again", error=str(problem), seconds=pause)
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
        self._meter.provider(True)

    async def _close(self) -> None:
        session, self._session, self._load = self._session, None, 1
        if session is not None:
            await session.close()


def _mail(parcel: Parcel) -> Mail:
    assert parcel.mail is not None
    return parcel.mail


@asynccontextmanager
async def working(workers: list[Worker]) -> AsyncIterator[None]:
    """The workers run while the body does."""
    tasks = [asyncio.create_task(worker.run(), name=f"mail {index}") for index, worker in enumerate(workers)]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task
