"""What one session carries at once: how much, and what becomes of the rest when something goes wrong in the middle."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import cast

import pytest

from fakes.mailer import FakeMailer
from fakes.provider import ACCEPT_AND_DROP, ACCEPT_LATE, DROP, STALL
from messaging.domain.deliveries import Act
from messaging.domain.handover import Answer, Attempt
from messaging.domain.sends import Mail, SendKey
from messaging.jobs import workers
from messaging.jobs.desk import Desk, Tempo
from messaging.jobs.dispatch import Dispatch
from messaging.jobs.parcel import GIVEN_BACK, Parcel
from messaging.jobs.workers import Worker, working
from runtime.transaction import Lease
from unit.messaging.builders import LAUNCH, STEP, stored
from unit.messaging.test_workers import Silent

LOAD = 4
ACCEPTED = Answer(Act.ACCEPT)
LOST = Answer(Act.LOSE, "no_answer")


@dataclass
class Scene:
    """One number whose task the test plays, and one worker."""

    mailer: FakeMailer = field(default_factory=FakeMailer)
    dispatch: Dispatch = field(default_factory=lambda: Dispatch(1, Tempo(linger=0.001)))
    number: int = 0
    epoch: int = 1
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    answers: dict[str, Answer] = field(default_factory=dict)
    loads: list[int] = field(default_factory=list)
    """How many mails were put at the `dot` at once."""

    def wake(self, *jobs: str) -> None:
        self.woken.set()

    @property
    def desk(self) -> Desk:
        return self.dispatch.desk(cast(Lease, self))

    def add(self, count: int, first: int = 0) -> None:
        for place in range(first, first + count):
            key = SendKey(LAUNCH, f"c-{place}", STEP, 1)
            mail = Mail("news@acme.example", f"c-{place}@x.example", b"Message-ID: <%d@acme>\r\n\r\n" % place)
            self.desk.add(Attempt(stored()._replace(key=key), mail.recipient), mail)

    async def record(self, no: frozenset[str] = frozenset()) -> None:
        """A transaction as soon as there is something for it; `no`: contacts who get no mail any more."""
        async with asyncio.timeout(10):
            while True:
                answered, offered = self.desk.collect()
                if answered or offered:
                    break
                await self.desk.news()
        self.desk.deciding(offered, self.epoch)
        await asyncio.sleep(0)
        for parcel in answered:
            assert parcel.answer is not None
            assert parcel.key.contact_id not in self.answers
            self.answers[parcel.key.contact_id] = parcel.answer
        self.desk.recorded(answered)
        if offered:
            self.loads.append(len(offered))
        self.desk.decided(offered, {parcel.key for parcel in offered if parcel.key.contact_id not in no})

    async def until(self, count: int) -> None:
        while len(self.answers) < count:
            await self.record()

    async def warmed_up(self) -> None:
        """The session has shown that it is fast: the next load is a whole one."""
        self.add(1 + 2)
        await self.until(3)
        self.answers.clear()
        self.loads.clear()


@asynccontextmanager
async def scene(sessions: int = 1) -> AsyncIterator[Scene]:
    scene = Scene()
    async with working([Worker(scene.dispatch, scene.mailer, Silent(), 5, LOAD) for _ in range(sessions)]):
        yield scene


@pytest.fixture(autouse=True)
def time_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow machine is no slow provider."""
    monkeypatch.setattr(workers, "LOAD_SECONDS", 2.0)


async def test_a_session_begins_with_one_mail_and_carries_more_when_it_has_shown_that_it_can() -> None:
    async with scene() as play:
        play.add(15)
        await play.until(15)
        assert play.loads == [1, 2, 4, 4, 4]
        assert set(play.answers.values()) == {ACCEPTED}


async def test_a_slow_provider_gets_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "LOAD_SECONDS", 0.01)
    async with scene() as play:
        play.mailer.seconds = 0.02
        play.add(5)
        await play.until(5)
        assert play.loads == [1] * 5


@pytest.mark.parametrize(("reply", "act"), [("550 no such mailbox", Act.REFUSE), ("451 later", Act.DEFER)])
@pytest.mark.parametrize("place", ["MAIL", "RCPT", "DATA", "dot"])
async def test_a_mail_that_is_refused_in_the_middle_fails_alone(reply: str, act: Act, place: str) -> None:
    async with scene() as play:
        await play.warmed_up()
        play.mailer.next(place, "354" if place == "DATA" else "250", reply)
        play.add(LOAD)
        await play.until(LOAD)
        assert play.loads == [LOAD]
        refused = Answer(act, f"smtp:{reply[:3]}")
        assert play.answers == {"c-0": ACCEPTED, "c-1": refused, "c-2": ACCEPTED, "c-3": ACCEPTED}


