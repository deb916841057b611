"""The wall clocks of a platform's processes, moved while they run: a small library that is loaded before all others.

It is compiled for the occasion from `inject/clock.c`. A process follows `<slot>.clock` in the folder `chaos` of the
platform, else `world.clock` (servers and command line have no slot), else the machine's.
"""

import os
import shutil
import struct
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from chaos.trial import ImpossibleHere

SOURCE = Path(__file__).parent / "inject" / "clock.c"
WORLD = "world"
NANOSECONDS = 1_000_000_000


@dataclass(frozen=True)
class Clocks:
    """Of every process that is started meanwhile, the command line's too: a world of its own."""

    def prepare(self, home: Path, *names: str) -> None:
        """Before the start: only those that have a file by then can be moved."""
        for name in names:
            self.move(home, name, 0.0)

    def move(self, home: Path, name: str, seconds: float) -> None:
        """Its clock differs by so many seconds from the machine's, at once."""
        file = home / "chaos" / f"{name}.clock"
        mode = "r+b" if file.exists() else "wb"
        with file.open(mode) as opened:  # in place: it is mapped
            opened.write(struct.pack("q", int(seconds * NANOSECONDS)))
        file.chmod(0o644)  # PostgreSQL runs as somebody else

    def set(self, home: Path, name: str, to: datetime) -> None:
        """It shows that time now, and goes on from there."""
        self.move(home, name, to.timestamp() - time.time())


@contextmanager
def movable_clocks() -> Iterator[Clocks]:
    folder = Path(tempfile.mkdtemp(prefix="slipway-clock-"))
    folder.chmod(0o755)
    try:
        library = folder / "clock.so"
        try:
            made = subprocess.run(
                ["cc", "-shared", "-fPIC", "-O1", "-o", str(library), str(SOURCE), "-ldl"],
                capture_output=True,
                text=True,
                check=False,
            )
        except FileNotFoundError:
            raise ImpossibleHere("clocks are moved by a C library, and there is no compiler `cc`") from None
        assert made.returncode == 0, made.stderr
        os.environ["LD_PRELOAD"] = str(library)
        yield Clocks()
    finally:
        os.environ.pop("LD_PRELOAD", None)
        shutil.rmtree(folder, ignore_errors=True)
