"""Starts one process of the platform so that it cannot outlive whoever supervises it.

Run as a script (`python -I -S child.py PARENT UID SIGNAL -- program arguments…`), because three things must happen
between fork and exec, in this order: take the other uid, ask the kernel for SIGNAL when the parent dies (Linux; a
change of uid would forget it), and notice a parent that died before that.
"""

import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def command(argv: list[str], user: int | None, death_signal: signal.Signals) -> list[str]:
    """The command line that starts `argv` this way. The caller's main thread must start it: the signal comes when
    that *thread* ends."""
    who = "-" if user is None else str(user)
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), who, str(int(death_signal)), "--", *argv]


def main() -> None:
    import ctypes  # now: the other uid may not reach Python's own files

    libc = ctypes.CDLL(None)
    parent, user, death_signal = sys.argv[1:4]
    argv = sys.argv[5:]
    if user != "-":
        os.setgroups([])
        os.setgid(int(user))
        os.setuid(int(user))
    if sys.platform == "linux":
        libc.prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
    if os.getppid() != int(parent):
        sys.exit(1)
    os.execvp(argv[0], argv)


if __name__ == "__main__":
    main()
