"""Instances that cannot go on: listed, tried again, or ended, by a person."""

from collections.abc import Iterable

import httpx
import pytest

from contracts.outcomes import IncidentsClosed, IncidentsOpened, StepsCounted
from integration.executor.asking import HOOK, bearer, everything
from integration.executor.desk import PAUSE, RESUME, STOP, Desk, controlled
from unit.executor.builders import MAIL_AND_END, scenario, version

DECIDER = bearer("acme", "process:start", "launch:stop")
KNOWN = MAIL_AND_END.replace("hello", "hook")
"""The same graph, its step one that executor knows."""


async def ids(client: httpx.AsyncClient) -> dict[str, str]:
    """Open incidents by contact."""
    return {item["contact_id"]: item["id"] for item in await everything(client, "/v1/incidents", 2)}


async def decide(client: httpx.AsyncClient, decision: str, incidents: Iterable[str]) -> None:
    for id in incidents:
        (await client.post(f"/v1/incidents/{id}/{decision}", headers=DECIDER)).raise_for_status()


async def newer_code(desk: Desk) -> Desk:
    """As if the code could now run the step."""
    text = version(scenario(KNOWN)).model_dump_json()
    await desk.pool.execute("UPDATE launch SET definition = $1::text::json", text)
    return Desk(desk.pool)


async def test_incidents_are_listed_until_they_are_closed(desk: Desk, client: httpx.AsyncClient) -> None:
    await desk.launch(["c-0", "c-1", "c-2"], HOOK)
    found = await everything(client, "/v1/incidents", 2)
    assert [item["contact_id"] for item in found] == ["c-0", "c-1", "c-2"]
    assert found[0]["step"] == "hook"
    assert "cannot run the step" in found[0]["detail"]
    await desk.control(controlled(STOP, 2))
    await desk.orders()
    assert await everything(client, "/v1/incidents", 2) == []


async def test_an_incident_is_tried_again_and_goes_on(desk: Desk, client: httpx.AsyncClient) -> None:
    await desk.launch(["c-0", "c-1"], HOOK)
    await decide(client, "retry", [(await ids(client))["c-0"]])
    desk = await newer_code(desk)
    desk.later(seconds=1)
    await desk.resolutions()
    assert [event.contact_ids for event in desk.take(IncidentsClosed)] == [["c-0"]]
    assert await desk.standing() == {"c-0": "waiting_delivery at hook", "c-1": "incident at hook"}
    assert desk.sent() == [("hook", "c-0", 1)]
    await desk.accept(["c-0"], "hook")
    assert desk.outcomes() == {"c-0": "success/end:won"}
    assert list(await ids(client)) == ["c-1"]


async def test_an_incident_that_is_tried_in_vain_is_a_new_one(desk: Desk, client: httpx.AsyncClient) -> None:
    await desk.launch(["c-0"], HOOK)
    before = await ids(client)
    await decide(client, "retry", before.values())
    desk.later(seconds=1)
    desk.emitted.clear()
    await desk.resolutions()
    after = await ids(client)
    assert (list(after), before["c-0"] != after["c-0"]) == (["c-0"], True)
    assert len(desk.take(IncidentsClosed)) == len(desk.take(IncidentsOpened)) == len(desk.take(StepsCounted)) == 1
    await decide(client, "retry", before.values())  # an answer that was lost is asked for again: it changes nothing
    await desk.resolutions()
    assert (await ids(client), desk.emitted) == (after, [])


async def test_an_incident_that_is_given_up_ends_as_failure_once(desk: Desk, client: httpx.AsyncClient) -> None:
    await desk.launch(["c-0", "c-1"], HOOK)
    known = await ids(client)
    path = f"/v1/incidents/{known['c-0']}/fail"
    first = await client.post(path, headers=DECIDER)
    assert (first.status_code, first.json()) == (
        202,
        {
            "id": known["c-0"],
            "launch_id": "l-1",
            "contact_id": "c-0",
            "decision": "fail",
            "state": "resolving",
        },
    )
    await desk.resolutions()
    await desk.resolutions()
    assert desk.outcomes() == {"c-0": "failure/error:internal"}
    assert len(desk.take(IncidentsClosed)) == 1
    again = await client.post(path, headers=DECIDER)
    assert (again.status_code, again.json()["state"]) == (202, "resolved")
    assert await desk.rows("SELECT open FROM launch_share") == [(1,)]
    assert await desk.rows("SELECT decided_by, carried_out_at IS NULL FROM resolution") == [("ann", False)]


async def test_whether_an_incident_could_be_decided_is_looked_at_and_nothing_changes(
    desk: Desk, client: httpx.AsyncClient
) -> None:
    async def looked(incident: str, decision: str) -> tuple[int, str | None]:
        path = f"/v1/incidents/{incident}/{decision}"
        answer = await client.post(path, headers=DECIDER, json={"dry_run": True})
        return answer.status_code, answer.json().get("state")

    await desk.launch(["c-0"], HOOK)
    known = (await ids(client))["c-0"]
    assert await looked(known, "fail") == await looked(known, "retry") == (202, "open")
    assert await looked("none", "fail") == (404, None)
    assert await desk.rows("SELECT FROM resolution") == []
    await decide(client, "fail", [known])
    assert await looked(known, "fail") == (202, "resolving")
    assert await looked(known, "retry") == (409, None)
    await desk.resolutions()
    assert await looked(known, "fail") == (202, "resolved")


