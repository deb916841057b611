"""Kafka or PostgreSQL dies in the middle of a launch: services wait, come back, and everything reconciles."""

import os
import signal
import uuid

import psutil
import pytest

from e2e.slipway import Slipway

CONTACTS = 3000


@pytest.fixture
def project(slipway: Slipway) -> Slipway:
    slipway.until_ready()
    return slipway.with_mailing(f"s{uuid.uuid4().hex[:10]}", CONTACTS)


def server(slipway: Slipway, name: str) -> psutil.Process:
    """The server's own process: the topmost of that name under the supervisor."""
    return next(child for child in slipway.supervisor().children(recursive=True) if child.name() == name)


@pytest.mark.parametrize("name", ["java", "postgres"], ids=["Kafka", "PostgreSQL"])
def test_a_launch_survives_a_dead_server(slipway: Slipway, project: Slipway, name: str) -> None:
    key = project.key("process:start", "launch:preapproved")
    launch_id = str(project.json("crm", "launch", "plain", "--all", *key)["launch_id"])

    os.kill(server(slipway, name).pid, signal.SIGKILL)

    project("watch", launch_id, "--json", timeout=240, check=True)
    project("reconcile", launch_id, timeout=180)
    assert len(project.outcomes(launch_id)) == CONTACTS
    mails = [count for (address, _), count in slipway.mails().items() if address.startswith(f"{project.project}-")]
    assert max(mails) == 1
