"""Ends what a killed supervisor left behind. Started by the supervisor, outlives it by a moment.

Standard input is a pipe from the supervisor: `+ PID STARTED SIGNAL` when a process (with a session of its own) was
started, `- PID` when it ended. The pipe's end means that the supervisor is gone: every process that is still there gets
its SIGNAL, and five seconds later its whole group gets SIGKILL. Run as a script with -I -S: it must cost nothing.
"""

import contextlib
import os
import signal
import sys
import time

PATIENCE = 5.0


def command() -> list[str]:
    return [sys.executable, "-I", "-S", __file__]


def started(pid: int) -> str:
    """When that process began, in the kernel's ticks, so that a pid given anew is not taken for it; empty if gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="latin-1") as file:
            return file.read().rpartition(") ")[2].split()[19]
    except OSError:
        return "" if os.path.isdir("/proc/1") else "?"  # no /proc at all: nothing to compare


def send(pid: int, number: int) -> None:
    """To the whole group, which that pid leads."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def main() -> None:
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    alive: dict[int, tuple[str, int]] = {}
    for line in sys.stdin:
        what, pid, *rest = line.split()
        if what == "+":
            alive[int(pid)] = (rest[0], int(rest[1]))
        else:
            alive.pop(int(pid), None)
    left = {pid: number for pid, (since, number) in alive.items() if started(pid) == since}
    for pid, number in left.items():
        send(pid, number)
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and any(started(pid) == alive[pid][0] for pid in left):
        time.sleep(0.05)
    for pid in left:
        if started(pid) in ("", alive[pid][0]):  # not somebody else's by now
            send(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
