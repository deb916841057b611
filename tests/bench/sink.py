"""The provider's side of the mail measures: takes mails as fast as one process can.

    python -m bench.sink --port 2525 --ledger mails.jsonl
    python -m bench.sink --alone 20000      how fast it is by itself, against a client as bare as it is

The platform's own sink (`cli.platform.sink`) has its ledger on the disk of the databases before it answers, and would
be part of what is measured. This one writes when and to whom (`{"at", "rcpt"}`) without waiting for the disk, and
speaks just what messaging says, pipelined.
"""

import argparse
import asyncio
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO, cast

import uvloop

HOST = "127.0.0.1"
END = b"\r\n.\r\n"
HELLO = b"250-bench\r\n250-PIPELINING\r\n250 SIZE 33554432\r\n"


class Sink(asyncio.Protocol):
    """One session. Answers to all that came in one read leave in one write."""

    def __init__(self, ledger: BinaryIO) -> None:
        self._ledger = ledger
        self._to = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._rest = b""
        self._message = False
        self._transport.write(b"220 bench ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        buffer, at, answers, lines = self._rest + data, 0, [], []
        while True:
            if self._message:
                end = buffer.find(END, at)
                if end < 0:
                    break
                at = end + len(END)
                self._message = False
                lines.append(b'{"at": "%s", "rcpt": "%s"}\n' % (_now(), self._to))
                answers.append(b"250 taken\r\n")
            else:
                end = buffer.find(b"\n", at)
                if end < 0:
                    break
                answers.append(self._command(buffer[at:end]))
                at = end + 1
        self._rest = buffer[at:]
        if lines:
            self._ledger.write(b"".join(lines))
        if answers:
            self._transport.write(b"".join(answers))

    def _command(self, line: bytes) -> bytes:
        match line[:4]:
            case b"RCPT":
                self._to = line[line.find(b"<") + 1 : line.rfind(b">")]
                return b"250 ok\r\n"
            case b"MAIL" | b"RSET":
                return b"250 ok\r\n"
            case b"DATA":
                self._message = True
                return b"354 go ahead\r\n"
            case b"EHLO":
                return HELLO
            case b"QUIT":
                self._transport.close()
                return b"221 bye\r\n"
            case _:
                return b"500 unknown\r\n"


def _now() -> bytes:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z").encode()


async def serve(port: int, ledger: Path) -> None:
    """Until SIGTERM."""
    loop = asyncio.get_running_loop()
    file = ledger.open("ab", buffering=0)
    server = await loop.create_server(lambda: Sink(file), HOST, port)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    print("ready", flush=True)
    await stop.wait()
    server.close()
    file.close()


class Client(asyncio.Protocol):
    """Hands over `mails` and closes: a message and the next offer in one write, as messaging does."""

    OFFER = b"MAIL FROM:<news@acme.example> SIZE=400\r\nRCPT TO:<c-000000@bench.example>\r\nDATA\r\n"
    MESSAGE = b"Subject: Hi\r\n\r\n" + b"x" * 380 + END

    def __init__(self, mails: int) -> None:
        self._left = mails
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(b"EHLO me\r\n" + self.OFFER)

    def data_received(self, data: bytes) -> None:
        if b"354 " in data:
            self._left -= 1
            self._transport.write(self.MESSAGE + (self.OFFER if self._left else b"QUIT\r\n"))

    def connection_lost(self, exc: Exception | None) -> None:
        self.over.set_result(None)


class Running:
    """A sink process."""

    def __init__(self, port: int) -> None:
        self.port = port

    @property
    def url(self) -> str:
        return f"smtp://{HOST}:{self.port}"


@contextmanager
def running(ledger: Path) -> Iterator[Running]:
    """On a free port, in a process of its own."""
    with socket.socket() as free:
        free.bind((HOST, 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.sink", "--port", str(port), "--ledger", str(ledger)],
        cwd=Path(__file__).parent.parent,
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        process.stdout.readline()
        yield Running(port)
    finally:
        process.terminate()
        process.wait()


def alone(mails: int, sessions: int = 50) -> float:
    """Mails per second that a sink takes from a bare client, without anything of Slipway."""
    with TemporaryDirectory(prefix="slipway-bench-") as folder, running(Path(folder) / "mails.jsonl") as sink:
        return uvloop.run(_mails_per_second(sink.port, mails // sessions, sessions))


async def _mails_per_second(port: int, each: int, sessions: int) -> float:
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    clients = [(await loop.create_connection(lambda: Client(each), HOST, port))[1] for _ in range(sessions)]
    await asyncio.gather(*(client.over for client in clients))
    return each * sessions / (time.perf_counter() - began)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--port", type=int, default=2525)
    options.add_argument("--ledger", type=Path, default=Path("mails.jsonl"))
    options.add_argument("--alone", type=int, metavar="MAILS")
    given = options.parse_args()
    if given.alone:
        print(f"{alone(given.alone):,.0f} mails/s")
    else:
        uvloop.run(serve(given.port, given.ledger))


if __name__ == "__main__":
    main()
