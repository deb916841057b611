"""A launch with every exclusion in it: each single outcome and each mail is what an independent expectation says."""

import json
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from e2e.audience import RESTRICTION, Person, people
from e2e.slipway import Slipway

SCENARIOS = [Path(__file__).parent / "scenarios" / f"{key}.yaml" for key in ("course", "plain", "slow")]
CRM = ("process:start", "launch:preapproved", "launch:stop")


@pytest.fixture
def project(slipway: Slipway) -> Slipway:
    """A project of the test's own, with a creator who may only send to one region."""
    slipway.until_ready()
    name = f"p{uuid.uuid4().hex[:10]}"
    admin = slipway.of(name)
    admin("project", "create", name)
    admin("user", "create", "creator", "--grant", "scenario:write", "--grant", "view")
    admin("user", "restrict", "creator", "--where", RESTRICTION)
    for file in SCENARIOS:
        slipway.of(name, "creator")("scenario", "push", str(file))
        admin("scenario", "activate", file.stem)
    return admin


def imported(project: Slipway, each: int) -> list[Person]:
    """The audience, imported."""
    prefix = project.project or ""
    audience = people(prefix, each)
    file = project.write_contacts(f"{prefix}.ndjson", (person.contact for person in audience))
    project("contacts", "import", file)
    project("suppress", "add", *(person.id for person in audience if person.suppressed))
    return audience


def finished(project: Slipway, *launch: str) -> str:
    """Launches and waits for the end; the launch reconciles."""
    launch_id = str(project.json("crm", "launch", *launch)["launch_id"])
    project("watch", launch_id, "--json", timeout=180)
    project("reconcile", launch_id)
    return launch_id


@pytest.mark.behaviour(13, 23)
def test_every_target_ends_as_expected_and_every_mail_is_sent_once(slipway: Slipway, project: Slipway) -> None:
    audience = imported(project, each=60)
    key = project.key(*CRM)

    launch_id = finished(project, "plain", "--all", *key)

    assert project.outcomes(launch_id) == {person.id: person.plain for person in audience}
    sent = Counter({mail: count for mail, count in slipway.mails().items() if (project.project or "") in mail[1]})
    assert sent == Counter(
        (person.contact["email"], f"plain {person.id}") for person in audience if person.plain[0] == "success"
    )

    again = finished(project, "plain", "--all", *key)

    started = {"success", "failure"}
    assert project.outcomes(again) == {
        person.id: ("other", "not_started:recurrence_once") if person.plain[0] in started else person.plain
        for person in audience
    }


def test_every_step_is_taken_once(slipway: Slipway, project: Slipway) -> None:
    audience = imported(project, each=10)

    launch_id = finished(project, "course", "--group", "everybody", "--context", "voucher=V1", *project.key(*CRM))

    outcomes = project.outcomes(launch_id)
    assert set(outcomes) == {person.id for person in audience}
    for person in audience:
        assert outcomes[person.id] in _course(person), person
    mails = Counter(subject for _, subject in slipway.mails().elements() if (project.project or "") in subject)
    assert not [subject for subject, count in mails.items() if count > 1]
    assert {subject for subject in mails if subject.startswith("hello")} == {
        f"hello {person.id}" for person in audience if person.kind in ("good", "vip", "nameless")
    }
    vip = next(person for person in audience if person.kind == "vip")
    assert project.json("contacts", "show", vip.id)["attributes"]["last_offer"] == "spring"


def _course(person: Person) -> set[tuple[str, str]]:
    if person.kind.startswith("inactive"):
        return {("other", "not_started:inactive")}
    if person.kind == "vip":  # no consent for the newsletter: its own path
        return {("other", "end:quiet")}
    return {("abandon", "end:left"), ("failure", "end:right")}


@pytest.mark.behaviour(19)
def test_a_stopped_launch_adds_up(slipway: Slipway, project: Slipway) -> None:
    audience = imported(project, each=60)
    key = project.key(*CRM)
    launch_id = str(project.json("crm", "launch", "slow", "--all", *key)["launch_id"])

    project("crm", "stop", launch_id, *key)
    again = project.json("crm", "stop", launch_id, *key)
    watched = project("watch", launch_id, "--json", check=False, timeout=120)

    assert again["type"] == "command.accepted"
    assert (watched.returncode, json.loads(watched.stdout)["state"]) == (1, "stopped")
    project("reconcile", launch_id)
    outcomes = project.outcomes(launch_id)
    assert set(outcomes) == {person.id for person in audience}
    started = {contact for contact, outcome in outcomes.items() if outcome == ("abandon", "stopped")}
    assert started <= {person.id for person in audience if person.plain[0] in ("success", "failure")}
    mails = Counter(subject for _, subject in slipway.mails().elements() if (project.project or "") in subject)
    assert set(mails) <= {f"before {contact}" for contact in started}
    assert not [subject for subject, count in mails.items() if count > 1]


@pytest.mark.behaviour(10)
def test_the_same_command_from_two_producers_at_once_is_one_launch(project: Slipway) -> None:
    imported(project, each=1)
    key = project.key(*CRM)
    command = ("crm", "launch", "plain", "--all", "--id", f"cmd-{uuid.uuid4()}", *key)

    with ThreadPoolExecutor(2) as producers:
        at_once = [producers.submit(project.json, *command) for _ in range(2)]
    answers = [*(answer.result() for answer in at_once), project.json(*command)]

    assert len({answer["launch_id"] for answer in answers}) == 1
    assert len(project.json("launches")) == 1


@pytest.mark.behaviour(27)
def test_a_timeline_says_why(project: Slipway) -> None:
    audience = imported(project, each=1)
    launch_id = finished(project, "plain", "--all", *project.key(*CRM))
    good, suppressed = (next(person for person in audience if person.kind == kind) for kind in ("good", "suppressed"))

    assert len(project.json("why", launch_id, good.id)) >= 4
    assert any("suppressed" in str(entry) for entry in project.json("why", launch_id, suppressed.id))


@pytest.mark.behaviour(24)
def test_the_log_lists_each_launch_with_its_targets_per_outcome(project: Slipway) -> None:
    imported(project, each=1)
    key = project.key(*CRM)
    done = finished(project, "plain", "--all", *key)
    stopped = str(project.json("launch", "slow", "--all", "--yes")["launch_id"])
    project("stop", stopped)
    project("watch", stopped, check=False)

    def listed(*filters: str) -> list[str]:
        return [row["launch_id"] for row in project.json("launches", *filters)]

    [second, first] = project.json("launches")
    assert [second["launch_id"], first["launch_id"]] == [stopped, done]
    assert [second["state"], first["state"]] == ["stopped", "completed"]
    for row in (second, first):
        outcomes = Counter(outcome for outcome, _ in project.outcomes(row["launch_id"]).values())
        figures = row["figures"]
        assert {each: figures[each] for each in ("success", "failure", "abandon", "other") if figures[each]} == outcomes
        assert figures["targeted"] == outcomes.total()
    assert listed("--scenario", "plain") == listed("--state", "completed") == listed("--user", key[1]) == [done]
    assert listed("--scenario", "slow") == listed("--state", "stopped") == listed("--user", "admin") == [stopped]
    assert listed("--since", first["drafted_at"]) == [stopped, done]
    assert listed("--since", second["drafted_at"]) == [stopped]
    assert listed("--until", second["drafted_at"]) == [done]
    assert listed("--until", first["drafted_at"]) == []
