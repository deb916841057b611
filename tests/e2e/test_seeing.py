"""What a marketer sees of a launch: progress as it happens, the list behind each figure, and why."""

import csv
import io
import json
import uuid
from typing import Any

import httpx
import pytest

from e2e.audience import people
from e2e.slipway import Slipway

GRANTS = ("view", "process:start", "launch:preapproved", "launch:stop")
OUTCOMES = ("success", "failure", "abandon", "other")


@pytest.fixture
def ann(slipway: Slipway) -> Slipway:
    """Somebody who launches, in a project with contacts of every kind, two of each."""
    slipway.until_ready()
    name = f"v{uuid.uuid4().hex[:10]}"
    here = slipway.with_contacts(name, "patient", ())
    audience = people(name, 2)
    here("contacts", "import", here.write_contacts(f"{name}.ndjson", (person.contact for person in audience)))
    here("suppress", "add", *(person.id for person in audience if person.suppressed))
    here("user", "create", "ann", *(part for grant in GRANTS for part in ("--grant", grant)))
    return slipway.of(name, "ann")


def events(ann: Slipway, launch_id: str) -> list[dict[str, Any]]:
    """The figures of each event, until four targets have ended and the launch was stopped."""
    seen: list[dict[str, Any]] = []
    made = Slipway(ann.home, ann.project).json("key", "create", "--grant", "view")
    headers = {"Authorization": f"Bearer {made['token']}"}
    address = json.loads((ann.home / "state.json").read_text())["http"]
    with httpx.stream("GET", f"{address}/v1/launches/{launch_id}/events", headers=headers, timeout=30) as answer:
        for line in answer.iter_lines():
            if line.startswith("data: "):
                seen.append(json.loads(line.removeprefix("data: ")))
                if seen[-1]["steps"].get("hour") and seen[-1]["state"] == "running":
                    ann("stop", launch_id, "--no-wait")
                if seen[-1]["ended_at"] is not None:
                    return seen
    raise AssertionError("the stream ended before the launch")


@pytest.mark.behaviour(22, 23)
def test_progress_is_told_as_it_happens_and_each_figure_is_as_long_as_its_list(ann: Slipway) -> None:
    launch_id = str(ann.json("launch", "patient", "--all", "--yes")["launch_id"])

    seen = events(ann, launch_id)

    for figures in seen:
        assert figures["targeted"] == sum(figures[name] for name in OUTCOMES) + figures["in_progress"]
        assert figures["rate"] >= 0
    assert [figures["revision"] for figures in seen] == sorted(figures["revision"] for figures in seen)
    assert {"running", "stopped"} <= {figures["state"] for figures in seen}
    last = seen[-1]
    assert (last["in_progress"], last["state"]) == (0, "stopped")

    def length(*arguments: str) -> int:
        rows = ann.json("outcomes", launch_id, *arguments)
        table = ann("outcomes", launch_id, *arguments, "--csv").stdout
        assert len(list(csv.reader(io.StringIO(table, newline="")))) == len(rows) + 1
        return len(rows)

    assert length("--started") == last["started"]
    assert length("--not-started") == last["not_started"]
    assert length("--in-progress") == 0
    for name in OUTCOMES:
        assert length("--outcome", name) == last[name]
    for reason, count in last["by_reason"].items():
        assert length("--reason", reason) == count
    settled = ann.json("outcomes", launch_id, "--delivery", "accepted")
    assert {row["state"] for row in settled} == {"accepted"}


@pytest.mark.behaviour(27)
def test_a_timeline_tells_who_did_what_and_which_event_says_so(ann: Slipway) -> None:
    launch_id = str(ann.json("launch", "patient", "--all", "--yes")["launch_id"])
    project = ann.project or ""
    by_kind = {person.kind: person.id for person in people(project, 1)}
    good, suppressed = by_kind["good"], by_kind["suppressed"]

    def waits() -> bool:
        return good in {row["contact_id"] for row in ann.json("outcomes", launch_id, "--step", "hour")}

    ann.until(waits, "the first message is out")
    ann("stop", launch_id)

    told = ann.json("why", launch_id, good)
    assert [entry["what"] for entry in told][:3] == ["requested", "targeted", "started"]
    assert told[0]["detail"]["by"] == "ann"
    assert [entry["what"] for entry in told][-2:] == ["stopped", "ended"]
    assert told[-2]["detail"]["by"] == "ann"
    assert all(entry["event_id"] for entry in told)
    kept_out = ann.json("why", launch_id, suppressed)
    assert [entry["what"] for entry in kept_out] == ["requested", "not_started"]
    assert kept_out[-1]["detail"]["reason"] == "not_started:suppressed"
