"""How fast mails leave, and how long after a fault they leave as fast again."""

import time
from collections import deque
from pathlib import Path

EVERY_SECONDS = 0.25
WINDOW_SECONDS = 2.0


class Tempo:
    """Reads how many lines the mail sink's ledger has; `until_back` compares rates over windows of two seconds."""

    def __init__(self, ledger: Path) -> None:
        self._ledger = ledger
        self._read = 0
        self._mails = 0

    def mails(self) -> int:
        """That the sink has accepted so far."""
        if self._ledger.exists():
            with self._ledger.open("rb") as file:
                file.seek(self._read)
                while block := file.read(1 << 20):
                    self._mails += block.count(b"\n")
                    self._read += len(block)
        return self._mails

    def rate(self, seconds: float) -> float:
        """Mails per second in the coming seconds."""
        before, began = self.mails(), time.monotonic()
        time.sleep(seconds)
        return (self.mails() - before) / (time.monotonic() - began)

    def until_back(self, rate: float, longest: float) -> float | None:
        """Seconds from now to the beginning of the first window with that rate; None: not within `longest`."""
        began = time.monotonic()
        seen: deque[tuple[float, int]] = deque([(began, self.mails())])
        while (now := time.monotonic()) < began + longest + WINDOW_SECONDS:
            time.sleep(EVERY_SECONDS)
            seen.append((now := time.monotonic(), self.mails()))
            while seen[1][0] <= now - WINDOW_SECONDS:
                seen.popleft()
            at, mails = seen[0]
            if now - at >= WINDOW_SECONDS and (seen[-1][1] - mails) / (now - at) >= rate:
                return at - began
        return None
