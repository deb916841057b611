"""What a marketer sees of a launch: progress as it happens, the list behind each figure, and why."""

import csv
import io
import json
import uuid
from typing import Any

import pytest

from e2e.audience import people
from e2e.look import Launch
from e2e.slipway import Slipway

OUTCOMES = ("success", "failure", "abandon", "other")


@pytest.fixture
def ann(slipway: Slipway) -> Slipway:
    """Somebody who launches, in a project with contacts of every kind, two of each."""
    slipway.until_ready()
    project = f"v{uuid.uuid4().hex[:10]}"
    here = slipway.with_scenarios(project, "slow")
    audience = people(project, 2)
    here.imports(person.contact for person in audience)
    here("suppress", "add", *(person.id for person in audience if person.suppressed))
    return here.with_user("ann", "view", "process:start", "launch:preapproved", "launch:stop")


def starting(project: str) -> int:
    """How many; whoever created the scenario may send to everybody."""
    started = [person for person in people(project, 2) if person.plain[0] in ("success", "failure")]
    return len(started) + sum(person.kind in ("foreign", "nowhere") for person in people(project, 2))


def stopped_while_it_is_looked_at(ann: Slipway, launch_id: str) -> list[dict[str, Any]]:
    """The figures of each event of a launch until its end; it is stopped when all who start wait."""
    seen: list[dict[str, Any]] = []
    stopped = False
    with ann.http() as admin, admin.stream("GET", f"/v1/launches/{launch_id}/events", timeout=60) as answer:
        for line in answer.iter_lines():
            if not line.startswith("data: "):
                continue
            seen.append(json.loads(line.removeprefix("data: ")))
            if seen[-1]["ended_at"] is not None:
                return seen
            if seen[-1]["steps"].get("pause") == starting(str(ann.project)) and not stopped:
                ann("stop", launch_id, "--no-wait")
                stopped = True
    raise AssertionError("the stream ended before the launch")


@pytest.mark.behaviour(22, 23)
def test_progress_is_told_as_it_happens_and_each_figure_is_as_long_as_its_list(ann: Slipway) -> None:
    launch_id = str(ann.json("launch", "slow", "--all", "--yes")["launch_id"])

    seen = stopped_while_it_is_looked_at(ann, launch_id)

    for figures in seen:
        assert figures["targeted"] == sum(figures[name] for name in OUTCOMES) + figures["in_progress"]
        assert figures["rate"] >= 0
    assert [figures["revision"] for figures in seen] == sorted(figures["revision"] for figures in seen)
    assert {"running", "stopped"} <= {figures["state"] for figures in seen}
    last = seen[-1]
    assert (last["in_progress"], last["state"]) == (0, "stopped")
    assert last["started"] == last["steps"]["before"] == last["steps"]["pause"] == starting(str(ann.project))

    with ann.http() as http:
        launch = Launch(http, launch_id)

        def length(what: str, **wanted: str) -> int:
            """Of the list, and of what is exported of it."""
            path, asked = f"/v1/launches/{launch_id}/{what}", {"Accept": "text/csv"}
            table = http.get(path, params=wanted, headers=asked).raise_for_status().text
            rows = launch.listed(what, **wanted)
            assert len(list(csv.reader(io.StringIO(table, newline="")))) == len(rows) + 1
            return len(rows)

        assert length("outcomes", started="true") == last["started"]
        assert length("outcomes", started="false") == last["not_started"]
        assert length("in-progress") == 0
        assert {name: length("outcomes", outcome=name) for name in OUTCOMES} == {name: last[name] for name in OUTCOMES}
        listed = {reason: length("outcomes", reason=reason) for reason in last["by_reason"]}
        assert listed == last["by_reason"]
        assert length("deliveries", state="accepted") == last["started"]
        assert (length("deliveries", step="before"), length("passed", step="pause")) == (last["started"],) * 2
    shown = ann.json("outcomes", launch_id, "--reason", "not_started:no_consent")
    assert len(shown) == last["by_reason"]["not_started:no_consent"]


@pytest.mark.behaviour(22, 23)
def test_when_the_end_is_told_the_steps_are_final_and_each_is_as_long_as_its_list(slipway: Slipway) -> None:
    slipway.until_ready()
    here = slipway.with_scenarios(f"v{uuid.uuid4().hex[:10]}", "course")
    consent = {"promotional": True, "newsletter": True}
    here.imports(
        {"id": f"c-{n}", "email": f"c-{n}@example.com", "consent": consent, "attributes": {"score": n % 100}}
        for n in range(300)
    )
    launched = here.json("launch", "course", "--all", "--yes", "--context", "voucher=V1")

    steps = here.json("watch", launched["launch_id"])["figures"]["steps"]

    with here.http() as http:
        launch = Launch(http, launched["launch_id"])
        sent = {step: len(launch.listed("deliveries", step=step)) for step in ("hello", "second")}
        ended = {step: len(launch.at(step)) for step in ("won", "left", "right")}
        passed = {step: len(launch.listed("passed", step=step)) for step in ("pause", "vip", "tag", "half")}
        assert steps == sent | ended | passed
        assert launch.figures()["steps"] == steps
    assert (steps["hello"], steps["tag"], steps["half"]) == (300, 147, 153)


@pytest.mark.behaviour(27)
def test_a_timeline_tells_who_did_what_and_which_event_says_so(ann: Slipway) -> None:
    launch_id = str(ann.json("launch", "slow", "--all", "--yes")["launch_id"])
    by_kind = {person.kind: person.id for person in people(str(ann.project), 1)}
    good, suppressed = by_kind["good"], by_kind["suppressed"]

    with ann.http() as http:
        ann.until(lambda: good in Launch(http, launch_id).at("pause"), "the first message is out")
    ann("stop", launch_id)
    ann("watch", launch_id, check=False)

    told = ann.json("why", launch_id, good)
    assert [entry["what"] for entry in told][:3] == ["requested", "targeted", "started"]
    assert told[0]["detail"]["by"] == "ann"
    assert [entry["what"] for entry in told][-2:] == ["stopped", "ended"]
    assert told[-2]["detail"]["by"] == "ann"
    assert all(entry["event_id"] for entry in told)
    kept_out = ann.json("why", launch_id, suppressed)
    assert [entry["what"] for entry in kept_out] == ["requested", "not_started"]
    assert kept_out[-1]["detail"]["reason"] == "not_started:suppressed"