@pytest.mark.parametrize("reaction", [DROP, STALL, ACCEPT_AND_DROP])
async def test_without_an_answer_one_is_lost_and_the_rest_goes_back(reaction: str) -> None:
    async with scene() as play:
        await play.warmed_up()
        play.mailer.next("dot", "250", reaction)
        play.add(LOAD)
        await play.until(LOAD)
        assert play.answers == {"c-0": ACCEPTED, "c-1": LOST, "c-2": GIVEN_BACK, "c-3": GIVEN_BACK}
        assert len(play.mailer.accepted) == 3 + 1 + (reaction == ACCEPT_AND_DROP)


@pytest.mark.parametrize("reaction", [DROP, STALL])
@pytest.mark.parametrize("place", ["MAIL", "RCPT", "DATA"])
async def test_a_session_lost_before_a_message_loses_no_mail(place: str, reaction: str) -> None:
    async with scene() as play:
        await play.warmed_up()
        play.mailer.next(place, "354" if place == "DATA" else "250", reaction)
        play.add(LOAD)
        await play.until(LOAD)
        assert play.answers == {"c-0": ACCEPTED} | dict.fromkeys(("c-1", "c-2", "c-3"), GIVEN_BACK)
        assert len(play.mailer.sessions) == 1


async def test_421_in_the_middle_puts_that_one_off_and_gives_back_the_rest() -> None:
    async with scene() as play:
        await play.warmed_up()
        play.mailer.next("RCPT", "250", "421 shutting down")
        play.add(LOAD)
        await play.until(LOAD)
        later = Answer(Act.DEFER, "smtp:421")
        assert play.answers == {"c-0": ACCEPTED, "c-1": later, "c-2": GIVEN_BACK, "c-3": GIVEN_BACK}


async def test_after_trouble_a_session_begins_with_one_again() -> None:
    async with scene() as play:
        await play.warmed_up()
        play.mailer.next("dot", DROP)
        play.add(LOAD + 3)
        await play.until(LOAD + 3)
        assert play.loads == [LOAD, 1, 2]


async def test_a_message_without_an_answer_holds_up_no_other() -> None:
    """What its session carries besides goes back soon, and another session may have it."""
    async with scene() as play:
        await play.warmed_up()
        play.mailer.next("dot", ACCEPT_LATE)
        play.add(LOAD)
        began = asyncio.get_running_loop().time()
        await play.until(LOAD - 1)
        assert asyncio.get_running_loop().time() - began < 2 * workers.PATIENCE
        assert play.answers == dict.fromkeys(("c-1", "c-2", "c-3"), GIVEN_BACK)
        play.mailer.release()
        await play.until(LOAD)
        assert play.answers["c-0"] == ACCEPTED


async def test_who_gets_no_mail_any_more_is_left_out_of_the_load() -> None:
    async with scene() as play:
        await play.warmed_up()
        play.add(LOAD)
        await play.record(no=frozenset({"c-1", "c-2"}))
        await play.until(2)
        assert play.answers == {"c-0": ACCEPTED, "c-3": ACCEPTED}


async def test_when_the_offered_one_gets_no_mail_the_others_go_back() -> None:
    async with scene() as play:
        await play.warmed_up()
        play.add(LOAD)
        await play.record(no=frozenset({"c-0"}))
        await play.until(LOAD - 1)
        assert play.answers == dict.fromkeys(("c-1", "c-2", "c-3"), GIVEN_BACK)
        assert len(play.mailer.accepted) == 3


async def test_nothing_of_a_load_that_is_refused_as_a_whole_goes_out() -> None:
    async with scene() as play:
        await play.warmed_up()
        play.add(LOAD)
        await play.record(no=frozenset({"c-0", "c-1", "c-2", "c-3"}))
        play.add(1, first=LOAD)
        await play.until(1)
        assert play.answers == {"c-4": ACCEPTED}
        assert len(play.mailer.accepted) == 3 + 1


async def test_a_number_given_up_finishes_what_it_has_at_the_dot_and_no_more() -> None:
    async with scene() as play:
        await play.warmed_up()
        play.add(2 * LOAD)
        await play.record()
        desk = play.desk
        desk.close()
        while desk.unsettled:
            await desk.news()
            answered, offered = desk.collect()
            assert offered == []
            desk.recorded(answered)
        assert len(play.mailer.accepted) == 3 + LOAD


async def test_no_word_in_time_lets_the_worker_go() -> None:
    """The number's task is stuck: nothing of the load is handed over, whatever its transaction decides later."""
    async with scene() as play:
        await play.warmed_up()
        play.dispatch.desk(cast(Lease, play)).tempo = Tempo(linger=0.001, patience=0.05)
        play.add(LOAD)
        offered: list[Parcel] = []
        while not offered:
            await play.desk.news()
            _, offered = play.desk.collect()
        play.desk.deciding(offered, play.epoch)
        async with asyncio.timeout(5):
            while play.desk.out:
                await asyncio.sleep(0.01)
        play.desk.decided(offered, {parcel.key for parcel in offered})
        with suppress(TimeoutError):
            async with asyncio.timeout(0.1):
                await play.until(LOAD)
        assert play.answers == dict.fromkeys(("c-0", "c-1", "c-2", "c-3"), GIVEN_BACK)
        assert len(play.mailer.accepted) == 3
