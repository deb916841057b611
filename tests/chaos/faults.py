"""Faults: failpoints armed in running processes, and signals to them."""

import os
import signal
import subprocess
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chaos.collect import lines
from cli.platform import control
from cli.platform.home import Home

INJECT = Path(__file__).parent / "inject"
FROZEN_SECONDS = 12
"""Longer than a consumer's session (8 s): the others take over meanwhile."""


@dataclass(frozen=True)
class Faults:
    """Of one platform; `folder` is what `inject/sitecustomize.py` watches."""

    folder: Path

    @classmethod
    def of(cls, home: Path) -> "Faults":
        folder = home / "chaos"
        folder.mkdir(exist_ok=True)
        return cls(folder)

    def arm(self, slots: list[str], failpoint: str, seconds: float = 10) -> None:
        """Returns when the processes of these slots have it."""
        for slot in slots:
            unfinished = self.folder / f"{slot}.new"
            unfinished.write_text(failpoint)
            unfinished.rename(self.folder / f"{slot}.arm")
        self._await(slots, failpoint, seconds)

    def disarm(self) -> None:
        for file in self.folder.glob("*.arm"):
            file.unlink(missing_ok=True)

    def hits(self) -> list[dict[str, Any]]:
        return list(lines(self.folder / "hits.jsonl"))

    def _await(self, slots: list[str], failpoint: str, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        for slot in slots:
            said = self.folder / f"{slot}.armed"
            while not said.exists() or said.read_text() != failpoint:
                assert time.monotonic() < deadline, f"{slot} did not take failpoint {failpoint}"
                time.sleep(0.02)


def pids(home: Path, service: str | None = None) -> dict[str, int]:
    """Slot to pid of the processes that run right now. Of the supervisor, for `slipway status` takes its time."""
    return {
        row["instance"]: row["pid"]
        for row in control.ask(Home(home), do="status")["services"]
        if row["pid"] and row["name"] != "console" and service in (None, row["name"])
    }


def until_ready(home: Path, seconds: float) -> list[str]:
    """Slots that are not ready after so many seconds; nothing if all of them are."""
    deadline = time.monotonic() + seconds
    while True:
        services = control.ask(Home(home), do="status")["services"]
        waiting = [row["instance"] for row in services if not row["pid"] or not _is_ready(row["url"])]
        if not waiting or time.monotonic() > deadline:
            return waiting
        time.sleep(0.2)


def _is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=3) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def freeze(pid: int, seconds: float = FROZEN_SECONDS) -> None:
    """Stopped now, thawed by a process of nobody's."""
    os.kill(pid, signal.SIGSTOP)
    subprocess.run(["/bin/sh", "-c", f"(sleep {seconds}; kill -CONT {pid}) &"], start_new_session=True, check=True)
