"""messaging's routes over real HTTP and a real database."""

import csv
import io
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast

import httpx
import orjson
import pytest

from contracts.words import ControlState, DeliveryState
from fakes.mailer import FakeMailer
from integration.messaging.rig import Node, World
from messaging.adapters.queries import listing
from messaging.api import routes
from runtime import walls, web
from runtime.auth import mint
from runtime.health import Readiness
from runtime.settings import Settings
from runtime.tokens import Caller
from unit.messaging.builders import LAUNCH, STEP, chunk, controlled, key, requested, snapshot

KEY = "k" * 32


@pytest.fixture
async def http(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """As somebody of project acme who may look."""
    settings = Settings(token_key=KEY)
    server = web.Web("messaging", settings, Readiness("messaging"))
    listening = web.listen(settings)
    server.start(listening)
    server.open(routes(cast(Any, SimpleNamespace(pool=world.walled_pool, partitions=1))))
    headers = {"Authorization": f"Bearer {token('acme')}"}
    async with httpx.AsyncClient(base_url=web.address(listening), headers=headers, trust_env=False) as client:
        yield client
    await server.stop()


@pytest.fixture
async def node(world: World, mailer: FakeMailer) -> Node:
    """A launch of which 2,500 were accepted and three were not."""
    node = Node(world, mailer)
    await node.launches(requested(channel="discard"))
    chunks = [chunk(snapshot(500, first=first)) for first in range(0, 2500, 500)]
    await node.sends(*chunks, chunk(snapshot(3, first=9000, suppressed={9000}, no_consent={9001, 9002})))
    return node


def token(project: str, *grants: str) -> str:
    return mint(Caller(project, "ann", frozenset(grants or ["view"])), KEY)


async def test_the_ledger_has_each_send_once_sorted_bytewise_by_contact(http: httpx.AsyncClient, node: Node) -> None:
    answer = (await http.get(f"/v1/launches/{LAUNCH}/ledger")).raise_for_status()
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    entries = [orjson.loads(line) for line in answer.content.splitlines()]
    ids = [entry["contact_id"] for entry in entries]
    assert len(ids) == 2503
    assert ids == sorted(ids)
    assert entries[0] == {
        "contact_id": "c-0",
        "step": "hello",
        "occurrence": 1,
        "send_id": key("c-0").send_id,
        "state": "accepted",
        "reason": None,
    }
    assert {(each["state"], each["reason"]) for each in entries if each["reason"]} == {
        ("skipped", "suppressed"),
        ("skipped", "no_consent"),
    }


async def test_deliveries_come_by_state_and_page_by_page(http: httpx.AsyncClient, node: Node) -> None:
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        answer = await http.get(
            f"/v1/launches/{LAUNCH}/deliveries", params={"state": "accepted", "limit": 999, **cursor}
        )
        page = answer.raise_for_status().json()
        seen += [item["contact_id"] for item in page["items"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert len(seen) == len(set(seen)) == 2500
    assert seen == sorted(seen)
    skipped = (await http.get(f"/v1/launches/{LAUNCH}/deliveries", params={"state": "skipped"})).json()
    assert [item["contact_id"] for item in skipped["items"]] == ["c-9000", "c-9001", "c-9002"]
    assert skipped["items"][0]["changed_at"].endswith("Z")


async def test_deliveries_of_one_step_are_listed_and_one_that_sends_nothing_is_refused(
    http: httpx.AsyncClient, node: Node
) -> None:
    path = f"/v1/launches/{LAUNCH}/deliveries"
    await node.sends(chunk(snapshot(2, first=9000)).model_copy(update={"step": "again"}), cause="again")
    for more in ({}, {"state": "skipped"}, {"contact": "c-9000"}):
        page = (await http.get(path, params={"step": STEP, "limit": 1000, **more})).raise_for_status().json()
        assert page["items"] and {item["step"] for item in page["items"]} == {STEP}, more
    lines = (await http.get(path, params={"step": STEP}, headers={"Accept": "text/csv"})).text.splitlines()
    assert len(lines) == 2504
    refused = await http.get(path, params={"step": "helo"})
    assert (refused.status_code, refused.json()["code"]) == (422, "unknown_step")
    assert STEP in refused.json()["remedy"]


async def test_what_was_stopped_is_listed_with_its_reason(http: httpx.AsyncClient, world: World, node: Node) -> None:
    await node.launches(requested("other"), controlled(ControlState.STOPPED, launch_id="other"))
    await node.sends(chunk(2, "other"), cause="other")
    page = (await http.get("/v1/launches/other/deliveries")).json()
    assert [(item["state"], item["reason"]) for item in page["items"]] == [("cancelled", "stopped")] * 2


@pytest.mark.parametrize("path", ["ledger", "deliveries"])
async def test_a_foreign_launch_is_not_found_and_a_stranger_is_refused(
    http: httpx.AsyncClient, node: Node, path: str
) -> None:
    foreign = await http.get(f"/v1/launches/{LAUNCH}/{path}", headers={"Authorization": f"Bearer {token('other')}"})
    assert (foreign.status_code, foreign.json()["code"]) == (404, "unknown_launch")
    unknown = await http.get(f"/v1/launches/none/{path}")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_launch")
    stranger = await http.get(f"/v1/launches/{LAUNCH}/{path}", headers={"Authorization": "Bearer nonsense"})
    assert stranger.status_code == 401
    useless = token("acme", "contacts:write")
    forbidden = await http.get(f"/v1/launches/{LAUNCH}/{path}", headers={"Authorization": f"Bearer {useless}"})
    assert forbidden.status_code == 403


@pytest.mark.parametrize("cursor", ["nonsense", "bnVsbA==", "WzEsMl0=", "_w=="])
async def test_a_cursor_that_is_not_ours_is_said(http: httpx.AsyncClient, node: Node, cursor: str) -> None:
    answer = await http.get(f"/v1/launches/{LAUNCH}/deliveries", params={"cursor": cursor})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_cursor")


async def test_a_state_that_does_not_exist_is_said(http: httpx.AsyncClient, node: Node) -> None:
    answer = await http.get(f"/v1/launches/{LAUNCH}/deliveries", params={"state": "lost' OR 1=1"})
    assert answer.status_code == 422


async def test_deliveries_of_one_contact_and_all_of_a_state_as_csv(
    world: World, http: httpx.AsyncClient, node: Node
) -> None:
    path = f"/v1/launches/{LAUNCH}/deliveries"
    items = (await http.get(path, params={"contact": "c-7"})).raise_for_status().json()["items"]
    assert [(item["contact_id"], item["state"]) for item in items] == [("c-7", "accepted")]
    await world.pool.execute("UPDATE send SET contact_id = '=1+1' WHERE contact_id = 'c-9002'")
    answer = (await http.get(path, params={"state": "skipped"}, headers={"Accept": "text/csv"})).raise_for_status()
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    header, *rows = list(csv.reader(io.StringIO(answer.text, newline="")))
    assert header == ["contact_id", "step", "occurrence", "state", "reason", "changed_at", "send_id", "detail"]
    assert [(row[0], row[3], row[4]) for row in rows] == [
        ("'=1+1", "skipped", "no_consent"),
        ("c-9000", "skipped", "suppressed"),
        ("c-9001", "skipped", "no_consent"),
    ]
    everything = await http.get(path, headers={"Accept": "text/csv"})
    assert len(everything.text.splitlines()) == 2504


async def test_the_few_in_an_exceptional_state_are_found_behind_the_walls_without_reading_all(
    world: World, node: Node
) -> None:
    """Row-level security lets no index look up an enum."""
    await world.pool.execute("ANALYZE send")
    walls.narrow("acme")
    for state in (DeliveryState.SKIPPED, DeliveryState.FAILED, DeliveryState.UNKNOWN):
        rows = await world.walled_pool.fetch(f"EXPLAIN {listing(state, range(1))}", LAUNCH, "", "", 0, 1000)
        plan = "\n".join(row[0] for row in rows)
        assert "send_exceptional" in plan and "Sort" not in plan
