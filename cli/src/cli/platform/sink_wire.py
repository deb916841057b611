"""The sink's end of a connection: whole lines in, answers out together once there is nothing more to read."""

import asyncio

LARGEST = 32 * 1024 * 1024
LONGEST_LINE = 4_096
END = b"\r\n.\r\n"


class Hangup(Exception):
    """The connection ends here, without another word."""


class Wire:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._read = b""
        self._answers: list[bytes] = []
        self.seconds_per_byte: float | None = None

    def answer(self, text: str) -> None:
        """Goes out when the next read would wait."""
        self._answers.append(text.encode() + b"\r\n")

    async def line(self) -> bytes:
        """The next command. Raises Hangup at the end or if it is too long."""
        while (end := self._read.find(b"\n")) < 0:
            if len(self._read) > LONGEST_LINE:
                raise Hangup
            await self._more()
        line, self._read = self._read[:end], self._read[end + 1 :]
        return line.rstrip(b"\r")

    async def mail(self) -> bytes:
        """Up to the final dot, as it was sent (a doubled dot stays doubled)."""
        self._read = b"\r\n" + self._read
        begin = 0
        while (end := self._read.find(END, begin)) < 0:
            if len(self._read) > LARGEST:
                raise Hangup
            begin = max(0, len(self._read) - len(END))
            await self._more()
        mail, self._read = self._read[2 : end + 2], self._read[end + len(END) :]
        return mail

    async def close(self) -> None:
        await self.flush()
        self._writer.close()

    async def flush(self) -> None:
        answers, self._answers = b"".join(self._answers), []
        if self.seconds_per_byte is None:
            self._writer.write(answers)
            return
        for byte in answers:
            self._writer.write(bytes([byte]))
            await asyncio.sleep(self.seconds_per_byte)

    async def _more(self) -> None:
        await self.flush()
        more = await self._reader.read(262_144)
        if not more:
            raise Hangup
        self._read += more
