"""A file of lines, each on disk before whoever wrote it goes on; sessions at the same time share one fsync."""

import asyncio
import os
from pathlib import Path


class Ledger:
    """Appends only; an old ledger is continued."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._waiting: list[tuple[bytes, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def record(self, lines: bytes) -> None:
        """Returns when they are on disk; raises OSError if they could not be written."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((lines, done))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())
        await done

    def close(self) -> None:
        os.close(self._file)

    async def _write(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            failure: OSError | None = None
            try:
                await asyncio.to_thread(self._append, b"".join(lines for lines, _ in batch))
            except OSError as error:
                failure = error
            for _, done in batch:
                if done.cancelled():
                    continue
                if failure:
                    done.set_exception(failure)
                else:
                    done.set_result(None)
        self._writing = None

    def _append(self, lines: bytes) -> None:
        os.write(self._file, lines)
        os.fdatasync(self._file)
