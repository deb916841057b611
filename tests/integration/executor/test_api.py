"""What executor answers over HTTP."""

import httpx
import orjson
import pytest

from contracts.outcomes import StepsCounted
from executor.adapters import figures
from integration.executor.asking import HOOK, bearer, everything
from integration.executor.desk import PAUSE, RESUME, STOP, Desk, admitted, controlled, ordered
from integration.executor.test_orders import HERE
from runtime.partitions import partition_of
from unit.executor.builders import EVERYTHING


@pytest.mark.parametrize("contact_id", ["c-1", "ä/b c", "instances"])
async def test_a_contact_s_instances_come_newest_first(desk: Desk, client: httpx.AsyncClient, contact_id: str) -> None:
    desk.number = partition_of(contact_id, 8)
    for launch in range(5):
        await desk.launch([contact_id, "other"], EVERYTHING, launch_id=f"l-{launch}")
        desk.later(seconds=1)
    await desk.control(controlled(STOP, 2, "l-0"))
    await desk.orders()
    path = f"/v1/contacts/{httpx.URL('http://x/' + contact_id).raw_path[1:].decode().replace('/', '%2F')}/instances"
    found = await everything(client, path, 2)
    assert [item["launch_id"] for item in found] == ["l-4", "l-3", "l-2", "l-1", "l-0"]
    assert found[-1] == {
        "launch_id": "l-0",
        "contact_id": contact_id,
        "scenario": "spring",
        "version": 3,
        "status": "ended",
        "step": "hello",
        "due_at": None,
        "started_at": "2025-01-01T12:00:00.000Z",
        "ended_at": "2025-01-01T12:00:05.000Z",
        "outcome": "abandon",
        "reason": "stopped",
    }


async def test_a_scenario_s_page_lists_who_is_in_process(desk: Desk, client: httpx.AsyncClient) -> None:
    ids = [f"c-{n}" for n in range(7)]
    await desk.launch(ids, launch_id="l-1")
    await desk.launch(ids[:3], launch_id="l-2")
    await desk.accept(ids[2:], launch_id="l-1")
    found = await everything(client, "/v1/scenarios/spring/instances", 2)
    assert [(item["launch_id"], item["contact_id"]) for item in found] == [
        ("l-1", "c-0"),
        ("l-1", "c-1"),
        ("l-2", "c-0"),
        ("l-2", "c-1"),
        ("l-2", "c-2"),
    ]
    assert await everything(client, "/v1/scenarios/autumn/instances", 2) == []


async def test_a_step_that_the_launch_does_not_have_is_refused_with_those_it_has(
    desk: Desk, client: httpx.AsyncClient
) -> None:
    await desk.launch(["c-0"])
    for step, waiting in (("hello", 1), ("won", 0)):
        assert len(await everything(client, "/v1/launches/l-1/instances", 2, step=step)) == waiting
    answer = await client.get("/v1/launches/l-1/instances", params={"step": "hallo"})
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_step")
    assert "did you mean `hello`?" in answer.json()["detail"]
    assert answer.json()["remedy"].startswith("its steps are hello")


async def test_who_was_stopped_or_removed_right_before_an_end_has_not_come_to_it(
    desk: Desk, client: httpx.AsyncClient
) -> None:
    """The list behind an end's figure is as long as the figure; of who ended at another step it is where they stood."""
    path, waits = "/v1/launches/l-1/instances", "pause: {wait: {for: 2d}, next: done}\ndone: {end: success}"

    async def at(step: str) -> list[tuple[str, str | None]]:
        rows = await everything(client, path, 2, step=step)
        table = (await client.get(path, params={"step": step}, headers={"Accept": "text/csv"})).text
        assert len(table.splitlines()) == len(rows) + 1
        return [(row["contact_id"], row["reason"]) for row in rows]

    await desk.launch(HERE[:2], waits)
    desk.later(days=2)
    await desk.timers()
    await desk.targets(admitted(HERE[2:5]))
    await desk.control(controlled(PAUSE, 2))
    desk.later(days=2)
    await desk.timers()
    await desk.targets(admitted(HERE[5:6]))
    came = sorted((contact_id, "end:done") for contact_id in HERE[:2])
    before = [(contact_id, None) for contact_id in HERE[2:5]]
    assert await at("done") == sorted([*came, *before]), "under a pause also who stands before it"
    await desk.control(ordered(HERE[2], "remove"))
    await desk.contact_orders()
    await desk.control(controlled(STOP, 3))
    await desk.orders()
    assert await at("done") == came
    assert await at("pause") == [(HERE[5], "stopped")]
    assert desk.take(StepsCounted)[-1].entered == {"pause": 5, "done": 2}


