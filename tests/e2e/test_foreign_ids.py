"""Projects are walled off: a path tried with an id of another project answers as if there were no such thing."""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import closing

import httpx
import pytest

from contracts.words import Permission
from e2e.described import Operation, bearer, launched, operations, prepared
from e2e.slipway import Slipway

WITH_IDS = [each for each in operations() if each.named and isinstance(each.access.permission, Permission)]
LISTS = {
    ("GET", "/v1/contacts/{contact_id}/instances"),
    ("GET", "/v1/scenarios/{key}/instances"),
}
"""Of a thing that another service owns: the list is empty, of a thing that is not there and of a foreign one."""
STARTS = {("POST", "/v1/contacts/{contact_id}/instances"), ("POST", "/v1/scenarios/{key}/instances")}
"""Each makes a launch, which is rejected at once."""
UNBUILT = {("POST", "/v1/launches/{launch_id}/pacing")}
"""Refused whatever is asked."""
Answer = tuple[int, str]


@pytest.fixture(scope="module")
def there(slipway: Slipway) -> Iterator[httpx.Client]:
    """Another project, as its administrator."""
    slipway.until_ready()
    project = f"w{uuid.uuid4().hex[:10]}"
    with closing(prepared(slipway, project, f"{project}-0", f"{project}-1")) as client:
        yield client


@pytest.fixture(scope="module")
def theirs(there: httpx.Client) -> dict[str, str]:
    """Ids of what is there, by the names of parameters."""
    bearer(there, "ann", [Permission.VIEW])
    key = there.post("/v1/keys", json={"grants": ["view"]}).raise_for_status().json()["key_id"]
    there.post("/v1/segments", json={"segment": "mine", "where": "true"}).raise_for_status()
    launch_id, contact_id = launched(there), f"{there.headers['Slipway-Project']}-0"
    ids = {
        "user": "ann",
        "group": "last",
        "segment": "mine",
        "key_id": key,
        "launch_id": launch_id,
        "contact_id": contact_id,
    }
    return ids | {"launch": launch_id, "service": "executor"}


@pytest.fixture(scope="module")
def ours(slipway: Slipway) -> Iterator[httpx.Client]:
    """Who may do everything in a project where nothing is."""
    project = f"o{uuid.uuid4().hex[:10]}"
    with closing(slipway.of(project).http()) as http:
        http.post("/v1/projects", json={"key": project}).raise_for_status()
        http.headers["Authorization"] = bearer(http, "ben", Permission)
        del http.headers["Slipway-Project"]
        yield http


def said(operation: Operation, http: httpx.Client, ids: Mapping[str, str]) -> Answer:
    """Status and text, without the ids that were asked for; of a launch that was made, why it is rejected."""
    answer = operation.sent(http, ids, **{"Idempotency-Key": uuid.uuid4().hex})
    if (operation.method, operation.path) in STARTS:
        made = answer.json()
        return answer.status_code, f"{made['state']}: {[point['code'] for point in made['points']]}"
    text = answer.text if answer.is_stream_consumed else ""
    for name in (*operation.named, "launch"):
        text = text.replace(ids[name], "…") if name != "version" else text
    return answer.status_code, text


def is_nothing(operation: Operation, answer: Answer) -> bool:
    place, (status, text) = (operation.method, operation.path), answer
    if place in LISTS:
        return status == 200 and '"items":[]' in text
    if place in STARTS:
        return status == 202 and text.startswith("rejected")
    return status == 404 or (place in UNBUILT and status == 422)


def test_a_foreign_id_is_answered_as_one_that_does_not_exist(ours: httpx.Client, theirs: Mapping[str, str]) -> None:
    foreign = dict.fromkeys(("id", "order_id", "segment", "key"), "plain") | {"version": "1"} | dict(theirs)
    nothing = {name: value if name in ("version", "service") else "no-such-thing" for name, value in foreign.items()}
    answers = [(each, said(each, ours, foreign), said(each, ours, nothing)) for each in WITH_IDS]
    assert [(each.method, each.path, *both) for each, *both in answers if both[0] != both[1]] == []
    assert [(each.method, each.path, found) for each, found, _ in answers if not is_nothing(each, found)] == []
    assert len(answers) > 30


def test_nothing_foreign_was_changed(there: httpx.Client, theirs: Mapping[str, str]) -> None:
    """After all that."""
    assert [(row["user"], row["disabled"]) for row in there.get("/v1/users").json()["items"]] == [("ann", False)]
    assert [row["state"] for row in there.get("/v1/launches").json()["items"]] == ["completed"]
    assert there.get("/v1/groups").json()["items"] == [{"group": "last", "contacts": 1}]
    assert there.get(f"/v1/contacts/{theirs['contact_id']}").json()["id"] == theirs["contact_id"]
    assert there.get("/v1/scenarios/plain").json()["state"] == "active"


ACROSS = {"/v1/partitions", "/v1/projects"}
"""Of the installation, and of the caller: they name no project's things."""


def test_a_key_of_one_project_cannot_name_another(ours: httpx.Client, there: httpx.Client) -> None:
    project = there.headers["Slipway-Project"]
    for each in (each for each in operations() if each.method == "GET" and each.path not in ACROSS):
        if isinstance(each.access.permission, Permission):
            ids = dict.fromkeys(each.named, "x") | {"service": "executor"}
            answer = each.sent(ours, ids, **{"Slipway-Project": project})
            assert answer.status_code == 403, (each.path, answer.text)
    assert project not in ours.get("/v1/projects").text
