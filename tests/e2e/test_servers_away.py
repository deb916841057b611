"""Kafka or PostgreSQL dies in the middle of a launch: services wait, come back, and everything reconciles."""

import time
import uuid
from typing import Any

import pytest

from e2e.slipway import Slipway, problems

CONTACTS = 3000
ALONE_SECONDS = 12
AWAY_SECONDS = 60


@pytest.fixture
def project(slipway: Slipway) -> Slipway:
    slipway.until_ready()
    return slipway.with_mailing(f"s{uuid.uuid4().hex[:10]}", CONTACTS)


def launched(project: Slipway) -> str:
    """A launch of which some mails are sent."""
    key = project.key("process:start", "launch:preapproved")
    launch_id = str(project.json("crm", "launch", "plain", "--all", *key)["launch_id"])
    project.until(lambda: project.mails_to(f"{project.project}-"), "mails are sent")
    return launch_id


def everybody_got_one_mail(project: Slipway, launch_id: str) -> None:
    """No process of ours has died, so nothing is unknown either."""
    figures = project.json("watch", launch_id, timeout=180)["figures"]
    project("reconcile", launch_id, timeout=180)
    everybody = {f"{project.project}-{number}" for number in range(CONTACTS)}
    assert project.outcomes(launch_id) == dict.fromkeys(everybody, ("success", "end:won"))
    assert project.mails_to(f"{project.project}-") == dict.fromkeys(everybody, 1)
    assert figures["by_reason"] == {"end:won": CONTACTS}
    assert {state: count for state, count in figures["deliveries"].items() if count} == {"accepted": CONTACTS}


@pytest.mark.parametrize("name", ["kafka", "postgres"], ids=["Kafka", "PostgreSQL"])
def test_a_launch_survives_a_dead_server(slipway: Slipway, project: Slipway, name: str) -> None:
    server = slipway.server(name)
    launch_id = launched(project)

    server.kill()

    everybody_got_one_mail(project, launch_id)


@pytest.mark.timeout(480)
def test_a_launch_survives_a_minute_without_both_servers(slipway: Slipway, project: Slipway) -> None:
    """At first PostgreSQL is away alone, then both, at last Kafka alone, which takes longer to come back."""
    services = [row for row in slipway.status()["services"] if row["name"] != "console"]
    postgres, kafka = slipway.server("postgres"), slipway.server("kafka")
    launch_id = launched(project)

    with slipway.nothing_restarts():
        postgres.kill()
        slipway.until(lambda: all("postgres" in wrong(row) for row in services), "all say that PostgreSQL is away")
        time.sleep(ALONE_SECONDS)  # how long the fault lasts, as below
        kafka.kill()
        time.sleep(AWAY_SECONDS)
        assert [row["instance"] for row in services if not {"postgres", "stream"} <= wrong(row).keys()] == []
        sent = project.mails_to(f"{project.project}-").total()
    slipway.until_ready(90)

    assert 0 < sent < CONTACTS, "it was not in the middle of the launch"
    pids = {row["instance"]: row["pid"] for row in slipway.status()["services"]}
    assert [row["instance"] for row in services if pids[row["instance"]] != row["pid"]] == [], "they died"
    everybody_got_one_mail(project, launch_id)


def wrong(service: dict[str, Any]) -> dict[str, str]:
    """What the process says is wrong; it must answer, whatever is away."""
    found = problems(service["url"])
    assert found is not None, f"{service['instance']} does not answer"
    return found
