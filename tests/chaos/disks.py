"""Disks that are small enough to be filled: a tmpfs in the place of a server's folder."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from chaos.trial import ImpossibleHere

MIB = 1024 * 1024


@dataclass(frozen=True)
class SmallDisk:
    root: Path

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def _ballast(self) -> Path:
        return self.root / "ballast"

    def put_in_place_of(self, folder: Path) -> None:
        """Before the server's first start."""
        self.data.mkdir()
        folder.symlink_to(self.data)

    def fill(self) -> None:
        """To the last byte."""
        file = os.open(self._ballast, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        try:
            for size in (MIB, 64):
                with suppress(OSError):
                    while True:
                        os.write(file, bytes(size))
        finally:
            os.close(file)

    def free(self) -> None:
        self._ballast.unlink(missing_ok=True)


@contextmanager
def small_disk(megabytes: int) -> Iterator[SmallDisk]:
    root = Path(tempfile.mkdtemp(prefix="slipway-disk-"))
    try:
        command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "tmpfs", str(root)]
        try:
            mounted = subprocess.run(command, capture_output=True, text=True, check=False)
        except FileNotFoundError as error:
            raise ImpossibleHere("no command `mount`") from error
        if mounted.returncode:
            raise ImpossibleHere(f"a small disk cannot be mounted: {mounted.stderr.strip()}")
        try:
            yield SmallDisk(root)
        finally:
            subprocess.run(["umount", "-l", str(root)], check=False)
    finally:
        shutil.rmtree(root, ignore_errors=True)
