"""A mail server that keeps a ledger instead of delivering: the local provider, and the outside witness of tests.

    python -m cli.platform.sink --port 1025 --ledger mails.jsonl [--host 127.0.0.1]

Each mail that is accepted is a line of the ledger, on disk *before* the answer: `{"at", "message_id", "from", "rcpt",
"subject", "bytes"}`, one line per recipient. How it can misbehave: `sink_behaviour.py`. It speaks SMTP with PIPELINING,
8BITMIME, SMTPUTF8 and SIZE; no TLS, no authentication, so it listens on 127.0.0.1 unless told otherwise.
"""

import argparse
import asyncio
import json
import re
import signal
from contextlib import suppress
from datetime import UTC, datetime
from email.header import decode_header, make_header
from pathlib import Path

from cli.platform.sink_behaviour import Behaviours, Kind
from cli.platform.sink_ledger import Ledger
from cli.platform.sink_wire import LARGEST, Hangup, Wire

ADDRESS = re.compile(rb"(?:FROM|TO):\s*<([^>]*)>", re.IGNORECASE)
HEADER = re.compile(rb"^(message-id|subject):[ \t]*(.*?)[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
HELLO = "\r\n".join(["250-sink", "250-PIPELINING", "250-8BITMIME", "250-SMTPUTF8", f"250 SIZE {LARGEST}"])


class Session:
    """One connection. Commands are answered in turn, however many came at once."""

    def __init__(self, wire: Wire, ledger: Ledger, behaviours: Behaviours) -> None:
        self._wire = wire
        self._ledger = ledger
        self._behaviours = behaviours
        self._sender = ""
        self._recipients: list[str] = []

    async def run(self) -> None:
        with suppress(OSError):
            try:
                self._greet()
                while True:
                    await self._command(await self._wire.line())
            except Hangup:
                await self._wire.close()

    def _greet(self) -> None:
        self._behaviours.refresh()
        if slow := self._behaviours.take(Kind.SLOW):
            self._wire.seconds_per_byte = slow.seconds
        if self._behaviours.take(Kind.CLOSE):
            raise Hangup
        if self._behaviours.take(Kind.REFUSE):
            self._wire.answer("554 no service here")
            raise Hangup
        if self._behaviours.take(Kind.BUSY):
            self._wire.answer("421 too busy")
            raise Hangup
        self._wire.answer("220 sink ESMTP")

    async def _command(self, line: bytes) -> None:
        match line[:4].upper():
            case b"EHLO":
                self._wire.answer(HELLO)
            case b"HELO" | b"NOOP":
                self._wire.answer("250 sink")
            case b"MAIL":
                self._behaviours.refresh()
                self._sender, self._recipients = _address(line), []
                self._wire.answer("250 sender ok")
            case b"RCPT":
                self._recipient(_address(line))
            case b"DATA" if self._recipients:
                await self._data()
            case b"DATA":
                self._wire.answer("503 no recipient yet")
            case b"RSET":
                self._recipients = []
                self._wire.answer("250 ok")
            case b"QUIT":
                self._wire.answer("221 bye")
                raise Hangup
            case _:
                self._wire.answer("500 unknown command")

    def _recipient(self, address: str) -> None:
        if self._behaviours.take(Kind.HANG_UP, address):
            raise Hangup
        if self._behaviours.take(Kind.SHUT_DOWN, address):
            self._wire.answer("421 shutting down")
            raise Hangup
        if self._behaviours.take(Kind.LATER, address):
            self._wire.answer("451 try again later")
        elif self._behaviours.take(Kind.NEVER, address) or "@" not in address:
            self._wire.answer("550 no such mailbox")
        else:
            self._recipients.append(address)
            self._wire.answer("250 recipient ok")

    async def _data(self) -> None:
        self._wire.answer("354 go ahead")
        to, self._recipients = self._recipients, []
        await self._take_in(await self._wire.mail(), to)

    async def _take_in(self, mail: bytes, to: list[str]) -> None:
        first = to[0]
        if self._behaviours.take(Kind.LATER_DATA, first):
            return self._wire.answer("451 try again later")
        if self._behaviours.take(Kind.NEVER_DATA, first):
            return self._wire.answer("554 content refused")
        if self._behaviours.take(Kind.LOSE, first):
            raise Hangup
        if stall := self._behaviours.take(Kind.STALL, first):
            await asyncio.sleep(stall.seconds)
            raise Hangup
        whole = self._behaviours.take(Kind.KEEP, first) is not None
        await self._ledger.record(_lines(self._sender, to, mail, whole))
        if self._behaviours.take(Kind.DROP, first):
            raise Hangup
        if late := self._behaviours.take(Kind.LATE, first):
            await asyncio.sleep(late.seconds)
        return self._wire.answer("250 accepted")


def _address(line: bytes) -> str:
    found = ADDRESS.search(line)
    return found.group(1).decode(errors="replace") if found else ""


def _lines(sender: str, to: list[str], mail: bytes, whole: bool) -> bytes:
    head = mail.partition(b"\r\n\r\n")[0].replace(b"\r\n ", b" ").replace(b"\r\n\t", b" ")
    headers = {name.lower(): value.decode(errors="replace") for name, value in HEADER.findall(head)}
    entry = {
        "at": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "message_id": headers.get(b"message-id", ""),
        "from": sender,
        "rcpt": "",
        "subject": _readable(headers.get(b"subject", "")),
        "bytes": len(mail),
        **({"mail": mail.decode(errors="replace")} if whole else {}),
    }
    return b"".join(json.dumps({**entry, "rcpt": one}, ensure_ascii=False).encode() + b"\n" for one in to)


def _readable(subject: str) -> str:
    if "=?" not in subject:
        return subject
    try:
        return str(make_header(decode_header(subject)))
    except (ValueError, LookupError):
        return subject


async def serve(host: str, port: int, ledger: Path) -> None:
    """Until SIGTERM."""
    book = Ledger(ledger)
    behaviours = Behaviours(ledger.with_suffix(".behaviour.json"))

    async def session(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await Session(Wire(reader, writer), book, behaviours).run()

    server = await asyncio.start_server(session, host, port)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()
    server.close()
    book.close()


def main() -> None:
    options = argparse.ArgumentParser(description="A mail server that keeps a ledger instead of delivering.")
    options.add_argument("--host", default="127.0.0.1")
    options.add_argument("--port", type=int, required=True)
    options.add_argument("--ledger", type=Path, required=True)
    given = options.parse_args()
    asyncio.run(serve(given.host, given.port, given.ledger))


if __name__ == "__main__":
    main()
