"""Those who talk to the provider: each carries one mail after the other over its own session, and only reports."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog

from messaging.domain.deliveries import Act
from messaging.domain.handover import Answer
from messaging.domain.sends import Mail
from messaging.jobs.desk import Parcel, Stage
from messaging.jobs.dispatch import Dispatch
from messaging.ports import Mailer, Meter, Session, Unavailable
from runtime import failpoints

FIRST_PAUSE = 0.2
LONGEST_PAUSE = 5.0
FOLLOWING_PATIENCE = 0.5
NO_ANSWER = Answer(Act.LOSE, "no_answer")
log = structlog.get_logger()


class Worker:
    """One session at a time. Opens it when there is a mail, closes it after `idle` seconds without one."""

    def __init__(self, dispatch: Dispatch, mailer: Mailer, meter: Meter, idle: float) -> None:
        self._dispatch = dispatch
        self._mailer = mailer
        self._meter = meter
        self._idle = idle
        self._session: Session | None = None
        self._following: Parcel | None = None
        self._carried: Parcel | None = None
        """The last one that was handed over."""

    async def run(self) -> None:
        """For ever; cancelled when the process ends."""
        try:
            while True:
                parcel, self._following = self._following or await self._next(), None
                try:
                    await self._carry(parcel)
                except Exception:
                    log.exception("a mail worker failed: going on with the next mail")
                    await self._close()
                    given = parcel.stage is Stage.GIVEN
                    parcel.desk.answered(parcel, NO_ANSWER if given else Answer(Act.DEFER, "internal"))
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

    async def _carry(self, parcel: Parcel) -> None:
        """Everything about one mail. The next one's offer may go along with this one's message."""
        assert parcel.mail is not None
        refusal = await self._offer(parcel.mail)
        if refusal is not None:
            parcel.desk.answered(parcel, refusal)
            return
        failpoints.hit("messaging.offered")
        await self._nothing_else_at_the_dot(parcel)
        if not await parcel.desk.offered(parcel):
            await self._close()  # the provider waits for a message that will not come
            return
        failpoints.hit("messaging.dot_committed")
        assert self._session is not None
        self._following = self._dispatch.next_now(parcel)
        answer = await self._deliver(parcel.mail)
        failpoints.hit("messaging.answered")
        parcel.desk.answered(parcel, answer)
        self._carried = parcel

    async def _nothing_else_at_the_dot(self, parcel: Parcel) -> None:
        """Of each worker one mail at a time has a `dot` without a recorded end: so many at most are unknown after a
        kill. Within a number one transaction sees to that; between two we wait for the first one's."""
        carried, self._carried = self._carried, None
        if carried is not None and carried.desk is not parcel.desk:
            await carried.desk.until_recorded(carried)

    async def _deliver(self, mail: Mail) -> Answer:
        """The following mail waits for this one's answer, but not for long: others may be free to carry it."""
        assert self._session is not None
        following = self._following
        late = asyncio.get_running_loop().call_later(FOLLOWING_PATIENCE, self._put_following_back)
        try:
            answer = await self._session.deliver(mail, following.mail if following else None)
        finally:
            late.cancel()
        if following is not self._following:
            await self._close()  # the server has an offer that will not be kept
        return answer

    def _put_following_back(self) -> None:
        following, self._following = self._following, None
        if following is not None:
            following.desk.put_back(following)

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
        session, self._session = self._session, None
        if session is not None:
            await session.close()


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
