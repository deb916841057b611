"""`slipway why` shows the whole way of a contact: waits, branches, updates, and what people did meanwhile."""

import uuid
from typing import Any

import pytest

from e2e.look import Launch
from e2e.slipway import Slipway


@pytest.fixture
def ann(slipway: Slipway) -> Slipway:
    """Somebody who launches, in a project with two contacts, of whom one scores high."""
    slipway.until_ready()
    here = slipway.with_scenarios(f"w{uuid.uuid4().hex[:10]}", "forked")
    contacts: list[dict[str, Any]] = [
        {"id": id, "email": f"{id}@example.com", "consent": {"promotional": True}, "attributes": {"score": score}}
        for id, score in (("low", 10), ("high", 90))
    ]
    here.imports(contacts)
    return here.with_user("ann", "view", "process:start", "launch:preapproved", "launch:stop")


def whole(ann: Slipway, launch_id: str, contact_id: str) -> list[dict[str, Any]]:
    """The timeline without the states of messages on their way, which may or may not be told."""
    told: list[dict[str, Any]] = ann.json("why", launch_id, contact_id)
    assert all(entry["event_id"] for entry in told)
    return [entry for entry in told if entry["detail"].get("state") not in ("planned", "sending")]


@pytest.mark.behaviour(14, 27)
def test_a_wait_and_a_branch_are_shown_and_a_stop_and_a_retry_are_as_ever(ann: Slipway) -> None:
    first = str(ann.json("launch", "forked", "--all", "--yes")["launch_id"])
    with ann.http() as http:
        ann.until(lambda: Launch(http, first).at("hour") == {"high"}, "who scores high waits for the hour")
    assert ann("stop", first).returncode == 0
    ann("watch", first, check=False)

    low, high = whole(ann, first, "low"), whole(ann, first, "high")
    assert [entry["what"] for entry in low] == [
        *("requested", "targeted", "started", "message", "waiting", "waited", "branch", "ended")
    ]
    assert [entry["detail"] for entry in low[5:]] == [
        {"step": "moment"},
        {"step": "vip", "arm": 2, "when": "otherwise", "next": "quiet"},
        {"outcome": "other", "reason": "end:quiet"},
    ]
    assert low[4]["detail"]["step"] == "moment"
    assert low[4]["at"] < low[4]["detail"]["until"] <= low[5]["at"]
    assert [entry["at"] for entry in low[1:]] == sorted(entry["at"] for entry in low[1:])
    assert [(entry["what"], entry["detail"].get("step")) for entry in high[3:]] == [
        *(("message", "hello"), ("waiting", "moment"), ("waited", "moment"), ("branch", "vip")),
        *(("updated", "tag"), ("waiting", "hour")),
        *(("stopped", None), ("ended", None)),
    ]
    assert high[6]["detail"] == {"step": "vip", "arm": 1, "when": "contact.attributes.score > 50", "next": "tag"}
    assert high[7]["detail"] == {"step": "tag", "set": "last_offer"}
    assert "contact.attributes.score > 50" in ann("why", first, "high").stdout

    again = str(ann.json("retry", first, "--reason", "stopped", "--yes")["launch_id"])
    with ann.http() as http:
        ann.until(lambda: Launch(http, again).at("hour") == {"high"}, "it goes the same way in the retry")
        ann("advance", again, "high")
    assert ann.json("watch", again)["figures"]["by_reason"] == {"end:won": 1}
    retried = whole(ann, again, "high")
    assert [(entry["what"], entry["detail"].get("step")) for entry in retried][-5:] == [
        *(("waiting", "hour"), ("moved_on", None), ("waited", "hour"), ("message", "again"), ("ended", None))
    ]


@pytest.mark.behaviour(27)
def test_the_way_of_a_contact_who_is_deleted_is_forgotten(ann: Slipway) -> None:
    launch_id = str(ann.json("launch", "forked", "--all", "--yes")["launch_id"])

    def shown(contact_id: str) -> set[str]:
        told = {entry["what"] for entry in whole(ann, launch_id, contact_id)}
        return told & {"waiting", "waited", "branch", "updated"}

    ann.until(lambda: {"low", "high"} == {id for id in ("low", "high") if "branch" in shown(id)}, "both are through")
    with ann.http() as http:
        for contact_id in ("low", "high"):
            http.delete(f"/v1/contacts/{contact_id}").raise_for_status()

    ann.until(lambda: not shown("low") and not shown("high"), "their ways are gone")
    assert whole(ann, launch_id, "low")[-1]["detail"] == {"outcome": "other", "reason": "end:quiet"}
    assert whole(ann, launch_id, "high")[-1]["detail"] == {"outcome": "abandon", "reason": "deleted"}
