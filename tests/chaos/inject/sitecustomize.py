"""Loaded by every Python process of a platform under test (PYTHONPATH): arms failpoints while the process runs.

A process that was forked learns its slot from the environment that it is given then.

`$SLIPWAY_HOME/chaos/<slot>.arm` holds `name:action:nth`; the process of that slot arms itself with it, also right at
its start. The file is removed at the hit, so that whoever is started again is unarmed; a removed file disarms. Hits are
noted in `hits.jsonl`, on disk before the fault happens.
"""

import ctypes
import json
import os
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

EVERY_SECONDS = 0.05


def watch(folder: Path, slot: str) -> None:
    file, armed = folder / f"{slot}.arm", ""
    while "runtime.failpoints" not in sys.modules:
        time.sleep(EVERY_SECONDS)
    failpoints = sys.modules["runtime.failpoints"]
    while not hasattr(failpoints, "_act"):  # still being imported
        time.sleep(EVERY_SECONDS)
    _note_hits(failpoints, folder, slot)
    while True:
        try:
            wanted = file.read_text()
        except FileNotFoundError:
            wanted = ""
        if wanted != armed:
            failpoints.arm(wanted, mode="local")
            armed = wanted
            (folder / f"{slot}.armed").write_text(armed)
        time.sleep(EVERY_SECONDS)


def _note_hits(failpoints: Any, folder: Path, slot: str) -> None:
    act = failpoints._act

    def noted(armed: Any, connection: Any) -> None:
        (folder / f"{slot}.arm").unlink(missing_ok=True)
        hit = {"at": time.time(), "slot": slot, "name": armed.name, "action": armed.action, "pid": os.getpid()}
        file = os.open(folder / "hits.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.write(file, json.dumps(hit).encode() + b"\n")
        os.fsync(file)
        os.close(file)
        act(armed, connection)

    failpoints._act = noted


def begin(folder: Path) -> None:
    while not (slot := os.environ.get("SLIPWAY_SLOT")):
        time.sleep(EVERY_SECONDS)
    with suppress(AttributeError):
        ctypes.CDLL(None).follow_clock()  # of clock.c, where that is loaded
    watch(folder, slot)


def start(folder: Path) -> None:
    threading.Thread(target=begin, args=(folder,), daemon=True, name="failpoints").start()


if os.environ.get("SLIPWAY_HOME"):
    there = Path(os.environ["SLIPWAY_HOME"]) / "chaos"
    if os.environ.get("SLIPWAY_SLOT") and there.is_dir():
        start(there)
    elif there.is_dir():
        os.register_at_fork(after_in_child=lambda: start(there))
