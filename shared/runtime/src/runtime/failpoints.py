"""Faults on demand, for tests: `SLIPWAY_FAILPOINT=name:action:nth` does `action` the nth time `name` is reached.

Actions: `kill` (SIGKILL), `freeze` or `freeze=SECONDS` (SIGSTOP, thawed by a helper process; 20 s if not said), `raise`
(an exception of our own code), `cut` (the database connection dies, as if the network had failed).
Nothing is armed unless `arm` was called; `runtime.settings` refuses the setting in production mode.
"""

import os
import signal
import subprocess
import sys
from typing import Final

from runtime.transaction import Connection

FREEZE_SECONDS: Final = 20.0


class Injected(Exception):
    """The exception of action `raise`."""


class _Armed:
    def __init__(self, name: str, action: str, nth: int) -> None:
        self.name, self.action, self.left = name, action, nth


_armed: _Armed | None = None


def arm(text: str, *, mode: str) -> None:
    """Empty text disarms. Raises ValueError on a malformed one, and in production mode."""
    global _armed
    if not text:
        _armed = None
        return
    if mode == "production":
        raise ValueError("failpoints are refused in production mode")
    name, action, nth = text.split(":")
    if action.split("=")[0] not in {"kill", "freeze", "raise", "cut"}:
        raise ValueError(f"unknown failpoint action {action}: kill, freeze, raise or cut")
    _armed = _Armed(name, action, int(nth))


def hit(name: str, connection: Connection | None = None) -> None:
    """Here something may be made to fail. `connection` is what `cut` cuts."""
    if _armed is None or _armed.name != name:
        return
    _armed.left -= 1
    if _armed.left == 0:
        _act(_armed, connection)


def _act(armed: _Armed, connection: Connection | None) -> None:
    action, _, argument = armed.action.partition("=")
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif action == "freeze":
        thaw = f"sleep {float(argument or FREEZE_SECONDS)}; kill -CONT {os.getpid()}"
        subprocess.Popen(["/bin/sh", "-c", thaw], stdin=subprocess.DEVNULL, stdout=sys.stderr, start_new_session=True)
        os.kill(os.getpid(), signal.SIGSTOP)
    elif action == "raise":
        raise Injected(f"failpoint {armed.name}")
    else:
        if connection is not None:
            connection.terminate()
        raise ConnectionResetError(f"failpoint {armed.name}: connection cut")
