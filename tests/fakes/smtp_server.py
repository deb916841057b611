"""An SMTP server in the test's own loop that behaves as the test says, and remembers what it has accepted.

```python
async with FakeSmtpServer() as server:
    server.next("RCPT", "450 later", "550 never")     # for the next two; then as usual again
    server.always("dot", DROP)                        # until `server.usual("dot")`
    ...
    assert [mail.recipient for mail in server.accepted] == [...]
```
Places beside those of `fakes.provider`: `EHLO`, `AUTH`, `STARTTLS`, `RSET`, `QUIT`.
"""

import asyncio
import re
import ssl
from typing import Self

from fakes.provider import ACCEPT_AND_DROP, ACCEPT_LATE, DROP, STALL, Accepted, Provider


class FakeSmtpServer(Provider):
    def __init__(
        self,
        *,
        extensions: tuple[str, ...] = ("PIPELINING", "SIZE 1000000"),
        tls: ssl.SSLContext | None = None,
        seconds_per_byte: float = 0.0,
        port: int = 0,
    ) -> None:
        super().__init__()
        self.extensions = list(extensions)
        self.commands: list[str] = []
        self.connections = 0
        self.open = 0
        self.seconds_per_byte = seconds_per_byte
        self.port = port
        self.tls = tls
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Nobody listens any more, and everybody is cut off."""
        assert self._server is not None
        self._server.close()
        await self.cut()

    async def cut(self) -> None:
        """Hang up on everybody."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks)

    def shout(self, text: str) -> None:
        """Say something to everybody that nobody has asked for."""
        for writer in self._writers:
            writer.write(text.encode() + b"\r\n")

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.add(writer)
        self.connections += 1
        self.open += 1
        try:
            await _Session(self, reader, writer).run()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, _HangUp):
            pass
        finally:
            self.open -= 1
            self._tasks.discard(task)
            self._writers.discard(writer)
            writer.close()


class _HangUp(Exception):
    pass


class _Session:
    def __init__(self, server: FakeSmtpServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._server, self._reader, self._writer = server, reader, writer
        self._sender = ""
        self._recipient = ""

    async def run(self) -> None:
        await self._react("connect", "220 fake ESMTP")
        while True:
            line = (await self._reader.readuntil(b"\r\n")).decode()[:-2]
            self._server.commands.append(line)
            await self._command(line)

    async def _command(self, line: str) -> None:
        verb = line[:4].upper()
        address = match[1] if (match := re.search(r"<([^>]*)>", line)) else ""
        match verb:
            case "EHLO":
                *others, last = ["fake", *self._server.extensions]
                await self._react("EHLO", "\r\n".join([*(f"250-{each}" for each in others), f"250 {last}"]))
            case "STAR":
                await self._start_tls()
            case "AUTH":
                await self._authenticate(line)
            case "MAIL":
                if self._sender:
                    await self._say("503 nested MAIL")
                elif await self._react("MAIL", "250 sender ok"):
                    self._sender = address
            case "RCPT":
                if not self._sender:
                    await self._say("503 MAIL first")
                elif await self._react("RCPT", "250 recipient ok"):
                    self._recipient = address
            case "DATA":
                if not self._recipient:
                    await self._say("503 RCPT first")
                elif await self._react("DATA", "354 go ahead"):
                    await self._message()
            case "RSET":
                self._sender = self._recipient = ""
                await self._react("RSET", "250 ok")
            case "QUIT":
                await self._react("QUIT", "221 bye")
                raise _HangUp
            case _:
                await self._say("500 what?")

    async def _message(self) -> None:
        content = await self._reader.readuntil(b"\r\n.\r\n")
        mail = Accepted(self._sender, self._recipient, content[:-3].replace(b"\r\n..", b"\r\n."))
        self._sender = self._recipient = ""
        reaction = self._server.reaction("dot", "250 accepted")
        if reaction.startswith("2") or reaction in (ACCEPT_AND_DROP, ACCEPT_LATE):
            self._server.accepted.append(mail)
        if reaction == ACCEPT_AND_DROP:
            raise _HangUp
        if reaction == ACCEPT_LATE:
            await self._server.released.wait()
            reaction = "250 accepted at last"
        await self._say(reaction)

    async def _start_tls(self) -> None:
        if await self._react("STARTTLS", "220 go ahead"):
            assert self._server.tls is not None
            await self._writer.start_tls(self._server.tls)

    async def _authenticate(self, line: str) -> None:
        if line == "AUTH LOGIN":
            for question in ("334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6"):
                await self._say(question)
                self._server.commands.append((await self._reader.readuntil(b"\r\n")).decode()[:-2])
        await self._react("AUTH", "235 welcome")

    async def _react(self, place: str, usual: str) -> bool:
        """True if it went the usual way."""
        reaction = self._server.reaction(place, usual)
        await self._say(reaction)
        return reaction[0] in "23"

    async def _say(self, text: str) -> None:
        if text == DROP:
            raise _HangUp
        if text == STALL:
            await asyncio.Event().wait()
        data = text.encode() + b"\r\n"
        if not self._server.seconds_per_byte:
            self._writer.write(data)
            return
        for byte in data:
            self._writer.write(bytes([byte]))
            await asyncio.sleep(self._server.seconds_per_byte)
