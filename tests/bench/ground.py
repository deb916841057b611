"""A platform of the benchmark's own, and projects on it with contacts, scenarios and a key."""

import asyncio
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from bench import sink
from bench.measure import Meter
from cli.commands.crm import Answer, Key, ask
from cli.connection import Client, Connection
from cli.platform.home import Home
from cli.sample import sample_contacts
from e2e.slipway import Slipway

SCENARIOS = Path(__file__).parent / "scenarios"
SETTLE_SECONDS = 90
"""At most."""
WINDOW_SECONDS, QUIET_WINDOWS, QUIET_CORES = 2.0, 3, 0.4
"""Settled: so many windows one after the other in which all processes together used less than that."""


@dataclass(frozen=True)
class Ground:
    """A platform that runs."""

    slipway: Slipway
    kafka: str
    postgres: str
    """URL with `{service}` where the database's name goes."""
    partitions: int
    executors: int

    @property
    def home(self) -> Path:
        return self.slipway.home

    def database(self, service: str) -> str:
        return self.postgres.replace("{service}", service)

    def pid(self) -> int:
        """Of the supervisor: every process of the platform comes from it."""
        return self.slipway.supervisor().pid


@dataclass(frozen=True)
class People:
    """A project with so many contacts, all of whom may get everything; the first `mailed` are in group `mailed`."""

    ground: Ground
    slipway: Slipway
    key: Key
    contacts: int

    def ask(self, command: str, **data: Any) -> Answer:
        """A signed command on Kafka, answered."""
        project = self.slipway.project
        assert project is not None
        asked = {"project": project, **data}
        answer = asyncio.run(ask(self.ground.kafka, self.key, command, asked, str(uuid4()), 60))
        if answer.type.endswith("rejected"):
            raise RuntimeError(f"{command} was refused: {answer.data}")
        return answer

    @contextmanager
    def client(self) -> Iterator[Client]:
        with Connection(self.slipway.project, None, Home(self.ground.home)).client() as client:
            yield client


@contextmanager
def platform(partitions: int, executors: int) -> Iterator[Ground]:
    """Its mails go to the benchmark's own sink, whose ledger is the home's."""
    home = Path(tempfile.mkdtemp(prefix="slipway-bench-"))
    home.chmod(0o711)
    slipway = Slipway(home)
    try:
        with sink.running(Home(home).mails) as provider:
            settings = {"SLIPWAY_PARTITIONS": str(partitions), "SLIPWAY_SMTP_URL": provider.url}
            slipway("up", "--detach", "--executors", str(executors), timeout=180, settings=settings)
            status = slipway.status()
            yield Ground(slipway, status["kafka"], status["postgres"], partitions, executors)
    finally:
        slipway("down", "--wipe", check=False, timeout=60)
        shutil.rmtree(home, ignore_errors=True)


def people(ground: Ground, project: str, contacts: int, mailed: int = 0) -> People:
    slipway = ground.slipway.of(project)
    slipway("project", "create", project)
    for file in sorted(SCENARIOS.glob("*.yaml")):
        slipway("scenario", "push", str(file))
        slipway("scenario", "activate", file.stem)
    everybody = (_launchable(contact, index < mailed) for index, contact in enumerate(sample_contacts(contacts)))
    slipway("contacts", "import", slipway.write_contacts(f"{project}.ndjson", everybody), timeout=3_600)
    grants = ("process:start", "launch:preapproved", "launch:stop")
    made = slipway.json("key", "create", *(part for grant in grants for part in ("--grant", grant)))
    _settle(ground)
    return People(ground, slipway, Key(made["key_id"], made["signing_secret"]), contacts)


def _settle(ground: Ground) -> None:
    """Until what an import leaves to others is done: their replicas, PostgreSQL's vacuum."""
    with Meter(ground.pid()) as meter:
        quiet, ends = 0, time.monotonic() + SETTLE_SECONDS
        before = sum(meter.cpu_seconds().values())
        while quiet < QUIET_WINDOWS and time.monotonic() < ends:
            time.sleep(WINDOW_SECONDS)
            now = sum(meter.cpu_seconds().values())
            quiet = quiet + 1 if now - before < QUIET_CORES * WINDOW_SECONDS else 0
            before = now


def _launchable(contact: dict[str, Any], mailed: bool) -> dict[str, Any]:
    """So that nobody is excluded."""
    facts = {"active": True, "consent": {"promotional": True}, "email": f"{contact['id']}@bench.example"}
    return {**contact, **facts, "groups": [*contact.get("groups", ()), *(["mailed"] if mailed else [])]}


def commit() -> str:
    """What was measured: the last change of what runs, as git names it."""
    root, what = SCENARIOS.parents[2], ("services", "shared", "cli")
    found = _git(root, "log", "-1", "--format=%h", "--", *what)
    return f"{found}-dirty" if _git(root, "status", "--porcelain", "--", *what) else found


def _git(root: Path, *arguments: str) -> str:
    ran = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False, cwd=root)
    return ran.stdout.strip()
