"""The dialogue: introduction, and mail after mail, each cut in two before its message."""

import asyncio
from base64 import b64encode

from messaging.adapters.smtp.wire import Reply, Wire
from messaging.domain.deliveries import Act
from messaging.domain.handover import Answer
from messaging.domain.provider import Provider
from messaging.domain.sends import Mail
from messaging.ports.mailing import Unavailable
from runtime import failpoints

_GOODBYE_SECONDS = 1.0
_NOT_THIS_MAIL = (421, 530)
"""The server is closing the connection, or wants us to authenticate: says nothing about the mail."""
_SEND_THE_MESSAGE = 354
_ACCEPTED = Answer(Act.ACCEPT)
_OFFER = 3
"""Commands before a message, hence replies."""


class SmtpSession:
    """`ports.mailing.Session`. Made by `SmtpMailer.open`, already introduced."""

    def __init__(self, wire: Wire, provider: Provider, extensions: dict[str, str]) -> None:
        self._wire = wire
        self._patience = provider.patience
        self._pipelining = "PIPELINING" in extensions
        self._sizes = "SIZE" in extensions
        self._underway: Mail | None = None
        """Its offer has been written; the replies have not been read."""
        self._reset = False
        """The server still holds the sender of an offer that it refused."""
        self._message_due = False
        """The server waits for a message: nothing else can be said to it."""

    @property
    def usable(self) -> bool:
        return self._wire.lost is None and not self._message_due

    async def offer(self, mail: Mail) -> Answer | None:
        if self._underway is mail and (here := self._wire.ready(_OFFER)) is not None:
            self._underway = None
            return self._refusal(here)
        commands = self._commands(mail)
        if self._underway is not mail:
            self._listen()
        try:
            async with asyncio.timeout(self._patience.command):
                if self._pipelining:
                    if self._underway is not mail:
                        self._wire.write(b"".join(commands))
                    self._underway = None
                    replies = [await self._wire.reply() for _ in commands]
                else:
                    replies = []
                    for command in commands:
                        self._wire.write(command)
                        replies.append(await self._wire.reply())
                        if replies[-1].code >= 400:
                            break
        except TimeoutError:
            self._wire.abort("no answer in time")
            raise Unavailable("no answer in time") from None
        return self._refusal(replies)

    def _listen(self) -> None:
        """Before writing: a word that was not asked for, a farewell mostly, would be taken for the answer."""
        if not self._wire.silent:
            self._wire.abort("the server said something unasked")
            raise Unavailable("the server said something unasked")

    def _commands(self, mail: Mail) -> list[bytes]:
        size = f" SIZE={len(mail.content)}" if self._sizes else ""
        commands = [
            f"MAIL FROM:<{mail.sender}>{size}\r\n".encode("ascii"),
            f"RCPT TO:<{mail.recipient}>\r\n".encode("ascii"),
            b"DATA\r\n",
        ]
        return [b"RSET\r\n", *commands] if self._reset else commands

    def _refusal(self, replies: list[Reply]) -> Answer | None:
        """The first no; None: the server waits for the message. Raises Unavailable if it is closing."""
        self._message_due = replies[-1].code == _SEND_THE_MESSAGE
        wanted = [reply.good for reply in replies[:-1]] + [self._message_due]
        if all(wanted):
            self._reset = False
            return None
        refusal = replies[wanted.index(False)]
        if refusal.code in _NOT_THIS_MAIL:
            self._wire.abort(f"the server is done with us ({refusal.code})")
        elif self._message_due:
            self._wire.abort("the server wants the message of a mail that it refused")
        self._reset = True
        return _no(refusal)

    async def deliver(self, mail: Mail, following: Mail | None = None) -> Answer:
        message = _stuffed(mail.content)
        self._message_due, self._reset = False, False
        try:
            self._listen()
            if following is not None and self._pipelining:
                self._wire.write(message + b"".join(self._commands(following)))
                self._underway = following
            else:
                self._wire.write(message)
        except Unavailable:
            return Answer(Act.GIVE_BACK)
        failpoints.hit("messaging.message_written")
        try:
            async with asyncio.timeout(self._patience.answer):
                reply = await self._wire.reply()
        except (Unavailable, TimeoutError):
            self._wire.abort("no answer to a message")
            return Answer(Act.LOSE, "no_answer")
        if reply.code in _NOT_THIS_MAIL:
            self._wire.abort(f"the server is done with us ({reply.code})")
        return _ACCEPTED if reply.good else _no(reply)

    async def close(self) -> None:
        try:
            if self.usable and self._underway is None:
                async with asyncio.timeout(_GOODBYE_SECONDS):
                    self._wire.write(b"QUIT\r\n")
                    await self._wire.reply()
                self._wire.close("closed by ourselves")
        except (Unavailable, TimeoutError):
            pass
        finally:
            if self._wire.lost is None:
                self._wire.abort("closed by ourselves")


def _no(reply: Reply) -> Answer:
    """A refusal. A code that makes no sense here is taken for a passing trouble."""
    never = reply.code >= 500 and reply.code not in _NOT_THIS_MAIL
    return Answer(Act.REFUSE if never else Act.DEFER, f"smtp:{reply.code}")


def _stuffed(content: bytes) -> bytes:
    """With dots doubled at the start of lines, and the final one."""
    stuffed = content.replace(b"\r\n.", b"\r\n..")
    if stuffed.startswith(b"."):
        stuffed = b"." + stuffed
    return stuffed + (b".\r\n" if stuffed.endswith(b"\r\n") else b"\r\n.\r\n")


async def introduce(wire: Wire, provider: Provider, *, greeted: bool = False) -> dict[str, str]:
    """Greeting and EHLO; the server's extensions with their parameters. Raises Unavailable."""
    if not greeted:
        _need(await wire.reply(), "greeting")
    assert wire.transport is not None
    host = wire.transport.get_extra_info("sockname")[0]
    literal = f"[IPv6:{host}]" if ":" in host else f"[{host}]"
    reply = await ask(wire, f"EHLO {literal}")
    words = (line.split(maxsplit=1) for line in reply.lines[1:])
    return {word[0].upper(): word[1] if len(word) > 1 else "" for word in words if word}


async def authenticate(wire: Wire, provider: Provider, mechanisms: str) -> None:
    """AUTH PLAIN, or LOGIN where there is only that. Raises Unavailable, which never names the password."""
    user, password = provider.user or "", provider.password or ""
    if "LOGIN" in mechanisms.upper().split() and "PLAIN" not in mechanisms.upper().split():
        await ask(wire, "AUTH LOGIN", needed=334)
        await ask(wire, b64encode(user.encode()).decode(), needed=334)
        await ask(wire, b64encode(password.encode()).decode(), what="AUTH")
    else:
        token = b64encode(f"\0{user}\0{password}".encode()).decode()
        await ask(wire, f"AUTH PLAIN {token}", what="AUTH")


async def ask(wire: Wire, command: str, *, needed: int | None = None, what: str | None = None) -> Reply:
    """One command and its reply. Raises Unavailable if that is not the needed one (default: any 2xx)."""
    wire.write(command.encode("ascii") + b"\r\n")
    return _need(await wire.reply(), what or command.split()[0], needed)


def _need(reply: Reply, what: str, needed: int | None = None) -> Reply:
    fits = reply.good if needed is None else reply.code == needed
    if not fits:
        raise Unavailable(f"{what}: the server says {reply.code}")
    return reply
