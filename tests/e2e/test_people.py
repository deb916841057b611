"""Who may do what: somebody is disabled in the middle of a launch."""

import time
import uuid
from pathlib import Path

import pytest

from e2e.slipway import Slipway

SCENARIOS = Path(__file__).parent / "scenarios"
MANY = 10


@pytest.fixture
def here(slipway: Slipway) -> Slipway:
    """A project whose scenario `later` is Ann's, and Bob who launches it."""
    slipway.until_ready()
    project = slipway.with_mailing(f"w{uuid.uuid4().hex[:10]}", MANY)
    project("user", "create", "ann", "--grant", "scenario:write")
    project("user", "create", "bob", "--grant", "process:start", "--grant", "launch:preapproved", *grants())
    ann = who(project, "ann")
    ann("scenario", "push", str(SCENARIOS / "later.yaml"))
    ann("scenario", "activate", "later")
    return project


def grants() -> tuple[str, ...]:
    return ("--grant", "launch:stop", "--grant", "view")


def who(here: Slipway, user: str) -> Slipway:
    return here.of(str(here.project), user)


@pytest.mark.behaviour(2, 28)
def test_a_launch_pauses_when_its_scenarios_creator_is_disabled_and_goes_on_when_somebody_resumes_it(
    here: Slipway,
) -> None:
    bob = who(here, "bob")
    launch_id = str(bob.json("launch", "later", "--all", "--yes")["launch_id"])
    here.until(lambda: bob.json("launches")[0]["state"] in ("requested", "running"), "it runs")
    here("user", "disable", "ann")
    [shown] = bob.json("launches")
    assert (shown["state"], shown["paused_because"]) == ("paused", "user ann is disabled")
    assert "user ann is disabled" in bob("launches").stderr
    refused = bob("resume", launch_id, check=False)
    assert (refused.returncode, "ann" in refused.stderr) == (1, True)
    began = time.monotonic()
    here.until(lambda: time.monotonic() - began > 11, "more than the scenario's wait has passed")
    assert here.mails_to(str(here.project)) == {}
    here("user", "enable", "ann")
    assert bob.json("resume", launch_id)["state"] == "running"
    assert bob.json("watch", launch_id)["state"] == "completed"
    assert sum(here.mails_to(str(here.project)).values()) == MANY
    done = [(entry["subject"], entry["action"]) for entry in bob.json("audit")]
    for entry in (("launcher", "launch.paused"), ("admin", "user.disabled"), ("admin", "user.enabled")):
        assert entry in done
