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


@pytest.mark.behaviour(28)
def test_the_audit_says_who_did_what_to_which_thing_whichever_service_it_was(here: Slipway) -> None:
    bob, contact = who(here, "bob"), f"{here.project}-0"
    ann = who(here, "ann")
    ann("scenario", "push", str(SCENARIOS / "patient.yaml"))
    ann("scenario", "activate", "patient")
    here("suppress", "add", contact)
    launch_id = str(bob.json("start", "patient", f"{here.project}-1")["launch_id"])
    here.until(lambda: bob.json("launches")[0]["state"] in ("requested", "running"), "it runs")
    bob("remove", launch_id, f"{here.project}-1")
    here("contacts", "delete", contact, "--yes")
    found = bob.json("audit")
    assert [row["at"] for row in found] == sorted((row["at"] for row in found), reverse=True)
    done = {(row["service"], row["subject"], row["action"], row["thing"]) for row in found}
    assert done >= {
        ("launcher", "admin", "user.made", "user/ann"),
        ("launcher", "ann", "scenario.pushed", "scenario/patient"),
        ("launcher", "bob", "launch.asked", f"launch/{launch_id}"),
        ("contacts", "admin", "contacts.imported", "contacts"),
        ("contacts", "admin", "suppression.added", f"contact/{contact}"),
        ("contacts", "admin", "contact.deleted", f"contact/{contact}"),
    }
    of_one = bob.json("audit", "--thing", f"contact/{here.project}-1")
    assert [(row["subject"], row["action"]) for row in of_one] == [
        ("bob", "launch.contact_removed"),
        ("bob", "launch.contact_ordered"),
    ]
    own = {row["action"] for row in bob.json("audit", "--subject", "bob")}
    assert own == {"launch.asked", "launch.contact_ordered", "launch.contact_removed"}
