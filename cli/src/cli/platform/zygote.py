"""A process that has imported what the services import, and forks itself for each of them.

So what is imported lies in memory once, and a process starts in a moment. The supervisor starts it and speaks to it
(`forked.py`): standard input brings a line of JSON for each process to start, standard output tells of each that it was
started and that it ended. The input's end is the supervisor's; what was forked ends with this process, by the kernel.

Nothing may be made here that must not be there twice: no settings are read, no thread, no event loop, no connection.
"""

import ctypes
import gc
import json
import os
import runpy
import select
import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from importlib import import_module
from typing import Any

from cli.platform.child import PR_SET_PDEATHSIG
from cli.platform.services import SERVICES

PRELOADED = (
    *(f"{service}.app" for service in SERVICES),
    "runtime.audit_api",
    "runtime.engine",
    "runtime.process",
    "anyio._backends._asyncio",
    "pydantic.v1",
    "uvicorn.lifespan.off",
    "uvicorn.protocols.http.auto",
    "uvicorn.protocols.websockets.auto",
)
"""With all that they import: everything that every service has imported once it is ready."""
Asked = dict[str, Any]
"""`name`; `argv`: module and arguments; `environment`: all of it; `log`: its path; `kill`: what ends it at once."""


def main() -> None:
    rename("zygote")
    replies = os.dup(1)
    os.dup2(2, 1)  # whatever is printed while importing
    libc = ctypes.CDLL(None)
    load(PRELOADED)
    gc.collect()
    with suppress(AttributeError):  # glibc's
        libc.malloc_trim(0)
    gc.freeze()
    zygote = os.getpid()
    asked = serve(0, replies)
    if asked is None:
        os._exit(0)  # there is nothing to tidy up
    become(asked, zygote, libc)


def load(modules: Iterable[str]) -> None:
    """What cannot be imported is left to the service that needs it: the error belongs into its log."""
    for module in modules:
        with suppress(Exception):
            import_module(module)


def serve(requests: int, replies: int) -> Asked | None:
    """Here: None when the requests end. In each process that is forked here: what it is to become."""
    woken, wake = os.pipe()
    os.set_blocking(woken, False)
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    rest = b""
    while True:
        ready, _, _ = select.select([requests, woken], [], [])
        if woken in ready:
            os.read(woken, 4096)
            for pid, code in ended():
                _tell(replies, pid=pid, code=code)
        if requests in ready:
            read = os.read(requests, 65_536)
            if not read:
                return None
            *lines, rest = (rest + read).split(b"\n")
            for asked in map(json.loads, lines):
                try:
                    pid = os.fork()
                except OSError as error:
                    _tell(replies, name=asked["name"], error=error.strerror)
                    continue
                if pid == 0:
                    for descriptor in (woken, wake, replies):
                        os.close(descriptor)
                    return dict(asked)
                _tell(replies, name=asked["name"], pid=pid)


def ended() -> Iterator[tuple[int, int]]:
    """Pid and exit code of each that has ended; a negative one is the signal that ended it."""
    with suppress(ChildProcessError):
        while (found := os.waitpid(-1, os.WNOHANG)) != (0, 0):
            yield found[0], os.waitstatus_to_exitcode(found[1])


def become(asked: Asked, zygote: int, libc: ctypes.CDLL) -> None:
    """Runs the module as `python -m` does, in a session of its own, told what it is told and nothing else."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    if sys.platform == "linux":
        libc.prctl(PR_SET_PDEATHSIG, int(asked["kill"]), 0, 0, 0)
    if os.getppid() != zygote:
        sys.exit(1)
    rename(asked["name"])
    _open(os.devnull, os.O_RDONLY, 0)
    _open(asked["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 1, 2)
    os.environ.clear()
    os.environ.update(asked["environment"])
    module, *arguments = asked["argv"]
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def rename(name: str) -> None:
    """What `ps -e`, `top` and `pgrep` show; all have the command line of the zygote."""
    with suppress(OSError), open("/proc/self/comm", "w") as file:
        file.write(name)


def _open(path: str, how: int, *places: int) -> None:
    opened = os.open(path, how, 0o666)
    for place in places:
        os.dup2(opened, place)
    os.close(opened)


def _tell(replies: int, **what: object) -> None:
    os.write(replies, json.dumps(what).encode() + b"\n")


if __name__ == "__main__":
    main()
