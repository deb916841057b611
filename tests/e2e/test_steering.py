"""A person stops a launch that runs, and is told what that did."""

import uuid
from collections import Counter

import pytest

from e2e.slipway import Slipway

GRANTS = ("view", "process:start", "launch:preapproved", "launch:stop")


@pytest.fixture
def ann(slipway: Slipway) -> Slipway:
    """Somebody who launches and stops, in a project of ten contacts; ids `<project>-<n>`."""
    slipway.until_ready()
    name = f"s{uuid.uuid4().hex[:10]}"
    here = slipway.with_contacts(name, "patient", (f"{name}-{number}" for number in range(10)))
    here("user", "create", "ann", *(part for grant in GRANTS for part in ("--grant", grant)))
    return slipway.of(name, "ann")


def launched(ann: Slipway) -> str:
    return str(ann.json("launch", "patient", "--all", "--yes")["launch_id"])


def standing(ann: Slipway, launch_id: str, step: str) -> set[str]:
    return {row["contact_id"] for row in ann.json("outcomes", launch_id, "--step", step)}


def subjects(ann: Slipway) -> Counter[str]:
    return Counter({subject: count for (_, subject), count in ann.mails().items() if (ann.project or "") in subject})


@pytest.mark.behaviour(19)
def test_a_stop_tells_what_was_done_and_cancels_the_rest(ann: Slipway) -> None:
    launch_id = launched(ann)
    ann.until(lambda: len(standing(ann, launch_id, "hour")) == 10, "all have got the first message")

    answer = ann.json("stop", launch_id)

    assert answer["state"] == "stopped"
    assert (answer["done"], answer["in_flight"]) == ({"success": 0, "failure": 0, "abandon": 0, "other": 0}, 0)
    assert answer["cancelled"] == {"abandoned": 10, "not_started": 0, "messages": 0}
    assert ann.json("stop", launch_id)["state"] == "stopped", "again is harmless"
    assert set(ann.outcomes(launch_id).values()) == {("abandon", "stopped")}
    assert set(subjects(ann)) == {f"first {ann.project}-{number}" for number in range(10)}, "what is done stays done"
    ann("reconcile", launch_id)
