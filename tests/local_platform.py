"""A platform of its own for one test: a home, stand-in services, and `slipway` on them."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

import dummy_services
from cli.platform import control
from cli.platform.failure import PlatformError
from cli.platform.home import Home

PATIENCE = 60.0


class Local:
    """A home, and `slipway` on it."""

    def __init__(self, root: Path, **environment: str) -> None:
        self.root = root
        self.home = root / "home"
        self.packages = root / "packages"
        dummy_services.write(self.packages)
        own = {"SLIPWAY_HOME": str(self.home), "PYTHONPATH": str(self.packages), "COLUMNS": "200"}
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SLIPWAY_")}
        self.environment = {**kept, **own, **environment}

    def slipway(self, *arguments: str, check: int | None = 0, **environment: str) -> subprocess.CompletedProcess[str]:
        ran = subprocess.run(
            [sys.executable, "-m", "cli", *arguments],
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert check is None or ran.returncode == check, f"{arguments}: {ran.returncode}\n{ran.stdout}{ran.stderr}"
        return ran

    def up_in_foreground(self, *arguments: str) -> "subprocess.Popen[bytes]":
        """The process that becomes the supervisor."""
        with (self.root / "up.log").open("wb") as log:
            command = [sys.executable, "-m", "cli", "up", *arguments]
            return subprocess.Popen(command, env=self.environment, stdout=log, stderr=log, start_new_session=True)

    def status(self) -> dict[str, Any]:
        """As a program reads it."""
        document: dict[str, Any] = json.loads(self.slipway("status", "--json").stdout)
        return document

    def runs(self) -> bool:
        """Whether the start is over."""
        with suppress(PlatformError):
            return bool(control.ask(Home(self.home), do="status")["phase"] == "running")
        return False

    def pid(self, instance: str) -> int | None:
        with suppress(PlatformError):
            services = control.ask(Home(self.home), do="status")["services"]
            return next((one["pid"] for one in services if one["instance"] == instance), None)
        return None

    def told(self, instance: str) -> dict[str, str]:
        """The environment of that process."""
        services = control.ask(Home(self.home), do="status")["services"]
        [url] = [one["url"] for one in services if one["instance"] == instance]
        with urllib.request.urlopen(url + "/environment") as answer:
            told: dict[str, str] = json.load(answer)
        return told

    def log(self, name: str) -> str:
        path = self.home / "logs" / f"{name}.log"
        return path.read_text() if path.exists() else ""

    def until(self, holds: Callable[[], Any], what: str) -> Any:
        deadline = time.monotonic() + PATIENCE
        while not (found := holds()):
            up = self.root / "up.log"
            said = up.read_text() if up.exists() else ""
            assert time.monotonic() < deadline, f"not so after {PATIENCE} s: {what}\n{said}{self.log('supervisor')}"
            time.sleep(0.05)
        return found

    def processes(self) -> list[psutil.Process]:
        """Everything that belongs to this platform: what was told its home, and what works in it (PostgreSQL's)."""
        mine = []
        for process in psutil.process_iter():
            with suppress(psutil.AccessDenied, psutil.NoSuchProcess):
                told = process.environ().get("SLIPWAY_HOME") == str(self.home)
                if (told or process.cwd().startswith(str(self.home))) and process.pid != os.getpid():
                    mine.append(process)
        return mine

    def server(self, program: str) -> psutil.Process:
        """The embedded server of that name: java or postgres (the one that the others come from)."""
        found = [one for one in self.processes() if one.name() == program]
        return min(found, key=lambda one: one.create_time())

    def nothing_left(self) -> bool:
        return not self.processes()


@contextmanager
def local_platform(**environment: str) -> Iterator[Local]:
    """Ended and removed with the block, whatever became of it."""
    root = Path(tempfile.mkdtemp(prefix="slipway-test-"))
    root.chmod(0o711)
    local = Local(root, **environment)
    try:
        yield local
    finally:
        for process in local.processes():
            with suppress(psutil.NoSuchProcess):
                process.kill()
        local.until(local.nothing_left, "all processes have ended")
        local.slipway("down", "--wipe", check=None)
        shutil.rmtree(root, ignore_errors=True)
