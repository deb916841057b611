"""A marketer's afternoon, from the first count to the export, with nothing but the commands a person types."""

import csv
import io
import uuid
from typing import Any

import pytest

from e2e.look import Launch
from e2e.slipway import SCENARIOS, Slipway

MANY, WITHOUT_CONSENT = 20, 5
SPRING = (SCENARIOS / "slow.yaml").read_text().replace("key: slow", "key: spring").replace("{{ unsubscribe_url }}", "")


@pytest.fixture
def here(slipway: Slipway) -> Slipway:
    """Maya writes scenarios and asks for launches, Tom approves and stops them; some contacts gave no consent."""
    slipway.until_ready()
    here = slipway.with_scenarios(f"y{uuid.uuid4().hex[:10]}")
    here.with_user("maya", "view", "scenario:write", "process:start")
    here.with_user("tom", "view", "launch:approve", "launch:stop")
    people = (
        {
            "id": f"{here.project}-{number}",
            "email": f"{here.project}-{number}@example.com",
            "consent": {"promotional": number >= WITHOUT_CONSENT},
        }
        for number in range(MANY)
    )
    here.imports(people)
    return here


def figures(counted: Any) -> tuple[int, int, dict[str, int]]:
    return counted["targeted"], counted["starting"], counted["excluded"]


@pytest.mark.behaviour(6, 7, 8, 9, 19, 22, 23, 24, 27)
def test_from_the_first_count_to_the_export(here: Slipway) -> None:
    maya, tom = (here.of(str(here.project), name) for name in ("maya", "tom"))
    file = here.home / f"{here.project}.yaml"

    # a link is missing: nothing is published before it is there
    file.write_text(SPRING)
    refused = maya("scenario", "push", str(file), check=False)
    assert (refused.returncode, "unsubscribe_missing" in refused.stderr) == (1, True)
    file.write_text(SPRING.replace('text: "', 'text: "{{ unsubscribe_url }} '))
    maya("scenario", "push", str(file))
    maya("scenario", "activate", "spring")

    # the group is missing, too: the draft waits until there is one
    early = maya("count", "spring", "--group", "spring", check=False)
    assert (early.returncode, "unknown_group" in early.stderr) == (1, True)
    draft = maya("launch", "spring", "--group", "spring", "--yes", check=False)
    assert (draft.returncode, "unknown_group" in draft.stderr) == (1, True)
    here("groups", "create", "spring")
    here("groups", "add", "spring", *(f"{here.project}-{number}" for number in range(MANY)))
    [row] = maya.json("launches")
    launch_id = str(row["launch_id"])
    assert maya.json("validate-launch", launch_id)["state"] == "awaiting_confirmation"

    # counted, confirmed with that count, approved by the other person
    counted = maya.json("count", "spring", "--group", "spring")
    assert figures(counted) == (MANY, MANY - WITHOUT_CONSENT, {"no_consent": WITHOUT_CONSENT})
    confirmed = maya.json("confirm", launch_id, "--token", counted["token"])
    assert (confirmed["state"], figures(confirmed["summary"]["figures"])) == ("awaiting_approval", figures(counted))
    assert maya("approve", launch_id, "--yes", check=False).returncode == 1
    assert here.mails_to(str(here.project)) == {}
    approved = tom.json("approve", launch_id, "--yes")
    assert (approved["changed"], approved["approved_by"]) == (True, "tom")

    # it runs, and is stopped
    with here.http() as http:
        here.until(lambda: len(Launch(http, launch_id).at("pause")) == MANY - WITHOUT_CONSENT, "the message is out")
    tom("stop", launch_id)
    watched = maya.json("watch", launch_id, check=False)
    assert (watched["state"], watched["approved_by"]) == ("stopped", "tom")
    shown = watched["figures"]
    assert (shown["targeted"], shown["started"], shown["abandon"]) == (*figures(counted)[:2], MANY - WITHOUT_CONSENT)
    assert sum(here.mails_to(str(here.project)).values()) == MANY - WITHOUT_CONSENT

    # why, and the list of everybody
    told = maya.json("why", launch_id, f"{here.project}-{MANY - 1}")
    story = ["requested", "approved", "targeted", "started", "message", "waiting", "stopped", "ended"]
    assert list(dict.fromkeys(entry["what"] for entry in told)) == story
    at = {entry["what"]: entry["at"] for entry in told}
    [asked] = [entry for entry in here.json("audit", "--action", "launch.asked") if launch_id in entry["thing"]]
    assert at["requested"] == asked["at"] < at["approved"] <= at["targeted"]
    assert "no_consent" in maya("why", launch_id, f"{here.project}-0").stdout
    table = list(csv.DictReader(io.StringIO(maya("outcomes", launch_id, "--csv").stdout, newline="")))
    reasons = {row["contact_id"]: row["reason"] for row in table}
    assert reasons == {
        f"{here.project}-{number}": "not_started:no_consent" if number < WITHOUT_CONSENT else "stopped"
        for number in range(MANY)
    }
    done = [(entry["subject"], entry["action"]) for entry in here.json("audit") if launch_id in entry["thing"]]
    assert {
        ("maya", "launch.asked"),
        ("maya", "launch.confirmed"),
        ("tom", "launch.approved"),
        ("tom", "launch.stopped"),
    } <= set(done)
