"""A TCP proxy before PostgreSQL that reads along, and at some COMMITs cuts the connection: before the server has it, or
after it has done it, in place of its answer. Nobody on the client's side can tell the two apart."""

import asyncio
import random
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum

COMMIT = b"Q" + struct.pack("!i", 4 + len(b"COMMIT;\0")) + b"COMMIT;\0"
COMMITTED = b"C" + struct.pack("!i", 4 + len(b"COMMIT\0")) + b"COMMIT\0"
ASKS_FOR_TLS = struct.pack("!ii", 8, 80877103)
LONGEST_SILENCE = 5.0


class Theft(StrEnum):
    NOT_ARRIVED = "never arrived"
    ANSWER = "answer swallowed"


class CommitThief:
    """`share` of the COMMITs are stolen; 0: none. `thefts` is what was done so far."""

    def __init__(self, host: str, port: int, chance: random.Random) -> None:
        self.share = 0.0
        self.thefts: list[Theft] = []
        self.port = 0
        self._target, self._chance = (host, port), chance

    async def serve(self, listening: threading.Event, over: asyncio.Event) -> None:
        server = await asyncio.start_server(self._session, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        listening.set()
        await over.wait()
        server.close()

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_connection(*self._target)
        except OSError:
            writer.transport.abort()
            return
        session = _Session(self, self._chance)
        directions = {
            asyncio.create_task(session.upwards(reader, writer, back)),
            asyncio.create_task(session.downwards(there, writer)),
        }
        await asyncio.wait(directions, return_when=asyncio.FIRST_COMPLETED)
        for direction in directions:
            direction.cancel()
        for end in (writer, back):
            end.transport.abort()


class _Session:
    """One connection. A session ends when either direction does."""

    def __init__(self, thief: CommitThief, chance: random.Random) -> None:
        self._thief, self._chance = thief, chance
        self._stealing = False

    async def upwards(
        self, reader: asyncio.StreamReader, client: asyncio.StreamWriter, server: asyncio.StreamWriter
    ) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            start = await reader.readexactly(8)
            if start == ASKS_FOR_TLS:
                client.write(b"N")
                start = await reader.readexactly(8)
            server.write(start + await reader.readexactly(struct.unpack("!i", start[:4])[0] - 8))
            while True:
                head = await reader.readexactly(5)
                message = head + await reader.readexactly(struct.unpack("!i", head[1:])[0] - 4)
                if message == COMMIT and self._chance.random() < self._thief.share:
                    theft = self._chance.choice(list(Theft))
                    self._thief.thefts.append(theft)
                    if theft is Theft.NOT_ARRIVED:
                        return
                    self._stealing = True
                server.write(message)
                await server.drain()

    async def downwards(self, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        held = b""
        with suppress(OSError):
            while data := await reader.read(65_536):
                if self._stealing:
                    held += data
                    if COMMITTED in held:
                        await asyncio.sleep(self._chance.choice((0.0, 0.0, self._chance.uniform(0, LONGEST_SILENCE))))
                        return
                    continue
                client.write(data)
                await client.drain()


@contextmanager
def commit_thief(host: str, port: int, chance: random.Random) -> Iterator[CommitThief]:
    """In a thread of its own."""
    thief, listening = CommitThief(host, port, chance), threading.Event()
    loop, over = asyncio.new_event_loop(), asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(thief.serve(listening, over)), name="thief")
    thread.start()
    try:
        assert listening.wait(10)
        yield thief
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0.1))
        loop.close()
