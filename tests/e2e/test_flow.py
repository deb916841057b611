"""From the wish to the launch: a marketer asks, has points mended, confirms a count, and somebody else approves."""

import uuid
from pathlib import Path
from typing import Any

import pytest

from e2e.slipway import Slipway

MANY = 12
SCENARIOS = Path(__file__).parent / "scenarios"


@pytest.fixture
def here(slipway: Slipway) -> Slipway:
    """A project with contacts; Ann may ask, Bob may approve, neither may do the other's part."""
    slipway.until_ready()
    project = slipway.with_mailing(f"f{uuid.uuid4().hex[:10]}", MANY)
    project("user", "create", "ann", "--grant", "process:start", "--grant", "view")
    project("user", "create", "bob", "--grant", "launch:approve", "--grant", "view")
    return project


def who(here: Slipway, user: str) -> Slipway:
    return here.of(str(here.project), user)


def mended(here: Slipway, launch_id: str) -> Any:
    return who(here, "ann").json("validate-launch", launch_id)


@pytest.mark.behaviour(7, 8)
def test_a_launch_is_counted_confirmed_and_approved_by_another_person_and_runs_only_then(here: Slipway) -> None:
    ann, bob = who(here, "ann"), who(here, "bob")
    asked = ann.json("launch", "plain", "--all", "--yes")
    launch_id = str(asked["launch_id"])
    assert asked["state"] == "awaiting_confirmation"
    assert bob("approve", launch_id, "--yes", check=False).returncode == 1
    confirmed = ann.json("confirm", launch_id, "--yes")
    assert confirmed["state"] == "awaiting_approval"
    assert confirmed["summary"]["figures"]["targeted"] == MANY
    refused = ann("approve", launch_id, "--yes", check=False)
    assert refused.returncode == 1
    assert "launch:approve" in refused.stderr
    assert here.mails_to(str(here.project)) == {}
    assert bob.json("approve", launch_id, "--yes")["changed"]
    shown = ann.json("watch", launch_id)
    assert (shown["state"], shown["figures"]["success"]) == ("completed", MANY)
    assert sum(here.mails_to(str(here.project)).values()) == MANY


@pytest.mark.behaviour(7, 8)
def test_an_audience_that_grew_too_much_is_not_approved_and_a_declined_launch_never_runs(here: Slipway) -> None:
    ann, bob = who(here, "ann"), who(here, "bob")
    launch_id = str(ann.json("launch", "plain", "--all", "--yes")["launch_id"])
    ann("confirm", launch_id, "--yes")
    more = ({"id": f"late-{number}", "email": f"late-{number}@example.com"} for number in range(MANY))
    here("contacts", "import", here.write_contacts(f"{here.project}-late.ndjson", more))
    refused = bob("approve", launch_id, "--yes", check=False)
    assert refused.returncode == 1
    assert str(2 * MANY) in refused.stderr
    assert bob.json("decline", launch_id, "--reason", "too many")["rejected"] == "declined"
    [shown] = ann.json("launches")
    assert (shown["state"], shown["requested_at"]) == ("rejected", None)
    assert here.mails_to(str(here.project)) == {}


@pytest.mark.behaviour(7)
def test_an_approver_who_counts_again_approves_what_there_is_now(here: Slipway) -> None:
    ann, bob = who(here, "ann"), who(here, "bob")
    named = [part for number in range(MANY) for part in ("--contact", f"{here.project}-{number}")]
    launch_id = str(ann.json("launch", "plain", *named, "--yes")["launch_id"])
    ann("confirm", launch_id, "--yes")
    here("suppress", "add", *(f"{here.project}-{number}" for number in range(MANY - 1)))
    assert bob("approve", launch_id, "--yes", check=False).returncode == 1
    assert bob.json("approve", launch_id, "--recount", "--yes")["changed"]
    shown = ann.json("watch", launch_id)
    assert (shown["figures"]["success"], shown["figures"]["other"]) == (1, MANY - 1)


@pytest.mark.behaviour(9)
def test_points_are_told_with_their_remedy_and_checked_again_when_they_are_mended(here: Slipway) -> None:
    ann = who(here, "ann")
    here("scenario", "deactivate", "plain")
    asked = ann("launch", "plain", "--group", "vip", "--yes", check=False)
    assert asked.returncode == 1
    assert "activate a version" in asked.stderr
    [draft] = ann.json("launches")
    launch_id = str(draft["launch_id"])
    here("scenario", "activate", "plain")
    again = ann("validate-launch", launch_id, "--json", check=False)
    assert '"unknown_group"' in again.stdout
    member = {"id": f"{here.project}-0", "email": f"{here.project}-0@example.com", "groups": ["vip"]}
    here("contacts", "import", here.write_contacts(f"{here.project}-vip.ndjson", [member]))
    found = mended(here, launch_id)
    assert (found["state"], found["points"], found["targeted_expected"]) == ("awaiting_confirmation", [], 1)


@pytest.mark.behaviour(1, 25, 26)
def test_one_contact_is_started_at_once_also_with_a_triggered_scenario_that_allows_it(here: Slipway) -> None:
    ann, contact = who(here, "ann"), f"{here.project}-3"
    here("scenario", "push", str(SCENARIOS / "byhand.yaml"))
    here("scenario", "activate", "byhand")
    wrong = ann("launch", "byhand", "--all", "--yes", check=False)
    assert wrong.returncode == 1
    assert "wrong_launch_type" in wrong.stderr
    started = ann.json("start", "byhand", contact)
    assert started["state"] in ("requested", "running")
    here.until(lambda: ann.json("contacts", "instances", contact), "the contact's page shows it")
    [instance] = ann.json("contacts", "instances", contact)
    assert (instance["scenario"], instance["status"]) == ("byhand", "waiting_timer")
    [listed] = ann.json("scenario", "contacts", "byhand")
    assert listed["contact_id"] == contact
    here.until(lambda: here.mails_to(str(here.project)) == {contact: 1}, "it got its message, and nobody else did")


@pytest.mark.behaviour(10, 11)
def test_the_same_wish_twice_is_one_launch_and_a_relaunch_begins_with_nobody(here: Slipway) -> None:
    ann = who(here, "ann")
    asked = ("start", "plain", f"{here.project}-1", "--idempotency-key", "once")
    first = ann.json(*asked)
    assert ann.json(*asked)["launch_id"] == first["launch_id"]
    other = ann("start", "plain", f"{here.project}-2", "--idempotency-key", "once", check=False)
    assert other.returncode == 1
    assert "another request" in other.stderr
    assert len(ann.json("launches")) == 1
    nobody = ann("relaunch", first["launch_id"], "--yes", check=False)
    assert (nobody.returncode, "who is targeted?" in nobody.stderr) == (2, True)
    again = ann.json("relaunch", first["launch_id"], "--contact", f"{here.project}-2", "--yes")
    assert (again["state"], again["relaunch_of"]) == ("awaiting_confirmation", first["launch_id"])
