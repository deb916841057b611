"""What is counted is what happens: for every way to choose, before and after a launch, and with consent lifted."""

import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from e2e.audience import RESTRICTION, people
from e2e.slipway import Slipway

SCENARIO = Path(__file__).parent / "scenarios" / "plain.yaml"
CRM = ("process:start", "launch:preapproved")


@pytest.fixture
def project(slipway: Slipway) -> Slipway:
    """A project with every kind of contact and a creator who may only send to one region."""
    slipway.until_ready()
    name = f"n{uuid.uuid4().hex[:10]}"
    admin = slipway.of(name)
    admin("project", "create", name)
    admin("user", "create", "creator", "--grant", "scenario:write", "--grant", "view")
    admin("user", "restrict", "creator", "--where", RESTRICTION)
    slipway.of(name, "creator")("scenario", "push", str(SCENARIO))
    admin("scenario", "activate", "plain")
    audience = people(name, each=3)
    admin("contacts", "import", admin.write_contacts(f"{name}.ndjson", (person.contact for person in audience)))
    admin("suppress", "add", *(person.id for person in audience if person.suppressed))
    return admin


def launched(project: Slipway, *who: str) -> Counter[str]:
    """Reasons for which targets did not start, and how many did."""
    launch_id = str(project.json("launch", "plain", *who, "--yes")["launch_id"])
    project("watch", launch_id, "--json", timeout=120)
    reasons = (reason for _, reason in project.outcomes(launch_id).values())
    return Counter(
        reason.removeprefix("not_started:") if reason.startswith("not_started:") else "starting" for reason in reasons
    )


def figures(counted: Any) -> Counter[str]:
    assert counted["targeted"] == counted["starting"] + sum(counted["excluded"].values())
    return +Counter({**counted["excluded"], "starting": counted["starting"]})


@pytest.mark.behaviour(5, 6)
def test_count_is_what_the_launch_then_does(project: Slipway) -> None:
    name = project.project or ""
    ways = (
        ("--segment", "contact.attributes.score > 50"),
        ("--contact", f"{name}-good-0", "--contact", f"{name}-inactive-0", "--contact", "nobody"),
        ("--group", "everybody"),
        ("--all",),
    )
    for way in ways:
        counted = project.json("count", "plain", *way)
        listed = {reason: len(project("count", "plain", *way, "--list", reason).stdout.splitlines())
                  for reason in counted["excluded"]}  # fmt: skip
        assert listed == counted["excluded"], way
        for figure in ("targeted", "starting"):
            assert len(project("count", "plain", *way, "--list", figure).stdout.splitlines()) == counted[figure], way
        assert figures(counted) == launched(project, *way), way
    project.until(
        lambda: "recurrence_once" in project.json("count", "plain", "--all")["excluded"], "the launches are known"
    )
    assert figures(project.json("count", "plain", "--all")) == launched(project, "--all")


@pytest.mark.behaviour(4, 6)
def test_lifted_consent_is_counted_and_told_with_whom_it_reached(project: Slipway) -> None:
    lifted = ("--all", "--include-all", "--reason", "product recall")
    counted = project.json("count", "plain", *lifted)
    assert "no_consent" not in counted["excluded"] and {"suppressed", "not_permitted"} <= set(counted["excluded"])
    assert figures(counted) == launched(project, *lifted)
    reached = [entry for entry in project.json("audit") if entry["action"] == "consent.override_reached"]
    assert [entry["details"] for entry in reached] == [
        {"reason": "product recall", "reached": 6, "by_type": {"promotional": 6}}
    ]


@pytest.mark.behaviour(5)
def test_conditions_that_cannot_be_launched_on_say_why(project: Slipway) -> None:
    for where, said in (
        ("contact.attributes.score >", "no condition"),
        ("contact.emial == 'a'", "did you mean `email`?"),
        ("contact.attributes.score / 0 > 1", "column 26: `/ 0` has no result"),
    ):
        refused = project("count", "plain", "--segment", where, check=False)
        assert refused.returncode == 1 and said in refused.stderr
        assert project("launch", "plain", "--segment", where, "--yes", check=False).returncode == 1
    computed = "contact.attributes.score / (1 - 1) > 1"
    for where in (computed, "contact.attributes.oops == 1", 'contact.id == "\' OR true --"'):
        assert project.json("count", "plain", "--segment", where)["targeted"] == 0
    for where, taken in (("contact.attributes.score > '50'", "a text"), ("contact.attributes.region == 3", "a number")):
        told = project("count", "plain", "--segment", where)
        assert "0 targeted" in told.stderr and f"never matches {taken}" in told.stderr, told.stderr
    unread = project("count", "plain", "--segment", "good-ones", check=False)
    assert (unread.returncode, "slipway segment show good-ones" in unread.stderr) == (2, True)
