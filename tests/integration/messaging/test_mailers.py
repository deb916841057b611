"""One suite for every `Mailer`, and what only the one over the wire can show."""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from fakes.certificates import self_signed
from fakes.mailer import FakeMailer
from fakes.provider import ACCEPT_AND_DROP, DROP, STALL, Provider
from fakes.smtp_server import FakeSmtpServer
from messaging.adapters.smtp.mailer import SmtpMailer
from messaging.adapters.smtp.session import SmtpSession
from messaging.domain.deliveries import Act
from messaging.domain.handover import Answer
from messaging.domain.provider import Patience
from messaging.domain.provider import Provider as Where
from messaging.domain.sends import Mail
from messaging.ports.mailing import Mailer, Session, Unavailable

PATIENCE = Patience(connect=2, command=2, answer=2)
SHORT = Patience(connect=0.2, command=0.2, answer=0.2)
PATIENT_AT_FIRST = Patience(connect=5, command=0.5, answer=0.5)
ACCEPTED = Answer(Act.ACCEPT)
LOST = Answer(Act.LOSE, "no_answer")


def mail(number: int = 0, body: str = "Hello\r\n") -> Mail:
    return Mail("news@acme.example", f"c-{number}@x.example", f"Subject: {number}\r\n\r\n{body}".encode())


def over_the_wire(server: FakeSmtpServer, patience: Patience = PATIENCE) -> SmtpMailer:
    return SmtpMailer(Where.of(server.url, patience))


@pytest.fixture
async def server() -> AsyncIterator[FakeSmtpServer]:
    async with FakeSmtpServer() as server:
        yield server


@pytest.fixture(params=["fake", "pipelined", "one by one"])
async def both(request: pytest.FixtureRequest) -> AsyncIterator[tuple[Mailer, Provider]]:
    if request.param == "fake":
        fake = FakeMailer()
        yield fake, fake
    else:
        extensions = ("PIPELINING",) if request.param == "pipelined" else ()
        async with FakeSmtpServer(extensions=extensions) as server:
            yield over_the_wire(server, PATIENT_AT_FIRST), server


# Of every mailer


async def test_mail_after_mail_goes_over_one_session(both: tuple[Mailer, Provider]) -> None:
    mailer, provider = both
    session = await mailer.open()
    mails = [mail(number) for number in range(5)]
    for number, each in enumerate(mails):
        assert await session.offer(each) is None
        following = mails[number + 1] if number + 1 < len(mails) else None
        assert await session.deliver(each, following) == ACCEPTED
        assert session.usable
    await session.close()
    assert [(each.recipient, each.content) for each in provider.accepted] == [
        (each.recipient, each.content) for each in mails
    ]


async def test_a_refused_recipient_is_the_mails_fault_and_the_session_goes_on(both: tuple[Mailer, Provider]) -> None:
    mailer, provider = both
    provider.next("RCPT", "550 no such mailbox", "451 later")
    session = await mailer.open()
    assert await session.offer(mail(0)) == Answer(Act.REFUSE, "smtp:550")
    assert await session.offer(mail(1)) == Answer(Act.DEFER, "smtp:451")
    assert await session.offer(mail(2)) is None
    await session.close()


@pytest.mark.parametrize("place", ["MAIL", "DATA"])
async def test_a_no_before_the_message_is_an_answer(both: tuple[Mailer, Provider], place: str) -> None:
    mailer, provider = both
    provider.next(place, "452 full", "552 too much")
    session = await mailer.open()
    assert await session.offer(mail()) == Answer(Act.DEFER, "smtp:452")
    assert await session.offer(mail()) == Answer(Act.REFUSE, "smtp:552")
    first = mail()
    assert await session.offer(first) is None
    assert await session.deliver(first) == ACCEPTED
    assert len(provider.accepted) == 1
    await session.close()


async def test_the_answer_to_the_message_is_told(both: tuple[Mailer, Provider]) -> None:
    mailer, provider = both
    provider.next("dot", "451 later", "554 spam", "250 fine")
    session = await mailer.open()
    told = []
    for number in range(3):
        each = mail(number)
        assert await session.offer(each) is None
        told.append(await session.deliver(each))
    assert told == [Answer(Act.DEFER, "smtp:451"), Answer(Act.REFUSE, "smtp:554"), ACCEPTED]
    assert len(provider.accepted) == 1
    await session.close()


