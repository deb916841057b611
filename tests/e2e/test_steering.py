"""A person steers a launch that runs: stop, pause and resume, one contact removed, one moved on."""

import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from e2e.look import Launch
from e2e.slipway import Slipway

TEN = range(10)


def ann(slipway: Slipway, scenario: str) -> Slipway:
    """Somebody who launches and stops, in a project of ten contacts; ids `<project>-<n>`."""
    slipway.until_ready()
    project = f"s{uuid.uuid4().hex[:10]}"
    here = slipway.with_contacts(project, scenario, (f"{project}-{number}" for number in TEN))
    return here.with_user("ann", "view", "process:start", "launch:preapproved", "launch:stop")


@contextmanager
def launched(ann: Slipway, scenario: str, step: str) -> Iterator[Launch]:
    """A launch on all, who have come to that step."""
    launch_id = str(ann.json("launch", scenario, "--all", "--yes")["launch_id"])
    with ann.http() as http:
        launch = Launch(http, launch_id)
        all_stand(ann, launch, step)
        yield launch


def all_stand(ann: Slipway, launch: Launch, step: str) -> None:
    ann.until(lambda: len(launch.at(step)) == len(TEN), f"all are at {step}")


def subjects(ann: Slipway) -> Counter[str]:
    return Counter({subject: count for (_, subject), count in ann.mails().items() if str(ann.project) in subject})


@pytest.mark.behaviour(19)
def test_a_stop_tells_what_was_done_and_cancels_the_rest(slipway: Slipway) -> None:
    here = ann(slipway, "slow")
    with launched(here, "slow", "pause") as launch:
        answer = here.json("stop", launch.launch_id)

        assert (answer["done"], answer["in_flight"]) == ({"success": 0, "failure": 0, "abandon": 0, "other": 0}, 0)
        here.until(lambda: launch.figures()["state"] == "stopped", "it has ended")
        again = here.json("stop", launch.launch_id)
        assert again["state"] == "stopped", "again is harmless"
        assert again["cancelled"] == {"abandoned": len(TEN), "not_started": 0, "messages": 0, "final": True}
        assert launch.outcomes() == {f"{here.project}-{number}": ("abandon", "stopped") for number in TEN}
        assert set(subjects(here)) == {f"before {here.project}-{number}" for number in TEN}, "what is done stays done"
        here("reconcile", launch.launch_id)


@pytest.mark.behaviour(20)
def test_what_became_due_under_a_pause_is_sent_once_and_what_follows_waits_its_time(slipway: Slipway) -> None:
    here = ann(slipway, "patient")
    with launched(here, "patient", "moment") as launch:
        assert here.json("pause", launch.launch_id)["state"] == "paused"
        all_stand(here, launch, "first")
        assert not subjects(here), "the wait is over, the next step is held"

        here("resume", launch.launch_id)

        all_stand(here, launch, "hour")
        assert subjects(here) == {f"first {here.project}-{number}": 1 for number in TEN}
        why = [entry["what"] for entry in here.json("why", launch.launch_id, f"{here.project}-0")]
        assert why.index("paused") < why.index("resumed") < why.index("message")
        here("stop", launch.launch_id, "--no-wait")


@pytest.mark.behaviour(21)
def test_one_contact_is_removed_and_one_is_moved_on(slipway: Slipway) -> None:
    here = ann(slipway, "slow")
    project = str(here.project)
    removed, by_topic, moved, left = (f"{project}-{number}" for number in range(4))
    with launched(here, "slow", "pause") as launch:
        assert here.json("remove", launch.launch_id, removed)["result"] == "removed"
        crm = slipway.of(project)
        told = crm.json("crm", "remove-contact", launch.launch_id, by_topic, *crm.key("launch:stop"))
        assert told["type"] == "command.accepted"
        assert here.json("advance", launch.launch_id, moved)["result"] == "moved_on"

        ended = {removed: ("abandon", "removed"), by_topic: ("abandon", "removed"), moved: ("success", "end:won")}
        here.until(lambda: launch.outcomes() == ended, "those three have ended, and nobody else")
        assert [subject for subject in subjects(here) if subject.startswith("after")] == [f"after {moved}"]
        for contact_id, result in ((removed, "ended"), (f"{project}-nobody", "unknown_target")):
            again = here("remove", launch.launch_id, contact_id, "--json", check=False)
            assert (again.returncode, f'"{result}"' in again.stdout) == (1, True)
        why = {entry["what"]: entry["detail"] for entry in here.json("why", launch.launch_id, removed)}
        assert why["removed"] == {"by": "ann"}
        assert left in launch.at("pause")
        answer = here.json("stop", launch.launch_id)
        assert answer["done"] == {"success": 1, "failure": 0, "abandon": 2, "other": 0}
        assert answer["cancelled"] == {"abandoned": len(TEN) - 3, "not_started": 0, "messages": 0, "final": True}
        here("reconcile", launch.launch_id)
