"""Projects are walled off: whatever names a thing of another project is answered as if there were no such thing."""

import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import closing
from functools import reduce
from typing import Any

import httpx
import pytest

from contracts.words import Permission
from e2e.described import EVERYBODY, Operation, bearer, launched, operations
from e2e.slipway import Slipway

SUPPRESSED = ("DELETE", "/v1/suppressions")
GUARDED = [each for each in operations() if isinstance(each.access.permission, Permission)]
WITH_IDS = [each for each in GUARDED if each.named or (each.method, each.path) == SUPPRESSED]
PLAIN = {"version": "1", "service": "executor"}
"""Parameters that name nobody's thing."""
LISTS = {("GET", "/v1/contacts/{contact_id}/instances")}
"""Of a thing that may be deleted and have one: empty, of a thing that is not there and of a foreign one."""
STARTS = {("POST", "/v1/contacts/{contact_id}/instances"), ("POST", "/v1/scenarios/{key}/instances")}
"""Each makes a launch, which is rejected at once."""
OURS, TO = {"scenario": "plain"}, {"to": ["me@example.com"]}
SELECTIONS: list[dict[str, Any]] = [
    {"kind": "contacts", "contacts": ["{contact_id}"]},
    {"kind": "groups", "groups": ["{group}"]},
    {"kind": "results", "launch_id": "{launch_id}"},
]
BODIES: list[tuple[str, dict[str, Any]]] = [
    ("/v1/counts", {"launch_id": "{launch_id}"}),
    *((path, {"scenario": "{key}", "participants": EVERYBODY}) for path in ("/v1/counts", "/v1/launches")),
    *((path, OURS | {"participants": each}) for path in ("/v1/counts", "/v1/launches") for each in SELECTIONS),
    ("/v1/rehearsals", {"scenario": "{key}", "participants": EVERYBODY}),
    ("/v1/tests", {"scenario": "{key}"} | TO),
    ("/v1/tests", OURS | {"contact_id": "{contact_id}"} | TO),
    ("/v1/scenarios/plain/transfer", {"user": "{user}"}),
]
"""Where a body names things."""
Answer = tuple[int, str]


@pytest.fixture(scope="module")
def there(slipway: Slipway) -> Iterator[httpx.Client]:
    """Another project, as its administrator."""
    slipway.until_ready()
    project = f"w{uuid.uuid4().hex[:10]}"
    here = slipway.with_scenarios(project, "plain", "byhand")
    alike = {"groups": [f"{project}-all"], "consent": {"promotional": True}}
    names = [f"{project}-0", f"{project}-1"]
    here.imports({"id": each, "email": f"{each}@example.com", **alike} for each in names)
    with closing(here.http()) as client:
        yield client


@pytest.fixture(scope="module")
def theirs(there: httpx.Client) -> dict[str, str]:
    """Ids of what is there, by the names of parameters: a launch that goes on, with an order, and things at rest."""
    project = there.headers["Slipway-Project"]
    bearer(there, f"{project}-ann", [Permission.VIEW])
    key = there.post("/v1/keys", json={"grants": ["view"]}).raise_for_status().json()["key_id"]
    there.post("/v1/segments", json={"segment": f"{project}-mine", "where": "true"}).raise_for_status()
    address = f"{project}-gone@example.com"
    there.post("/v1/suppressions", json={"addresses": [address], "contacts": [f"{project}-1"]}).raise_for_status()
    launched(there)
    launch_id = started(there, f"{project}-0")
    order = there.post(f"/v1/launches/{launch_id}/remove", json={"contact_id": f"{project}-1"}).raise_for_status()
    return PLAIN | {
        "user": f"{project}-ann",
        "group": f"{project}-all",
        "segment": f"{project}-mine",
        "address": address,
        "key": "byhand",
        "key_id": key,
        "launch_id": launch_id,
        "launch": launch_id,
        "order_id": order.json()["order_id"],
        "contact_id": f"{project}-0",
        "id": project,
    }


@pytest.fixture(scope="module")
def ours(slipway: Slipway) -> Iterator[httpx.Client]:
    """Who may do everything in a project where there is a scenario and a contact, and nothing else."""
    here = slipway.with_scenarios(f"o{uuid.uuid4().hex[:10]}", "plain")
    here.imports([{"id": "own", "email": "own@example.com", "consent": {"promotional": True}}])
    with closing(here.http()) as http:
        http.headers["Authorization"] = bearer(http, "ben", Permission)
        del http.headers["Slipway-Project"]
        yield http


def started(http: httpx.Client, contact_id: str) -> str:
    """A launch that waits for an hour: its id."""
    given = {"contact_id": contact_id}
    asked = http.post("/v1/scenarios/byhand/instances", json=given, headers=once()).raise_for_status()
    launch_id = str(asked.json()["launch_id"])
    assert state_of(http, launch_id, {"running"}) == "running"
    return launch_id


def once() -> dict[str, str]:
    return {"Idempotency-Key": uuid.uuid4().hex}


def state_of(http: httpx.Client, launch_id: str, states: set[str], seconds: float = 30) -> str:
    """Of a launch, as soon as it is one of these."""
    until = time.monotonic() + seconds
    while True:
        state = str(http.get(f"/v1/launches/{launch_id}").raise_for_status().json()["state"])
        if state in states or time.monotonic() > until:
            return state
        time.sleep(0.1)


def ids_for(operation: Operation, ids: Mapping[str, str]) -> Mapping[str, str]:
    """`id` is the other project's name; as a key too, where the path is of projects."""
    return {**ids, "key": ids["id"]} if operation.path.startswith("/v1/projects") else ids


