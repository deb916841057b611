"""What the pages of a contact, a scenario and a group stand on: what runs there, and a start from each of them."""

import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from e2e.slipway import Slipway

MEMBERS = ["c-0", "c-1", "c-2"]


@pytest.fixture(scope="module")
def here(slipway: Slipway) -> Slipway:
    """`silent` can be started by everybody's hand, `byhand` for one contact, `slow` was put away."""
    slipway.until_ready()
    here = slipway.with_scenarios(f"t{uuid.uuid4().hex[:10]}", "silent", "byhand", "slow")
    people = ({"id": f"c-{number}", "groups": ["few"] if number < len(MEMBERS) else []} for number in range(6))
    here.imports(people)
    with here.http() as http:
        http.post("/v1/scenarios/slow/deactivate").raise_for_status()
    return here


@pytest.fixture
def http(here: Slipway) -> Iterator[httpx.Client]:
    with here.http() as client:
        yield client


def items(http: httpx.Client, path: str, **params: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = http.get(path, params=params).raise_for_status().json()["items"]
    return found


def started(http: httpx.Client, path: str, body: dict[str, Any]) -> str:
    asked = http.post(path, json=body, headers={"Idempotency-Key": uuid.uuid4().hex}).raise_for_status().json()
    assert asked["points"] == []
    return str(asked["launch_id"])


@pytest.mark.behaviour(25)
def test_a_contacts_page_offers_what_can_be_started_and_lists_what_runs_and_ran(
    here: Slipway, http: httpx.Client
) -> None:
    offered = {row["key"]: row["summary"] for row in items(http, "/v1/scenarios", startable=True)}
    assert set(offered) == {"silent", "byhand"}
    assert (offered["byhand"]["launch"], offered["byhand"]["recurrence"]) == ("triggered", "always")
    [message] = offered["byhand"]["messages"]
    assert (message["step"], message["channel"], message["message_type"]) == ("hello", "email", "promotional")

    first = started(http, "/v1/contacts/c-5/instances", {"scenario": "silent"})

    def stands() -> list[tuple[str, ...]]:
        rows = items(http, "/v1/contacts/c-5/instances")
        return [(row["scenario"], row["status"], row["step"]) for row in rows]

    here.until(lambda: stands() == [("silent", "waiting_timer", "pause")], "it runs, and waits")
    [row] = items(http, "/v1/contacts/c-5/instances")
    assert row["launch_id"] == first
    assert row["started_at"] and row["due_at"] and row["ended_at"] is None
    http.post(f"/v1/launches/{first}/stop").raise_for_status()
    here.until(lambda: items(http, "/v1/contacts/c-5/instances")[0]["outcome"], "it has ended")
    second = started(http, "/v1/contacts/c-5/instances", {"scenario": "silent"})
    here.until(lambda: len(items(http, "/v1/contacts/c-5/instances")) == 2, "it runs again")
    shown = [(row["launch_id"], row["outcome"], row["reason"]) for row in items(http, "/v1/contacts/c-5/instances")]
    assert shown == [(second, None, None), (first, "abandon", "stopped")]
    http.post(f"/v1/launches/{second}/stop").raise_for_status()


@pytest.mark.behaviour(26)
def test_a_group_starts_for_some_or_all_and_the_scenarios_page_lists_them(here: Slipway, http: httpx.Client) -> None:
    chosen = [row["contact_id"] for row in items(http, "/v1/groups/few/contacts")]
    assert chosen == MEMBERS

    def in_process() -> list[str]:
        found = [row["contact_id"] for row in items(http, "/v1/scenarios/silent/instances")]
        return [contact_id for contact_id in found if contact_id != "c-5"]

    selected = {"scenario": "silent", "participants": {"kind": "contacts", "contacts": chosen[:2]}}
    some = started(http, "/v1/launches", selected)
    here.until(lambda: in_process() == MEMBERS[:2], "the selected members are in process")
    one = started(http, "/v1/scenarios/silent/instances", {"contact_id": "c-4"})
    here.until(lambda: set(in_process()) == {*MEMBERS[:2], "c-4"}, "and one from the scenario's page")
    rest = started(http, "/v1/launches", {"scenario": "silent", "participants": {"kind": "groups", "groups": ["few"]}})
    here.until(lambda: set(in_process()) == {*MEMBERS, "c-4"}, "and all of the group")
    for launch_id in (some, one, rest):
        http.post(f"/v1/launches/{launch_id}/stop").raise_for_status()
    here.until(lambda: in_process() == [], "nobody is in process any more")
