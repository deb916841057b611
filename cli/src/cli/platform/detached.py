"""A supervisor without a terminal: started, and watched until it is ready or has given up."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from cli.platform import control
from cli.platform.failure import PlatformError
from cli.platform.home import Home


def start_detached(home: Home, supervisor: Sequence[str], lock: int) -> int | None:
    """In a session of its own. Shows its messages; None when it is ready, its exit code if it ended."""
    log = home.log("supervisor")
    begin = log.stat().st_size if log.exists() else 0
    with log.open("ab") as file:
        process = subprocess.Popen(
            supervisor, stdin=subprocess.DEVNULL, stdout=file, stderr=file, pass_fds=[lock], start_new_session=True
        )
    os.close(lock)
    try:
        while True:
            ended = process.poll() is not None
            begin = _relay(log, begin)
            if ended:
                return process.returncode
            if _phase(home) == "running":
                _relay(log, begin)
                return None
            time.sleep(0.1)
    except KeyboardInterrupt:
        process.terminate()
        process.wait()
        raise


def _relay(log: Path, begin: int) -> int:
    with log.open("rb") as file:
        file.seek(begin)
        text = file.read()
    sys.stderr.write(text.decode(errors="replace"))
    sys.stderr.flush()
    return begin + len(text)


def _phase(home: Home) -> str:
    try:
        return str(control.ask(home, timeout=5, do="status")["phase"])
    except (PlatformError, OSError):
        return "not yet there"
