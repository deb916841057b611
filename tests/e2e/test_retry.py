"""What became of a launch is launched again: exactly the targets that are named, and nobody else."""

import re
import uuid
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from e2e.slipway import Slipway

GRANTS = ("view", "process:start", "launch:preapproved")
MANY, BAD = 40, 15


@pytest.fixture
def here(slipway: Slipway) -> Iterator[Slipway]:
    slipway.until_ready()
    yield slipway.of(f"r{uuid.uuid4().hex[:10]}")
    slipway.mail_sink_misbehaves()


def people(here: Slipway, numbers: Iterable[int], name: str) -> list[dict[str, Any]]:
    ids = [f"{here.project}-{number}" for number in numbers]
    return [
        {"id": id_, "email": f"{id_}@example.com", "consent": {"promotional": True}, "attributes": {"first_name": name}}
        for id_ in ids
    ]


def ann(here: Slipway) -> Slipway:
    here("user", "create", "ann", *(part for grant in GRANTS for part in ("--grant", grant)))
    return here.of(str(here.project), "ann")


def completed(who: Slipway, *asked: str) -> tuple[str, dict[str, int]]:
    """Id and reasons of a launch that is asked for and runs to its end."""
    launch_id = str(who.json(*asked, "--yes")["launch_id"])
    shown = who.json("watch", launch_id)
    assert shown["state"] == "completed"
    return launch_id, shown["figures"]["by_reason"]


@pytest.mark.behaviour(6, 11)
def test_the_failed_ones_and_nobody_else_are_launched_again_though_once_is_once(here: Slipway) -> None:
    here.with_contacts(str(here.project), "shaky", (f"{here.project}-{number}" for number in range(BAD, MANY)))
    here("contacts", "import", here.write_contacts("bad.ndjson", people(here, range(BAD), "Nobody")))
    who = ann(here)
    first, reasons = completed(who, "launch", "shaky", "--all")
    assert reasons == {"end:won": MANY - BAD, "end:broken": BAD}
    here("contacts", "import", here.write_contacts("mended.ndjson", people(here, range(BAD), "Ann")))
    unsubscribed = f"{here.project}-0"
    without = {**people(here, range(1), "Ann")[0], "consent": {"promotional": False}}
    here("contacts", "import", here.write_contacts("unsubscribed.ndjson", [without]))
    chosen = ("count", "shaky", "--of", first, "--outcome", "failure")
    counted = who.json(*chosen)
    assert who.json(*chosen, "--list", "no_consent") == [{"contact_id": unsubscribed}]

    again, reasons = completed(who, "retry", first, "--outcome", "failure")

    assert reasons == {"end:won": BAD - 1, "not_started:no_consent": 1}
    assert (counted["targeted"], counted["starting"], counted["excluded"]) == (BAD, BAD - 1, {"no_consent": 1})
    assert who.outcomes(again).keys() == {f"{here.project}-{number}" for number in range(BAD)}
    assert here.mails_to(str(here.project)) == {f"{here.project}-{number}": 1 for number in range(1, MANY)}
    [shown] = [row for row in who.json("launches") if row["launch_id"] == again]
    assert (shown["retry_of"], shown["kind"], shown["selected"]) == (first, "retry", BAD)
    noted = [row for row in who.json("audit") if row["action"] == "launch.retried"]
    assert [row["details"] for row in noted] == [{"of": first, "filter": {"outcome": "failure"}, "targets": BAD}]
    _, reasons = completed(who, "launch", "shaky", "--all")
    refused = {"not_started:recurrence_once": MANY - 1, "not_started:no_consent": 1}
    assert reasons == refused, "for everybody else once stays once"
    kept_out, reasons = completed(who, "launch", "shaky", "--of", again, "--of-reason", "not_started:no_consent")
    assert reasons == {"not_started:no_consent": 1}
    assert who.outcomes(kept_out).keys() == {unsubscribed}
    launches = len(who.json("launches"))
    nobody = who("retry", again, "--reason", "error:send", "--yes", check=False)
    assert (nobody.returncode, "nobody to launch for" in nobody.stderr) == (1, True)
    assert len(who.json("launches")) == launches
    who("reconcile", again)


@pytest.mark.behaviour(11, 31)
def test_a_message_that_nobody_knows_about_is_sent_again_only_by_its_name(here: Slipway) -> None:
    here.with_contacts(str(here.project), "doubtful", (f"{here.project}-{number}" for number in range(6)))
    who, lost = ann(here), {f"{here.project}-{number}" for number in range(2)}
    here.mail_sink_misbehaves(*({"kind": "lose", "to": f"^{re.escape(id_)}@", "times": 1} for id_ in lost))
    first, reasons = completed(who, "launch", "doubtful", "--all")
    assert reasons == {"end:won": 4, "end:doubt": 2}
    assert {row["contact_id"] for row in who.json("outcomes", first, "--delivery", "unknown")} == lost
    assert here.mails_to(str(here.project)).keys() == {f"{here.project}-{number}" for number in range(2, 6)}
    wrong = who("retry", first, "--delivery", "accepted", "--yes", check=False)
    assert (wrong.returncode, "unknown" in wrong.stderr) == (2, True)

    again, reasons = completed(who, "retry", first, "--delivery", "unknown")

    assert reasons == {"end:won": 2}
    assert who.outcomes(again).keys() == lost
    assert set(here.mails_to(str(here.project)).values()) == {1}
    assert {row["state"] for row in who.json("outcomes", first, "--delivery", "unknown")} == {"unknown"}
    assert len(here.mails_to(str(here.project))) == 6