async def test_before_a_launch_opens_nobody_is_at_any_step(desk: Desk, client: httpx.AsyncClient) -> None:
    await desk.control(controlled(RESUME, 1))
    assert await everything(client, "/v1/launches/l-1/instances", 2, step="hello") == []


async def test_the_ledger_has_every_target_once_by_contact_id(
    desk: Desk, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("executor.adapters.queries.LEDGER_PAGE", 3)
    monkeypatch.setattr("executor.api.ledger.LINES_AT_ONCE", 2)
    await desk.launch(["a", "ü", "c"], recurrence="once", launch_id="l-0")
    await desk.launch(["Z", "a", "b", "c", "ü", "y", "z"], recurrence="once")
    await desk.accept(["b", "z"])
    answer = await client.get("/v1/launches/l-1/ledger")
    assert answer.headers["content-type"] == "application/x-ndjson"
    lines = [orjson.loads(line) for line in answer.content.splitlines()]
    refused = {"state": "refused", "outcome": "other", "reason": "recurrence_once"}
    ended = {"state": "ended", "outcome": "success", "reason": "end:won"}
    unended = {"state": "open", "outcome": None, "reason": None}
    assert lines == [
        {"contact_id": "Z", **unended},
        {"contact_id": "a", **refused},
        {"contact_id": "b", **ended},
        {"contact_id": "c", **refused},
        {"contact_id": "y", **unended},
        {"contact_id": "z", **ended},
        {"contact_id": "ü", **refused},
    ]


async def test_a_launch_without_targets_has_an_empty_ledger(desk: Desk, client: httpx.AsyncClient) -> None:
    await desk.control(controlled(STOP, 2, "l-empty"))
    answer = await client.get("/v1/launches/l-empty/ledger")
    assert (answer.status_code, answer.content) == (200, b"")


async def test_an_incident_counts_as_open_in_the_ledger(desk: Desk, client: httpx.AsyncClient) -> None:
    await desk.launch(["c-0"], HOOK)
    answer = await client.get("/v1/launches/l-1/ledger")
    assert answer.json() == {"contact_id": "c-0", "state": "open", "outcome": None, "reason": None}


async def test_another_project_sees_nothing(desk: Desk, client: httpx.AsyncClient) -> None:
    desk.number = partition_of("c-0", 8)
    await desk.launch(["c-0"], HOOK)
    foreign = bearer("other")
    assert (await client.get("/v1/launches/l-1/ledger", headers=foreign)).status_code == 404
    for path in ("/v1/contacts/c-0/instances", "/v1/scenarios/spring/instances", "/v1/incidents"):
        assert len((await client.get(path)).json()["items"]) == 1
        assert (await client.get(path, headers=foreign)).json()["items"] == []


PATHS = ("/v1/contacts/c/instances", "/v1/scenarios/s/instances", "/v1/incidents", "/v1/launches/l/ledger")


@pytest.mark.parametrize("path", PATHS)
async def test_every_route_asks_who_is_there(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path, headers={"Authorization": "Bearer forged"})).status_code == 401
    assert (await client.get(path, headers=bearer("acme", "process:start"))).status_code == 403


@pytest.mark.parametrize("path", PATHS[:3])
@pytest.mark.parametrize("cursor", ["x", "!!!", "e30", "WzEsMiwzXQ"])
async def test_a_made_up_cursor_is_refused(client: httpx.AsyncClient, path: str, cursor: str) -> None:
    answer = await client.get(path, params={"cursor": cursor})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_cursor")


async def test_figures_tell_what_is_open_and_due(desk: Desk) -> None:
    await desk.launch(["c-0", "c-1"], "rest: {wait: {for: 1h}, next: won}\nwon: {end: success}")
    numbers = [4, 5]
    assert await figures.instances_open(desk.pool, numbers) == {4: 0, 5: 2}
    assert await figures.timers_due(desk.pool, numbers) == {4: 0, 5: 2}
    oldest = await figures.timers_oldest_due_seconds(desk.pool, numbers)
    assert oldest[4] == 0
    assert oldest[5] > 3600
