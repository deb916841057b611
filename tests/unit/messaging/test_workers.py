"""Workers between numbers: however they go back and forth, each has at most a load between `dot` and recorded end."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import cast

import pytest

from contracts.words import DeliveryState
from fakes.mailer import FakeMailer
from messaging.domain.handover import Attempt
from messaging.domain.sends import Mail, SendKey
from messaging.jobs.desk import Desk, Tempo
from messaging.jobs.dispatch import Dispatch
from messaging.jobs.parcel import Parcel
from messaging.jobs.workers import Worker, working
from runtime.transaction import Lease
from unit.messaging.builders import LAUNCH, STEP, stored

WORKERS = 4
MAILS = 40
MAIL = Mail("news@acme.example", "ann@x.example", b"Message-ID: <1@acme>\r\nSubject: Hi\r\n\r\n")


@dataclass
class Silent:
    def count(self, states: Iterable[DeliveryState]) -> None: ...

    def provider(self, available: bool) -> None: ...

    def bug(self) -> None: ...


@dataclass
class Number:
    """A lease, and a task that does what the real one does, with transactions that take their time."""

    number: int
    seed: int
    at_the_dot: set[SendKey]
    most: list[int]
    epoch: int = 1
    woken: asyncio.Event = field(default_factory=asyncio.Event)

    def wake(self, *jobs: str) -> None:
        self.woken.set()

    async def run(self, dispatch: Dispatch) -> None:
        dice, ended = Random(self.seed + self.number), 0
        desk = dispatch.desk(cast(Lease, self))
        for place in range(MAILS):
            key = SendKey(LAUNCH, f"c-{self.number}-{place}", STEP, 1)
            desk.add(Attempt(stored()._replace(key=key), "ann@x.example"), MAIL)
        while ended < MAILS:
            with suppress(TimeoutError):
                async with asyncio.timeout(0.01):
                    await self.woken.wait()
            self.woken.clear()
            dispatch.desk(cast(Lease, self))
            ended += await self._transaction(desk, dice.uniform(0, 0.004))

    async def _transaction(self, desk: Desk, seconds: float) -> int:
        answered, offered = desk.collect()
        desk.deciding(offered, self.epoch)
        await asyncio.sleep(seconds)
        self.at_the_dot -= {parcel.key for parcel in answered}
        self.at_the_dot |= {parcel.key for parcel in offered}
        self.most.append(len(self.at_the_dot))
        desk.recorded(answered)
        desk.decided(offered, {parcel.key for parcel in offered})
        return len(answered)


@pytest.mark.parametrize("load", [1, 4])
@pytest.mark.parametrize("seed", range(5))
async def test_no_more_mails_are_at_the_dot_than_the_workers_may_carry(seed: int, load: int) -> None:
    dispatch, mailer = Dispatch(WORKERS, Tempo(linger=0.002)), FakeMailer()
    mailer.seconds = 0.001
    at_the_dot: set[SendKey] = set()
    most: list[int] = []
    async with working([Worker(dispatch, mailer, Silent(), 5, load) for _ in range(WORKERS)]), asyncio.timeout(30):
        numbers = [Number(number, seed, at_the_dot, most) for number in range(3)]
        await asyncio.gather(*(number.run(dispatch) for number in numbers))
    assert len(mailer.accepted) == 3 * MAILS
    assert WORKERS * (load > 1) < max(most) <= WORKERS * load


async def test_a_worker_does_not_wait_for_ever_for_a_number_that_was_taken_away() -> None:
    dispatch, mailer = Dispatch(1, Tempo(patience=0.5)), FakeMailer()
    at_the_dot: set[SendKey] = set()
    async with working([Worker(dispatch, mailer, Silent(), idle=5)]), asyncio.timeout(10):
        gone = dispatch.desk(cast(Lease, Number(0, 0, at_the_dot, [])))
        gone.add(Attempt(stored(), "ann@x.example"), MAIL)
        offered: list[Parcel] = []
        while not offered:
            await asyncio.sleep(0.001)
            _, offered = gone.collect()
        gone.deciding(offered, 1)
        gone.decided(offered, {parcel.key for parcel in offered})
        await Number(1, 0, at_the_dot, []).run(dispatch)
    assert len(mailer.accepted) == 1 + MAILS
