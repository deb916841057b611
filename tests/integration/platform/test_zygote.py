"""The process that the services are forked from: what it may not have, and what becomes of those it forks."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import psutil
import pytest

from cli.platform.zygote import PRELOADED

FORKED = """\
import asyncio, gc, json, os, signal, sys, time

if sys.argv[1:] == ["leave"]:
    sys.exit(3)
before = set(sys.modules)
from opentelemetry import trace
import structlog
from runtime.settings import Settings

print(json.dumps({
    "threads": len(os.listdir("/proc/self/task")),
    "sockets": [one for one in map(os.readlink, ("/proc/self/fd/%s" % fd for fd in (3, 4, 5, 6, 7, 8)
                if os.path.islink("/proc/self/fd/%s" % fd))) if "socket:" in one or "pipe:" in one],
    "loop": asyncio._get_running_loop() is not None,
    "provider": type(trace.get_tracer_provider()).__name__,
    "logging": structlog.is_configured(),
    "frozen": gc.get_freeze_count() > 100_000,
    "environment": dict(os.environ),
    "argv": sys.argv[1:],
    "missing": sorted(set(PRELOADED) - before) if (PRELOADED := json.loads(os.environ["PRELOADED"])) else [],
    "signals": [signal.getsignal(one) == signal.SIG_DFL for one in (signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD)],
    "session": os.getsid(0) == os.getpid(),
    "breaker": Settings().breaker,
}), flush=True)
time.sleep(600)
"""


@dataclass
class Started:
    """A zygote, spoken to as the supervisor does."""

    process: "subprocess.Popen[bytes]"
    folder: Path

    def fork(self, name: str, *arguments: str, **environment: str) -> int:
        """The pid."""
        asked = {
            "name": name,
            "argv": ["forked_one", *arguments],
            "environment": {"PRELOADED": json.dumps(PRELOADED), **environment},
            "log": str(self.folder / f"{name}.log"),
            "kill": int(signal.SIGKILL),
        }
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(asked).encode() + b"\n")
        self.process.stdin.flush()
        told = self.told()
        assert told["name"] == name
        return int(told["pid"])

    def told(self) -> dict[str, Any]:
        out: IO[bytes] | None = self.process.stdout
        assert out is not None
        told: dict[str, Any] = json.loads(out.readline())
        return told

    def said(self, name: str) -> dict[str, Any]:
        """What a forked process found, once it has."""
        log = self.folder / f"{name}.log"
        while not (log.exists() and (text := log.read_text()).endswith("\n")):
            time.sleep(0.02)
        found: dict[str, Any] = json.loads(text)
        return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("zygote")
    (folder / "forked_one.py").write_text(FORKED)
    return folder


@pytest.fixture(scope="module")
def zygote(folder: Path) -> Iterator[Started]:
    with _started(folder) as process:
        yield Started(process, folder)
        process.kill()


def _started(folder: Path) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-P", "-m", "cli.platform.zygote"]
    environment = {**os.environ, "PYTHONPATH": str(folder), "SLIPWAY_BREAKER": "7", "ONLY_THE_ZYGOTE_S": "1"}
    return subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def test_nothing_is_there_twice(zygote: Started) -> None:
    pid = zygote.fork("one-0", "with", "arguments", SLIPWAY_BREAKER="9", SLIPWAY_SLOT="one-0")
    found = zygote.said("one-0")
    assert found["missing"] == [], "not imported before the fork"
    assert found["frozen"]
    assert (found["threads"], found["sockets"], found["loop"]) == (1, [], False)
    assert found["provider"] == "ProxyTracerProvider" and not found["logging"]
    hangups = signal.getsignal(signal.SIGHUP) == signal.SIG_DFL  # under nohup they are ignored, and stay so
    assert found["signals"] == [True, hangups, True] and found["session"]
    assert found["argv"] == ["with", "arguments"] and psutil.Process(pid).name() == "one-0"


def test_each_is_told_its_own_environment_and_reads_its_settings_from_it(zygote: Started) -> None:
    for name, breaker in (("two-0", "3"), ("two-1", "4")):
        zygote.fork(name, SLIPWAY_BREAKER=breaker, SLIPWAY_SLOT=name)
        found = zygote.said(name)
        assert found["environment"]["SLIPWAY_SLOT"] == name and found["breaker"] == int(breaker)
        assert "ONLY_THE_ZYGOTE_S" not in found["environment"]


def test_how_one_ended_is_told(zygote: Started) -> None:
    pid = zygote.fork("three-0", "leave")
    assert zygote.told() == {"pid": pid, "code": 3}
    for number in (signal.SIGKILL, signal.SIGTERM):
        pid = zygote.fork("three-1")
        os.kill(pid, number)
        assert zygote.told() == {"pid": pid, "code": -number}


@pytest.mark.parametrize("killed", [True, False], ids=["it is killed", "the supervisor is gone"])
def test_those_that_it_forked_end_with_it(folder: Path, killed: bool) -> None:
    with _started(folder) as process:
        forked = psutil.Process(Started(process, folder).fork("four-0"))
        if killed:
            process.kill()
        else:
            assert process.stdin is not None
            process.stdin.close()
        assert process.wait(30) in (0, -signal.SIGKILL)
    psutil.wait_procs([forked], timeout=30)
    assert not forked.is_running() or forked.status() == psutil.STATUS_ZOMBIE
