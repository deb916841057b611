"""What is to run, as data: the supervisor, the tests' platform and `migrate` all start processes from this."""

import os
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from cli.platform import child


@dataclass(frozen=True)
class ProcessSpec:
    """One process. `stop` asks it to end and `kill` makes it end at once, both without losing what it has stored."""

    name: str
    """Unique on this platform: `kafka`, `executor-0`."""
    argv: tuple[str, ...]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    user: int | None = None
    """Uid to run under; only root may give another one."""
    stop: signal.Signals = signal.SIGTERM
    kill: signal.Signals = signal.SIGKILL
    grace: float = 30.0
    """Seconds between `stop` and `kill`."""
    port: int | None = None
    """Where it listens, for messages and status."""


def start(spec: ProcessSpec) -> "subprocess.Popen[bytes]":
    """Starts it. From the main thread only."""
    with open_log(spec) as log:
        return subprocess.Popen(command(spec), **options(spec, log))


def command(spec: ProcessSpec) -> list[str]:
    return child.command(list(spec.argv), spec.user, spec.kill)


def options(spec: ProcessSpec, log: IO[bytes]) -> dict[str, Any]:
    """For Popen: a session of its own (a terminal's Ctrl-C is the supervisor's to carry out), output to its log."""
    return {
        "stdin": subprocess.DEVNULL,
        "stdout": log,
        "stderr": subprocess.STDOUT,
        "env": {**os.environ, **spec.environment},
        "cwd": None if spec.user is None else "/",
        "start_new_session": True,
    }


def open_log(spec: ProcessSpec) -> IO[bytes]:
    spec.log.parent.mkdir(parents=True, exist_ok=True)
    return spec.log.open("ab")


def last_lines(log: Path, count: int = 15) -> str:
    """The end of a log, for an error message."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 16_384))
            lines = file.read().decode(errors="replace").splitlines()
    except FileNotFoundError:
        return ""
    return "\n".join(lines[-count:])