@pytest.mark.parametrize("decision", ["retry", "fail"])
async def test_a_foreign_incident_is_one_that_does_not_exist(
    desk: Desk, client: httpx.AsyncClient, decision: str
) -> None:
    await desk.launch(["c-0"], HOOK)
    known, foreign = (await ids(client))["c-0"], bearer("other", "process:start", "launch:stop")

    async def tried(incident: str) -> tuple[int, str]:
        answer = await client.post(f"/v1/incidents/{incident}/{decision}", headers=foreign)
        return answer.status_code, answer.text.replace(incident, "…")

    nothing = await tried("none")
    assert nothing[0] == 404
    assert await tried(known) == nothing
    assert await desk.rows("SELECT FROM resolution") == []
    await decide(client, decision, [known])
    assert await tried(known) == nothing


async def test_the_first_decision_stands(desk: Desk, client: httpx.AsyncClient) -> None:
    await desk.launch(["c-0"], HOOK)
    known = await ids(client)
    await decide(client, "fail", known.values())
    other = await client.post(f"/v1/incidents/{known['c-0']}/retry", headers=DECIDER)
    assert (other.status_code, other.json()["code"]) == (409, "wrong_state")
    await desk.resolutions()
    assert desk.outcomes() == {"c-0": "failure/error:internal"}


async def test_a_stop_comes_before_a_decision(desk: Desk, client: httpx.AsyncClient) -> None:
    await desk.launch(["c-0", "c-1"], HOOK)
    known = await ids(client)
    await decide(client, "fail", [known["c-0"]])
    await decide(client, "retry", [known["c-1"]])
    await desk.control(controlled(STOP, 2))
    await desk.resolutions()
    await desk.orders()
    await desk.resolutions()
    assert desk.outcomes() == dict.fromkeys(["c-0", "c-1"], "abandon/stopped")


async def test_under_a_pause_a_retried_one_waits_at_its_step(desk: Desk, client: httpx.AsyncClient) -> None:
    await desk.launch(["c-0"], HOOK)
    await decide(client, "retry", (await ids(client)).values())
    desk = await newer_code(desk)
    await desk.control(controlled(PAUSE, 2))
    await desk.resolutions()
    assert await desk.standing() == {"c-0": "waiting_paused at hook"}
    await desk.control(controlled(RESUME, 3))
    await desk.orders()
    await desk.timers()
    assert desk.sent() == [("hook", "c-0", 1)]


async def test_an_incident_in_a_step_that_was_begun_can_only_be_failed(desk: Desk, client: httpx.AsyncClient) -> None:
    await desk.launch(["c-0"])
    await desk.pool.execute("UPDATE cohort SET status = 'waiting_timer', step = 'won', due_at = started_at")
    await desk.timers()
    (incident,) = await everything(client, "/v1/incidents", 2)
    assert (incident["step"], incident["retriable"]) == ("won", False)
    refused = await client.post(f"/v1/incidents/{incident['id']}/retry", headers=DECIDER)
    assert (refused.status_code, f"{incident['id']}/fail`" in refused.json()["remedy"]) == (409, True)
    await decide(client, "fail", [incident["id"]])
    await desk.resolutions()
    assert desk.outcomes() == {"c-0": "failure/error:internal"}


@pytest.mark.parametrize(("decision", "grant"), [("retry", "process:start"), ("fail", "launch:stop")])
async def test_who_decides_needs_the_permission_and_the_project(
    desk: Desk, client: httpx.AsyncClient, decision: str, grant: str
) -> None:
    await desk.launch(["c-0"], HOOK)
    path = f"/v1/incidents/{(await ids(client))['c-0']}/{decision}"
    others = {"process:start", "launch:stop", "view"} - {grant}
    assert (await client.post(path, headers={"Authorization": "Bearer forged"})).status_code == 401
    assert (await client.post(path, headers=bearer("acme", *others))).status_code == 403
    assert (await client.post(path, headers=bearer("other", grant))).json()["code"] == "unknown_incident"
    assert (await client.post(path, headers=bearer("acme", grant))).status_code == 202
    unknown = await client.post(f"/v1/incidents/nothing/{decision}", headers=bearer("acme", grant))
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_incident")


async def test_who_decided_what_is_listed_newest_first(desk: Desk, client: httpx.AsyncClient) -> None:
    await desk.launch([f"c-{number}" for number in range(5)], HOOK)
    found = await ids(client)
    await decide(client, "retry", [found["c-0"], found["c-1"]])
    await decide(client, "fail", [found["c-2"], found["c-3"], found["c-4"]])
    listed = await everything(client, "/v1/audit", 2)
    assert [entry["details"]["contact"] for entry in reversed(listed)] == [f"c-{number}" for number in range(5)]
    assert {entry["action"] for entry in listed[:3]} == {"incident.failed"}
    assert {entry["action"] for entry in listed[3:]} == {"incident.retried"}
    assert listed[0]["thing"].startswith("launch/")
    of_contact = (await client.get("/v1/audit", params={"thing": "contact/c-2"})).json()["items"]
    assert [entry["details"]["incident"] for entry in of_contact] == [found["c-2"]]
    assert (await client.get("/v1/audit", params={"since": "2026"})).status_code == 422
    nobodys = await client.get("/v1/audit", params={"subject": "nobody"})
    assert nobodys.json() == {"items": [], "next": None}
