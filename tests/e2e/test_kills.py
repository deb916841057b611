"""kill -9 in the middle of a launch: it finishes by itself, everything reconciles, nobody has two mails."""

import os
import random
import signal
import time
import uuid
from pathlib import Path

import pytest

from e2e.slipway import Slipway

SCENARIOS = Path(__file__).parent / "scenarios"
SERVICES = ("launcher", "contacts", "executor", "messaging", "log")
CONTACTS = 6000


@pytest.fixture
def project(slipway: Slipway) -> Slipway:
    name = f"k{uuid.uuid4().hex[:10]}"
    project = slipway.of(name)
    project("project", "create", name)
    project("scenario", "push", str(SCENARIOS / "plain.yaml"))
    project("scenario", "activate", "plain")
    people = (
        {
            "id": f"{name}-{number}",
            "email": f"{name}-{number}@example.com",
            "consent": {"promotional": number % 10 != 0},
            "attributes": {"first_name": "Ann"},
        }
        for number in range(CONTACTS)
    )
    project("contacts", "import", project.write_contacts(f"{name}.ndjson", people))
    return project


def kill(slipway: Slipway, service: str) -> None:
    """kill -9 of one instance of that service, if one runs right now."""
    pids = [row["pid"] for row in slipway.status()["services"] if row["name"] == service and row["pid"]]
    if pids:
        os.kill(pids[0], signal.SIGKILL)


@pytest.mark.parametrize("victims", [SERVICES, "ten at random"], ids=["each-service-once", "ten-at-random"])
def test_a_launch_survives_kills(slipway: Slipway, project: Slipway, victims: tuple[str, ...] | str) -> None:
    seed = int(os.environ.get("SEED", str(time.time_ns() % 100_000)))
    print(f"SEED={seed}")
    chance = random.Random(seed)
    chosen = list(victims) if isinstance(victims, tuple) else [chance.choice(SERVICES) for _ in range(10)]
    key = project.key("process:start", "launch:preapproved")
    launch_id = str(project.json("crm", "launch", "plain", "--all", *key)["launch_id"])

    for service in chosen:
        kill(slipway, service)
        time.sleep(chance.uniform(0.0, 0.4))  # the fault's own timing, not a wait for anything

    project("watch", launch_id, "--json", timeout=180)
    project("reconcile", launch_id, timeout=180)
    outcomes = project.outcomes(launch_id)
    assert len(outcomes) == CONTACTS
    kept_out = {outcomes[f"{project.project}-{number}"] for number in range(0, CONTACTS, 10)}
    assert kept_out == {("other", "not_started:no_consent")}
    mails = [count for (address, _), count in slipway.mails().items() if address.startswith(f"{project.project}-")]
    assert max(mails) == 1
    assert len(mails) <= CONTACTS * 9 // 10