def said(operation: Operation, http: httpx.Client, ids: Mapping[str, str]) -> Answer:
    """Status and text, without the ids that were asked for; of a launch that was made, why it is rejected."""
    named = ids_for(operation, ids)
    answer = operation.sent(http, named, **once())
    if (operation.method, operation.path) in STARTS:
        made = answer.json()
        return answer.status_code, f"{made['state']}: {[point['code'] for point in made['points']]}"
    text = answer.text if answer.is_stream_consumed else ""
    for name in (*operation.named, "launch", "address"):
        text = text.replace(named[name], "…") if name not in PLAIN else text
    return answer.status_code, text


def is_nothing(operation: Operation, answer: Answer) -> bool:
    place, (status, text) = (operation.method, operation.path), answer
    if place in LISTS:
        return status == 200 and '"items":[]' in text
    if place in STARTS:
        return status == 202 and text.startswith("rejected")
    return status == 404


def filled(body: Any, ids: Mapping[str, str]) -> Any:
    """With ids in the place of their names."""
    if isinstance(body, Mapping):
        return {name: filled(each, ids) for name, each in body.items()}
    if isinstance(body, list):
        return [filled(each, ids) for each in body]
    return body.format_map(ids) if isinstance(body, str) else body


def refused(http: httpx.Client, path: str, body: Any) -> tuple[int, str, tuple[str, ...]]:
    """Status, code or state, and codes of the points of who asks for that; a launch that is made has to be rejected."""
    answer = http.post(path, json=body, headers=once())
    told = answer.json()
    if answer.status_code == 202:
        (told,) = told.get("items", [told])
        state_of(http, told["launch_id"], {"rejected"})
        told = http.get(f"/v1/launches/{told['launch_id']}").json()
    points = tuple(sorted(point["code"] for point in told.get("points", ())))
    assert answer.status_code >= 400 or points, (path, body, told)
    return answer.status_code, told.get("code") or told.get("state") or "", points


def test_no_list_shows_anything_of_another_project(ours: httpx.Client, theirs: Mapping[str, str]) -> None:
    """Nor when it is asked for what is there by name: then a list may refuse the name, and says it back."""
    asked = {"scenario": "byhand", "user": theirs["user"], "thing": f"launch/{theirs['launch_id']}"}
    shown = []
    for each in (each for each in GUARDED if each.method == "GET" and not each.named):
        known = {one["name"] for one in each.described.get("parameters", ())}
        for query in ({}, {name: value for name, value in asked.items() if name in known}):
            answer = ours.get(each.path, params=query)
            text = answer.text
            if query and answer.status_code == 404:
                text = reduce(lambda said, name: said.replace(name, "…"), query.values(), text)
            else:
                answer.raise_for_status()
            named = [name for name, value in theirs.items() if name not in (*PLAIN, "key") and value in text]
            shown.append((each.path, query, named))
    assert [row for row in shown if row[2]] == []
    assert len(shown) > 20


def test_a_foreign_id_is_answered_as_one_that_does_not_exist(ours: httpx.Client, theirs: Mapping[str, str]) -> None:
    nothing = {name: value if name in PLAIN else f"no-{name}" for name, value in theirs.items()}
    nothing["address"] = "nobody@example.com"
    answers = [(each, said(each, ours, theirs), said(each, ours, nothing)) for each in WITH_IDS]
    assert [(each.method, each.path, *both) for each, *both in answers if both[0] != both[1]] == []
    assert [(each.method, each.path, found) for each, found, _ in answers if not is_nothing(each, found)] == []
    assert len(answers) > 40
    assert {name for each in WITH_IDS for name in each.named} <= theirs.keys()


@pytest.mark.parametrize(("path", "body"), BODIES, ids=lambda each: each if isinstance(each, str) else None)
def test_a_foreign_id_in_a_body_is_answered_as_one_that_does_not_exist(
    ours: httpx.Client, theirs: Mapping[str, str], path: str, body: dict[str, Any]
) -> None:
    nothing = {name: f"no-{name.replace('_', '-')}" for name in theirs}
    assert refused(ours, path, filled(body, theirs)) == refused(ours, path, filled(body, nothing))


def test_nothing_foreign_was_changed(there: httpx.Client, theirs: Mapping[str, str]) -> None:
    """After all that."""

    def items(path: str) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = there.get(path).raise_for_status().json()["items"]
        return listed

    project = theirs["id"]
    assert [(row["user"], row["disabled"]) for row in items("/v1/users")] == [(theirs["user"], False)]
    assert [row["key_id"] for row in items("/v1/keys") if not row["revoked"]] == [theirs["key_id"]]
    assert [row["state"] for row in items("/v1/launches")] == ["running", "completed"]
    assert [row["status"] for row in items(f"/v1/launches/{theirs['launch_id']}/instances")] == ["waiting_timer"]
    assert items("/v1/groups") == [{"group": theirs["group"], "contacts": 2}]
    assert [row["segment"] for row in items("/v1/segments")] == [theirs["segment"]]
    assert len(items("/v1/suppressions")) == 2
    assert [row["id"] for row in items("/v1/contacts")] == [f"{project}-0", f"{project}-1"]
    assert there.get("/v1/scenarios/byhand").json()["state"] == "active"


ACROSS = {"/v1/partitions", "/v1/projects"}
"""Of the installation, and of the caller: they name no project's things."""


def test_a_key_of_one_project_cannot_name_another(ours: httpx.Client, there: httpx.Client) -> None:
    project = there.headers["Slipway-Project"]
    for each in (each for each in GUARDED if each.method == "GET" and each.path not in ACROSS):
        ids = dict.fromkeys(each.named, "x") | PLAIN
        answer = each.sent(ours, ids, **{"Slipway-Project": project})
        assert answer.status_code == 403, (each.path, answer.text)
    assert project not in ours.get("/v1/projects").text
