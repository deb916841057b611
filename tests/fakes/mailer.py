"""`messaging.ports.mailing.Mailer` without a network; it reacts as `fakes.provider` says. Time-outs come at once."""

import asyncio

from fakes.provider import ACCEPT_AND_DROP, ACCEPT_LATE, DROP, STALL, Accepted, Provider
from messaging.domain.deliveries import Act
from messaging.domain.handover import Answer
from messaging.domain.sends import Mail
from messaging.ports.mailing import Session, Unavailable


class FakeMailer(Provider):
    def __init__(self) -> None:
        super().__init__()
        self.offers: list[Mail] = []
        self.seconds = 0.0
        """How long it takes to answer to a message."""
        self.sessions: list[FakeSession] = []

    async def open(self) -> Session:
        if not self.reaction("connect", "220").startswith("2"):
            raise Unavailable("not reached")
        session = FakeSession(self)
        self.sessions.append(session)
        return session

    def break_off(self) -> None:
        """All connections are lost, and that is known."""
        for session in self.sessions:
            session.broken()


class FakeSession:
    def __init__(self, mailer: FakeMailer) -> None:
        self._mailer = mailer
        self._open = True
        self._offered: Mail | None = None

    @property
    def usable(self) -> bool:
        return self._open and self._offered is None

    async def offer(self, mail: Mail) -> Answer | None:
        if not self._open:
            raise Unavailable("closed")
        self._mailer.offers.append(mail)
        for place, usual in (("MAIL", "250"), ("RCPT", "250"), ("DATA", "354")):
            reaction = self._mailer.reaction(place, usual)
            if reaction in (DROP, STALL):
                self._open = False
                raise Unavailable("lost")
            if reaction[0] in "45":
                self._open = not reaction.startswith("421")
                return _no(reaction)
        self._offered = mail
        return None

    async def deliver(self, mail: Mail, following: Mail | None = None) -> Answer:
        assert mail is self._offered, "only an offered mail is delivered"
        self._offered = None
        if not self._open:
            return Answer(Act.GIVE_BACK)
        await asyncio.sleep(self._mailer.seconds)
        reaction = self._mailer.reaction("dot", "250")
        if reaction.startswith("2") or reaction in (ACCEPT_AND_DROP, ACCEPT_LATE):
            self._mailer.accepted.append(Accepted(mail.sender, mail.recipient, mail.content))
        if reaction == ACCEPT_LATE:
            await self._mailer.released.wait()
            return Answer(Act.ACCEPT)
        if reaction in (DROP, STALL, ACCEPT_AND_DROP):
            self._open = False
            return Answer(Act.LOSE, "no_answer")
        return Answer(Act.ACCEPT) if reaction.startswith("2") else _no(reaction)

    async def close(self) -> None:
        self._open = False

    def broken(self) -> None:
        self._open = False


def _no(reaction: str) -> Answer:
    return Answer(Act.REFUSE if reaction.startswith("5") else Act.DEFER, f"smtp:{reaction[:3]}")
