"""A platform of this run's own, with failpoints that can be armed and witnesses in its databases; launches on it."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from chaos.collect import Place, call_witness
from chaos.faults import INJECT, Faults
from chaos.oracle.plain import Command
from chaos.tables import SERVICES
from cli.platform.home import Home
from cli.platform.state import State
from e2e.slipway import Slipway

SCENARIOS = Path(__file__).parent / "scenarios"
PARTITIONS = "4"
TRIES = 5
NOTHING: Mapping[str, str] = {}


@dataclass
class Stage:
    slipway: Slipway
    place: Place
    faults: Faults
    launches: list[str] = field(default_factory=list)
    """Those that must come to an end."""

    def start_again(self, settings: Mapping[str, str]) -> None:
        """The whole platform, with other settings, as a person does it: down, up."""
        self.slipway("down", timeout=120)
        _up(self.place.home, settings)
        self.place = Place.of(self.place.home)

    def project(self, name: str, scenario: str, contacts: int) -> Slipway:
        """A project with that scenario, active, and so many contacts who may get everything."""
        self.slipway("project", "create", name)
        here = self.slipway.of(name)
        here("scenario", "push", str(SCENARIOS / f"{scenario}.yaml"))
        here("scenario", "activate", scenario)
        self.import_again(here, contacts)
        return here

    def import_again(self, project: Slipway, contacts: int) -> None:
        """Says anew how each contact is to be; tried until it is done, for saying it twice is as good as once."""
        name = project.project
        people = (
            {
                "id": f"{name}-{number}",
                "email": f"{name}-{number}@example.com",
                "consent": {"promotional": True, "newsletter": number % 10 != 0},
                "attributes": {"first_name": "Ann", "score": number % 100, "round": len(self.launches)},
            }
            for number in range(contacts)
        )
        file = project.write_contacts(f"{name}.ndjson", people)
        _until_done(lambda: project("contacts", "import", file, check=False, timeout=3600))

    def launch(self, project: Slipway, key: list[str], scenario: str) -> str:
        """By a signed command; asked again under the same id until it is answered, as a CRM does."""
        assert project.project is not None
        asked = Command(project.project, "/slipway/cli", uuid.uuid4().hex, None)
        self.note(asked)
        for _ in range(TRIES):
            done = project("crm", "launch", scenario, "--all", "--id", asked.id, "--json", *key, check=False)
            if done.stdout.strip():
                answer = json.loads(done.stdout)
                kind = str(answer["type"]).rpartition(".")[2]
                self.note(Command(asked.project, asked.source, asked.id, kind, answer.get("launch_id")))
                assert kind == "accepted", f"the launch was refused: {answer}"
                self.launches.append(answer["launch_id"])
                return self.launches[-1]
        raise AssertionError(f"command {asked.id} got no answer: {done.stderr}")

    def launch_over_http(self, project: Slipway, scenario: str) -> str:
        """Asked again under the same idempotency key until it is answered."""
        return self._over_http(project, "launch", scenario, "--all")

    def retry_over_http(self, project: Slipway, launch_id: str, outcome: str) -> str:
        """Of a launch that has ended: those with this outcome once more."""
        return self._over_http(project, "retry", launch_id, "--outcome", outcome)

    def _over_http(self, project: Slipway, *asked: str) -> str:
        key = uuid.uuid4().hex
        asked = (*asked, "--yes", "--idempotency-key", key, "--json")
        launch_id = str(json.loads(_until_done(lambda: project(*asked, check=False)).stdout)["launch_id"])
        assert project.project is not None
        self.note(Command(project.project, "/http", key, "accepted", launch_id))
        self.launches.append(launch_id)
        return launch_id

    def note(self, command: Command) -> None:
        """What an asker was told, on disk."""
        with self.place.commands.open("a") as ledger:
            ledger.write(json.dumps(asdict(command)) + "\n")
            ledger.flush()
            os.fsync(ledger.fileno())


def _until_done(attempt: Callable[[], subprocess.CompletedProcess[str]]) -> subprocess.CompletedProcess[str]:
    for _ in range(TRIES):
        done = attempt()
        if done.returncode == 0:
            return done
        time.sleep(1)
    raise AssertionError(f"{done.args}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")


@contextmanager
def stage(
    processes: int, settings: Mapping[str, str] = NOTHING, prepare: Callable[[Path], None] = lambda home: None
) -> Iterator[Stage]:
    """`processes` of every service, `settings` for all of them; `prepare` has the home first. Removed at the end."""
    home = Path(tempfile.mkdtemp(prefix="slipway-chaos-"))
    home.chmod(0o711)
    slipway = Slipway(home)
    faults = Faults.of(home)
    try:
        prepare(home)
        partitions = int(settings.get("SLIPWAY_PARTITIONS", PARTITIONS))
        State(partitions, scale=dict.fromkeys(SERVICES, processes)).save(Home(home).state)  # as many as "last time"
        _up(home, settings)
        made = Stage(slipway, Place.of(home), faults)
        asyncio.run(call_witness(made.place))
        yield made
    finally:
        faults.disarm()
        slipway("down", "--wipe", check=False, timeout=90)
        shutil.rmtree(home, ignore_errors=True)


def _up(home: Path, settings: Mapping[str, str]) -> None:
    """Not by the driver, which keeps settings of the caller's away from the platform."""
    path = os.pathsep.join([str(INJECT), *filter(None, [os.environ.get("PYTHONPATH")])])
    own = {"SLIPWAY_HOME": str(home), "SLIPWAY_PARTITIONS": PARTITIONS, "PYTHONPATH": path, **settings}
    command = [sys.executable, "-m", "cli", "up", "--detach"]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SLIPWAY_")}
    done = subprocess.run(command, env={**kept, **own}, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
