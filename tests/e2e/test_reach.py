"""Who is sent to: the creator's reach, narrowed to the launcher's where that is asked for, and whom a lifted consent
reaches. Whatever is chosen, suppression and restrictions hold.
"""

import uuid

import pytest

from e2e.audience import RESTRICTION, people
from e2e.look import Launch
from e2e.slipway import SCENARIOS, Slipway

EACH = 2
NOT_PERMITTED = ("other", "not_started:not_permitted")
AGAIN = ("other", "not_started:recurrence_once")
LIFTED = ("--include-all", "--reason", "product recall")
WITHOUT_CONSENT = ("withdrawn", "unasked")


@pytest.fixture
def here(slipway: Slipway) -> Slipway:
    """The creator of `plain` may send to one region, Ann where the score is above 50; Bob may not lift consent."""
    slipway.until_ready()
    here = slipway.with_scenarios(f"r{uuid.uuid4().hex[:10]}")
    project = str(here.project)
    creator = here.with_user("creator", "scenario:write", "view")
    here("user", "restrict", "creator", "--where", RESTRICTION)
    creator("scenario", "push", str(SCENARIOS / "plain.yaml"))
    creator("scenario", "activate", "plain")
    launching = ("view", "process:start", "launch:preapproved")
    here.with_user("ann", *launching, "consent:override")
    here.with_user("bob", *launching)
    here("user", "restrict", "ann", "--where", "contact.attributes.score > 50")
    contacts = (person.contact for person in people(project, EACH))
    here.imports(contacts)
    told = here("user", "restrict", "ann", "--where", "contact.attributes.score > '50'").stderr
    assert "condition_type at where: `score` is a number" in " ".join(told.split()), "and there are such contacts now"
    here("user", "restrict", "ann", "--where", "contact.attributes.score > 50")
    here("suppress", "add", *(person.id for person in people(project, EACH) if person.suppressed))
    return here


def launched(who: Slipway, *options: str) -> tuple[str, dict[str, tuple[str, str]]]:
    """The launch of all, completed, and what became of each contact. It was counted before, and counted right."""
    counted = who.json("count", "plain", "--all", *options)
    launch_id = str(who.json("launch", "plain", "--all", *options, "--yes")["launch_id"])
    with who.http() as http:
        launch = Launch(http, launch_id)
        who.until(lambda: launch.figures()["state"] == "completed", "it has ended")
        figures = launch.figures()
        assert (figures["targeted"], figures["started"]) == (counted["targeted"], counted["starting"])
        return launch_id, launch.outcomes()


def mailed(here: Slipway) -> dict[str, int]:
    """How many mails each address of the project's contacts has got."""
    addresses = {person.contact["email"] for person in people(str(here.project), EACH)}
    return {to: count for (to, _), count in here.mails().items() if to in addresses}


@pytest.mark.behaviour(3)
def test_the_creators_reach_filters_and_can_be_narrowed_to_the_launchers(here: Slipway) -> None:
    audience, ann = people(str(here.project), EACH), here.of(str(here.project), "ann")

    _, outcomes = launched(ann, "--intersect-with-launcher")

    vips = {person.id for person in audience if person.kind == "vip"}
    assert {id_ for id_, outcome in outcomes.items() if outcome == ("success", "end:won")} == vips
    assert outcomes == {
        person.id: person.plain if person.kind == "vip" or person.kind.startswith("inactive") else NOT_PERMITTED
        for person in audience
    }

    def taken() -> int:
        return int(ann.json("count", "plain", "--all")["excluded"].get("recurrence_once", 0))

    ann.until(lambda: taken() == len(vips), "contacts knows who started")

    _, outcomes = launched(ann)

    assert outcomes == {person.id: AGAIN if person.id in vips else person.plain for person in audience}
    assert mailed(here) == {person.contact["email"]: 1 for person in audience if person.plain[0] == "success"}


@pytest.mark.behaviour(4)
def test_a_lifted_consent_reaches_whom_it_should_and_the_audit_says_who_why_and_how_many(here: Slipway) -> None:
    audience, ann = people(str(here.project), EACH), here.of(str(here.project), "ann")
    refused = here.of(str(here.project), "bob")("launch", "plain", "--all", *LIFTED, "--yes", check=False)
    assert (refused.returncode, "consent:override" in refused.stderr) == (1, True)

    launch_id, outcomes = launched(ann, *LIFTED)

    reached = [person for person in audience if person.kind in WITHOUT_CONSENT]
    assert outcomes == {
        person.id: ("success", "end:won") if person.kind in WITHOUT_CONSENT else person.plain for person in audience
    }
    sent_to = [*reached, *(person for person in audience if person.plain[0] == "success")]
    assert mailed(here) == {person.contact["email"]: 1 for person in sent_to}, "and never the suppressed"
    told = [
        (entry["subject"], entry["thing"], entry["details"])
        for entry in here.json("audit")
        if entry["action"] == "consent.override_reached"
    ]
    said = {"reason": "product recall", "reached": len(reached), "by_type": {"promotional": len(reached)}}
    assert told == [("ann", f"launch/{launch_id}", said)]
    why = {entry["what"]: entry["detail"] for entry in ann.json("why", launch_id, reached[0].id)}
    assert why["consent_overridden"] == {"by": "ann", "reason": "product recall"}
