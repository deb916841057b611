"""Who may do what: roles, bounds of a project, a scenario that gets another creator, somebody who is disabled."""

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
    project("user", "create", "ann", "--role", "author")
    project("user", "create", "bob", "--role", "marketer", "--grant", "launch:stop", "--grant", "launch:preapproved")
    ann = who(project, "ann")
    ann("scenario", "push", str(SCENARIOS / "later.yaml"))
    ann("scenario", "activate", "later")
    return project


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


@pytest.mark.behaviour(2)
def test_a_project_bounds_launches_and_a_scenario_that_is_transferred_has_its_new_creators_reach(here: Slipway) -> None:
    bob = who(here, "bob")
    here("user", "create", "cleo", "--role", "viewer")
    here("user", "restrict", "cleo", "--where", f"contact.id == '{here.project}-0'")
    assert "lacks the permission" in bob("scenario", "transfer", "plain", "cleo", check=False).stderr
    here("scenario", "transfer", "plain", "cleo")
    bounds = here.json("project", "set", str(here.project), "--launches-per-hour", "1")
    assert (bounds["launches_per_hour"], bounds["second_approver_above"]) == (1, None)
    launch_id = bob.json("launch", "plain", "--all", "--yes")["launch_id"]
    refused = bob("launch", "plain", "--all", "--yes", check=False)
    assert (refused.returncode, "no more than 1 launches an hour" in refused.stderr) == (1, True)
    shown = bob.json("watch", launch_id)["figures"]
    assert (shown["success"], shown["by_reason"]["not_started:not_permitted"]) == (1, MANY - 1)
    assert here.mails_to(str(here.project)) == {f"{here.project}-0": 1}
