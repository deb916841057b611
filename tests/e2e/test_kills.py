"""kill -9 in the middle of a launch: it finishes by itself, everything reconciles, nobody has two mails."""

import os
import random
import time
import uuid

import pytest

from e2e.slipway import Slipway

SERVICES = ("launcher", "contacts", "executor", "messaging", "log")
CONTACTS = 4000


@pytest.fixture
def project(slipway: Slipway) -> Slipway:
    slipway.until_ready()
    return slipway.with_mailing(f"k{uuid.uuid4().hex[:10]}", CONTACTS)


@pytest.mark.parametrize("victims", [SERVICES, "ten at random"], ids=["each-service-once", "ten-at-random"])
def test_a_launch_survives_kills(slipway: Slipway, project: Slipway, victims: tuple[str, ...] | str) -> None:
    seed = int(os.environ.get("SEED", str(time.time_ns() % 100_000)))
    print(f"SEED={seed}")
    chance = random.Random(seed)
    chosen = list(victims) if isinstance(victims, tuple) else [chance.choice(SERVICES) for _ in range(10)]
    key = project.key("process:start", "launch:preapproved")
    launch_id = str(project.json("crm", "launch", "plain", "--all", *key)["launch_id"])

    for service in chosen:
        slipway.kill(service)
        time.sleep(chance.uniform(0.0, 0.4))  # the fault's own timing, not a wait for anything

    project("watch", launch_id, "--json", timeout=180)
    project("reconcile", launch_id, timeout=180)
    assert len(project.outcomes(launch_id)) == CONTACTS
    mails = [count for (address, _), count in slipway.mails().items() if address.startswith(f"{project.project}-")]
    assert max(mails) == 1
