"""Trials leave no trace: a rehearsal comes to the launch's own figures, a test mails a named address alone."""

import asyncio
import json
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from e2e.audience import RESTRICTION, people
from e2e.slipway import Slipway
from e2e.test_outcome_topics import replayed

SCENARIOS = Path(__file__).parent / "scenarios"
GRANTS = ("view", "process:start", "scenario:write")
EACH = 3


@pytest.fixture(scope="module")
def ann(slipway: Slipway) -> Slipway:
    """Somebody who may not launch without approval, and to some contacts only; in a project with every kind of them."""
    slipway.until_ready()
    name = f"t{uuid.uuid4().hex[:10]}"
    here, ann = slipway.of(name), slipway.of(name, "ann")
    here("project", "create", name)
    here("user", "create", "ann", *(part for grant in GRANTS for part in ("--grant", grant)))
    here("user", "restrict", "ann", "--where", RESTRICTION)
    for scenario in ("plain", "course"):
        ann("scenario", "push", str(SCENARIOS / f"{scenario}.yaml"))
        ann("scenario", "activate", scenario)
    audience = people(name, EACH)
    here("contacts", "import", here.write_contacts(f"{name}.ndjson", [each.contact for each in audience]))
    here("suppress", "add", *(each.id for each in audience if each.suppressed))
    return ann


def figures(seen: Any) -> Any:
    """What a rehearsal and its launch have in common."""
    assert seen["state"] == "completed"
    names = ("targeted", "started", "not_started", "by_reason", "deliveries")
    return {name: seen["figures"][name] for name in names}


def mails(ann: Slipway, begin: str) -> Counter[tuple[str, str]]:
    """What was sent of this project with subjects that begin so."""
    found = ann.mails().items()
    return Counter({mail: n for mail, n in found if mail[1].startswith(begin) and (ann.project or "") in mail[1]})


@pytest.mark.behaviour(12)
@pytest.mark.parametrize(
    ("scenario", "subject", "times"),
    [(("plain",), "plain", 2), (("course", "--context", "voucher=V1"), "hello", 1)],
    ids=["plain", "course"],
)
def test_a_rehearsal_comes_to_the_figures_of_the_launch_and_leaves_no_trace(
    ann: Slipway, scenario: tuple[str, ...], subject: str, times: int
) -> None:
    admin, vip = ann.of(str(ann.project)), f"{ann.project}-vip-0"
    before = ann.json("contacts", "show", vip)

    rehearsed = ann.json("rehearse", scenario[0], "--all", *scenario[1:])

    assert mails(ann, subject) == {}
    ann("reconcile", rehearsed["launch_id"])
    assert ann.json("contacts", "show", vip) == before
    assert rehearsed["launch_id"] not in {row["launch_id"] for row in ann.json("contacts", "instances", vip)}
    assert asyncio.run(replayed(ann.status()["kafka"], rehearsed["launch_id"])) == []
    assert ann.json("launches", "--scenario", scenario[0]) == []
    for _ in range(times):  # the second time who gets it once has had it
        launched = admin.json("launch", scenario[0], "--all", "--yes", *scenario[1:])
        assert figures(admin.json("watch", launched["launch_id"])) == figures(rehearsed)
        rehearsed = ann.json("rehearse", scenario[0], "--all", *scenario[1:])
    assert set(mails(ann, subject).values()) == {1}
    listed = ann.json("launches", "--mode", "rehearsal", "--scenario", scenario[0])
    assert len(listed) == times + 1
    ann.until(lambda: _states(ann, scenario[0]) == {"completed"}, "the list says so, too")


def _states(ann: Slipway, scenario: str) -> set[str]:
    return {row["state"] for row in ann.json("launches", "--mode", "rehearsal", "--scenario", scenario)}


@pytest.mark.behaviour(12)
def test_a_test_is_mailed_to_the_named_addresses_through_all_waits_and_counts_nowhere(ann: Slipway) -> None:
    to, vip = [f"{who}-{ann.project}@example.org" for who in ("me", "you")], f"{ann.project}-vip-1"
    before, known = ann.json("contacts", "show", vip), len(ann.json("launches"))
    asked = ("test", "course", *(part for address in to for part in ("--to", address)), "--context", "voucher=V1")

    tested = ann.json(*asked, "--contact", vip)

    assert [each["figures"]["by_reason"] for each in tested] == [{"end:won": 1}] * 2
    subjects = (f"[Test] hello {vip}", f"[Test] second {vip}")
    assert mails(ann, "[Test]") == Counter((address, subject) for address in to for subject in subjects)
    assert ann.json("contacts", "show", vip) == before
    assert len(ann.json("launches")) == known
    ann("scenario", "deactivate", "course")
    [first] = ann.json("test", "course", "--to", to[0], "--context", "voucher=V2")
    assert first["state"] == "completed"
    ann("reconcile", tested[0]["launch_id"])


@pytest.mark.behaviour(12)
def test_a_test_where_there_is_no_contact_is_refused_with_what_to_do(slipway: Slipway) -> None:
    slipway.until_ready()
    nobody = slipway.with_scenarios(f"t{uuid.uuid4().hex[:10]}", "plain")
    told = nobody("test", "plain", "--to", "me@example.org", "--json", check=False)
    [seen] = json.loads(told.stdout)
    assert (told.returncode, seen["state"]) == (1, "rejected")
    [point] = seen["points"]
    assert (point["code"], point["place"], "import" in point["remedy"]) == ("empty_selection", "contact_id", True)