@pytest.mark.parametrize("reaction", [DROP, STALL, ACCEPT_AND_DROP])
async def test_no_answer_to_the_message_is_lost(both: tuple[Mailer, Provider], reaction: str) -> None:
    mailer, provider = both
    provider.next("dot", reaction)
    session = await mailer.open()
    first, second = mail(0), mail(1)
    assert await session.offer(first) is None
    assert await session.deliver(first, second) == LOST
    assert not session.usable
    with pytest.raises(Unavailable):
        await session.offer(second)
    await session.close()


@pytest.mark.parametrize("place", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("reaction", [DROP, STALL])
async def test_no_answer_before_the_message_is_unavailable(
    both: tuple[Mailer, Provider], place: str, reaction: str
) -> None:
    mailer, provider = both
    provider.next(place, reaction)
    session = await mailer.open()
    with pytest.raises(Unavailable):
        await session.offer(mail())
    assert not session.usable
    await session.close()
    assert provider.accepted == []


@pytest.mark.parametrize("reaction", ["554 no service", DROP, STALL])
async def test_a_provider_that_does_not_welcome_us_is_unavailable(both: tuple[Mailer, Provider], reaction: str) -> None:
    mailer, provider = both
    provider.next("connect", reaction)
    with pytest.raises(Unavailable):
        await mailer.open()


async def test_421_ends_the_session_and_is_put_off(both: tuple[Mailer, Provider]) -> None:
    mailer, provider = both
    provider.next("RCPT", "421 shutting down")
    session = await mailer.open()
    assert await session.offer(mail()) == Answer(Act.DEFER, "smtp:421")
    assert not session.usable
    await session.close()


async def test_an_offered_mail_that_is_not_delivered_is_not_accepted(both: tuple[Mailer, Provider]) -> None:
    mailer, provider = both
    session = await mailer.open()
    assert await session.offer(mail()) is None
    assert not session.usable
    await session.close()
    assert provider.accepted == []


# Over the wire


async def test_commands_of_a_mail_travel_together_and_with_the_message_before(server: FakeSmtpServer) -> None:
    session = await over_the_wire(server).open()
    first, second = mail(0), mail(1)
    assert await session.offer(first) is None
    assert await session.deliver(first, second) == ACCEPTED
    while "DATA" not in server.commands[4:]:  # it has come along, unasked
        await asyncio.sleep(0.01)
    assert await session.offer(second) is None
    assert await session.deliver(second) == ACCEPTED
    await session.close()
    assert [command.split()[0] for command in server.commands] == [
        "EHLO", "MAIL", "RCPT", "DATA", "MAIL", "RCPT", "DATA", "QUIT",
    ]  # fmt: skip


async def test_the_size_is_told_where_the_server_wants_to_know(server: FakeSmtpServer) -> None:
    session = await over_the_wire(server).open()
    await session.offer(mail())
    assert server.commands[1] == f"MAIL FROM:<news@acme.example> SIZE={len(mail().content)}"
    await session.close()


@pytest.mark.parametrize("body", [".", "..", ".\r\n", "a\r\n.\r\nb", "a\r\n..", "", "a\r\n\r\n"])
async def test_dots_at_the_start_of_lines_survive(server: FakeSmtpServer, body: str) -> None:
    session = await over_the_wire(server).open()
    dotted = mail(body=body)
    assert await session.offer(dotted) is None
    assert await session.deliver(dotted) == ACCEPTED
    got = server.accepted[0].content
    assert got.removesuffix(b"\r\n") == dotted.content.removesuffix(b"\r\n")
    await session.close()


async def test_nobody_there_is_unavailable(server: FakeSmtpServer) -> None:
    await server.stop()
    with pytest.raises(Unavailable, match=re.escape(f"127.0.0.1:{server.port}")):
        await over_the_wire(server).open()


async def test_a_server_that_speaks_one_byte_at_a_time_runs_into_the_time_limit() -> None:
    async with FakeSmtpServer(seconds_per_byte=0.05) as server:
        with pytest.raises(Unavailable):
            await over_the_wire(server, SHORT).open()


@pytest.mark.parametrize("greeting", ["HTTP/1.1 200 OK", "", "999 what", "\x00\xff", "220" + "x" * 200_000])
async def test_what_does_not_speak_smtp_is_unavailable(server: FakeSmtpServer, greeting: str) -> None:
    server.next("connect", greeting)
    with pytest.raises(Unavailable):
        await over_the_wire(server, SHORT).open()


async def test_a_session_that_the_server_has_ended_while_it_was_idle_is_noticed(server: FakeSmtpServer) -> None:
    session = await over_the_wire(server).open()
    await server.cut()
    while session.usable:
        await asyncio.sleep(0.01)
    with pytest.raises(Unavailable):
        await session.offer(mail())


async def test_a_farewell_that_was_not_asked_for_is_not_taken_for_an_answer(server: FakeSmtpServer) -> None:
    mailer = over_the_wire(server)
    idle, offered = await mailer.open(), await mailer.open()
    message = mail()
    assert await offered.offer(message) is None
    server.shout("421 too idle")
    await asyncio.gather(heard(idle), heard(offered))
    with pytest.raises(Unavailable):
        await idle.offer(mail())
    assert await offered.deliver(message) == Answer(Act.GIVE_BACK)
    assert server.accepted == []


async def heard(session: Session) -> None:
    assert isinstance(session, SmtpSession)
    while session._wire.silent:
        await asyncio.sleep(0.01)


async def test_when_the_connection_is_known_to_be_gone_the_message_is_given_back(server: FakeSmtpServer) -> None:
    session = await over_the_wire(server).open()
    offered = mail()
    assert await session.offer(offered) is None
    await server.cut()
    assert isinstance(session, SmtpSession)
    while session._wire.lost is None:
        await asyncio.sleep(0.01)
    assert await session.deliver(offered) == Answer(Act.GIVE_BACK)


async def test_starttls_protects_the_session_and_the_password(tmp_path: Path) -> None:
    certificate = self_signed(tmp_path)
    async with FakeSmtpServer(extensions=("STARTTLS", "AUTH PLAIN LOGIN"), tls=certificate.server) as server:
        where = Where.of(f"starttls://ann:pass%20word@localhost:{server.port}", PATIENCE)
        session = await SmtpMailer(where, certificate.client).open()
        assert await session.offer(mail()) is None
        await session.close()
    assert [command.split()[0] for command in server.commands[:4]] == ["EHLO", "STARTTLS", "EHLO", "AUTH"]
    assert server.commands[3] == "AUTH PLAIN AGFubgBwYXNzIHdvcmQ="


async def test_a_certificate_that_nobody_vouches_for_is_unavailable(tmp_path: Path) -> None:
    certificate = self_signed(tmp_path)
    async with FakeSmtpServer(extensions=("STARTTLS",), tls=certificate.server) as server:
        where = Where.of(f"starttls://localhost:{server.port}", PATIENCE)
        with pytest.raises(Unavailable):
            await SmtpMailer(where, ssl.create_default_context()).open()
    assert "MAIL" not in "".join(server.commands)


async def test_a_server_without_starttls_gets_no_password(server: FakeSmtpServer) -> None:
    server.next("STARTTLS", "502 not here")
    where = Where.of(f"starttls://ann:secret@127.0.0.1:{server.port}", PATIENCE)
    with pytest.raises(Unavailable) as caught:
        await SmtpMailer(where).open()
    assert "secret" not in str(caught.value)
    assert [command.split()[0] for command in server.commands] == ["EHLO", "STARTTLS"]


@pytest.mark.parametrize(("extension", "first"), [("AUTH LOGIN", "AUTH LOGIN"), ("AUTH PLAIN", "AUTH PLAIN")])
async def test_a_password_is_given_in_the_way_the_server_knows(extension: str, first: str) -> None:
    async with FakeSmtpServer(extensions=(extension,)) as server:
        where = Where.of(f"smtp://ann:secret@127.0.0.1:{server.port}", PATIENCE)
        session = await SmtpMailer(where).open()
        await session.close()
    assert server.commands[1].startswith(first)


async def test_a_wrong_password_is_unavailable_and_not_named(server: FakeSmtpServer) -> None:
    server.next("AUTH", "535 no")
    where = Where.of(f"smtp://ann:secret@127.0.0.1:{server.port}", PATIENCE)
    with pytest.raises(Unavailable) as caught:
        await SmtpMailer(where).open()
    assert "535" in str(caught.value)
    assert "secret" not in str(caught.value)


async def test_a_password_in_an_smtp_url_goes_to_another_machine_only_under_tls() -> None:
    assert Where.of("smtp://ann:secret@mail.example", PATIENCE).security == "starttls"
    assert Where.of("smtp://mail.example", PATIENCE).security == "none"


@pytest.mark.parametrize("url", ["http://mail.example", "smtp://", "mail.example:25", "smtp:///x"])
async def test_another_url_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="SMTP URL"):
        Where.of(url, PATIENCE)
