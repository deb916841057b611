"""A person steers a launch that runs: stop, pause and resume, one contact removed, one moved on."""

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


@pytest.mark.behaviour(20)
def test_what_became_due_under_a_pause_is_sent_once_and_what_follows_waits_its_time(ann: Slipway) -> None:
    launch_id = launched(ann)
    ann.until(lambda: len(standing(ann, launch_id, "moment")) == 10, "all wait")
    ann("pause", launch_id)
    ann.until(lambda: len(standing(ann, launch_id, "first")) == 10, "the wait is over, and the next step is held")
    assert not subjects(ann)

    ann("resume", launch_id)

    ann.until(lambda: len(standing(ann, launch_id, "hour")) == 10, "all have gone on to the next wait")
    assert subjects(ann) == {f"first {ann.project}-{number}": 1 for number in range(10)}
    why = [entry["what"] for entry in ann.json("why", launch_id, f"{ann.project}-0")]
    assert why.index("paused") < why.index("resumed") < why.index("message")
    ann("stop", launch_id)


@pytest.mark.behaviour(21)
def test_one_contact_is_removed_and_one_is_moved_on(slipway: Slipway, ann: Slipway) -> None:
    project = ann.project or ""
    removed, by_topic, moved, left = (f"{project}-{number}" for number in range(4))
    launch_id = launched(ann)
    ann.until(lambda: len(standing(ann, launch_id, "hour")) == 10, "all have got the first message")

    assert ann.json("remove", launch_id, removed)["result"] == "removed"
    key = slipway.of(project).key("launch:stop")
    assert slipway.of(project).json("crm", "remove-contact", launch_id, by_topic, *key)["type"] == "command.accepted"
    assert ann.json("advance", launch_id, moved)["result"] == "moved_on"

    ann.until(lambda: len(ann.outcomes(launch_id)) == 3, "those three have ended")
    assert ann.outcomes(launch_id) == {
        removed: ("abandon", "removed"),
        by_topic: ("abandon", "removed"),
        moved: ("success", "end:won"),
    }
    assert [subject for subject in subjects(ann) if subject.startswith("second")] == [f"second {moved}"]
    for contact_id, result in ((removed, "ended"), (f"{project}-nobody", "unknown_target")):
        again = ann("remove", launch_id, contact_id, "--json", check=False)
        assert (again.returncode, f'"{result}"' in again.stdout) == (1, True)
    told = {entry["what"]: entry["detail"] for entry in ann.json("why", launch_id, removed)}
    assert told["removed"] == {"by": "ann"}
    assert left in standing(ann, launch_id, "hour")
    ann("stop", launch_id)
    ann("reconcile", launch_id)
