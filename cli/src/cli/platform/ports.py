"""Free ports: remembered ones first, and all below 32768.

Above that a client that retries can be given the very port it connects to as its own end: it then talks to itself
and holds the port. Two platforms start looking in different places, so they seldom want the same port.
"""

import hashlib
import os
import socket
from collections.abc import Collection, Iterator
from pathlib import Path

from cli.platform.failure import Misused

FIRST, LAST = 16_384, 32_703
BLOCK = 64


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen there now."""
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((host, port))
        except OSError:
            return False
    return True


def demanded(port: int, setting: str, host: str = "127.0.0.1") -> int:
    """A port that was asked for by name: that one or none. Raises Misused."""
    if not is_free(port, host):
        raise Misused(f"port {port} ({setting}) is in use", f"free it, set {setting} to another, or unset it")
    return port


def choose(home: Path, wanted: int | None, taken: Collection[int]) -> int:
    """`wanted` (the last start's) if it is free, else the first free one from the home's own block on."""
    if wanted is not None and wanted not in taken and is_free(wanted):
        return wanted
    for port in _candidates(home):
        if port not in taken and is_free(port):
            return port
    raise Misused(f"no free port between {FIRST} and {LAST}")


def _candidates(home: Path) -> Iterator[int]:
    blocks = (LAST + 1 - FIRST) // BLOCK
    start = int.from_bytes(hashlib.sha256(os.fsencode(home)).digest()[:4]) % blocks
    for offset in range(blocks * BLOCK):
        yield FIRST + (start * BLOCK + offset) % (blocks * BLOCK)
