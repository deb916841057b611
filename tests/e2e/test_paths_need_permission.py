"""Deny by default: on every path, whoever lacks the permission that the table names is refused and nothing happens."""

import uuid
from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest

from contracts.access import Door
from contracts.words import Permission
from e2e.described import Operation, bearer, operations, prepared
from e2e.slipway import Slipway

IDS = dict.fromkeys(
    ("contact_id", "group", "id", "key", "key_id", "launch_id", "order_id", "segment", "service", "user"), "nobody"
) | {"version": "1", "service": "log"}
GUARDED = [each for each in operations() if each.access.permission is not Door.PUBLIC]


@pytest.fixture(scope="module")
def http(slipway: Slipway) -> Iterator[httpx.Client]:
    slipway.until_ready()
    project = f"n{uuid.uuid4().hex[:10]}"
    with closing(prepared(slipway, project, f"{project}-0")) as client:
        yield client


def asked(operation: Operation, http: httpx.Client, **credentials: str) -> tuple[int, str]:
    ids = {name: IDS[name] for name in operation.named}
    answer = operation.sent(http, ids, **credentials)
    return answer.status_code, answer.json()["code"]


@pytest.mark.behaviour(2)
def test_who_is_nobody_is_refused_on_every_path(http: httpx.Client) -> None:
    answers = {f"{each.method} {each.path}": asked(each, http, Authorization="") for each in GUARDED}
    assert {path: answer for path, answer in answers.items() if answer != (401, "unauthenticated")} == {}
    assert len(answers) > 60


@pytest.mark.behaviour(2)
def test_who_lacks_the_permission_is_refused_on_every_path(http: httpx.Client) -> None:
    """Each permission is missing once, with all the others given."""
    nobody = bearer(http, "nobody", ())
    without = {
        missing: bearer(http, f"no-{missing.replace(':', '-')}", frozenset(Permission) - {missing})
        for missing in {each.access.permission for each in GUARDED}
        if isinstance(missing, Permission)
    }
    let_in = []
    for each in GUARDED:
        if each.access.alternative is not None:
            tried = [nobody]
        elif isinstance(each.access.permission, Permission):
            tried = [nobody, without[each.access.permission]]
        else:
            tried = [nobody, *without.values()]
        answers = [asked(each, http, Authorization=authorization) for authorization in tried]
        if set(answers) != {(403, "forbidden")}:
            let_in.append((each.method, each.path, answers))
    assert let_in == []


@pytest.mark.behaviour(2)
def test_without_process_start_nothing_starts_by_command_line_topic_or_path(
    slipway: Slipway, http: httpx.Client
) -> None:
    grants = frozenset(Permission) - {Permission.PROCESS_START}
    here = slipway.of(http.headers["Slipway-Project"])
    ann, contact = here.of(str(here.project), "ann"), f"{here.project}-0"
    authorization = bearer(http, "ann", grants)
    done = ann("start", "plain", contact, check=False)
    assert done.returncode != 0, done.stdout
    assert "process:start" in done.stderr
    told = here("crm", "launch", *here.key(*grants), "plain", "--all", check=False)
    assert told.returncode != 0
    assert "forbidden" in told.stdout + told.stderr
    real = IDS | {"contact_id": contact, "key": "plain"}
    wanted = {"scenario": "plain", "participants": {"kind": "all"}}
    counted = http.post("/v1/counts", json=wanted, headers={"Authorization": authorization})
    assert (counted.status_code, counted.json()["code"]) == (403, "forbidden")
    starting = [each for each in GUARDED if each.access.permission == Permission.PROCESS_START]
    for each in (each for each in starting if each.access.alternative is None):
        answer = each.sent(http, {name: real[name] for name in each.named}, Authorization=authorization)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), each.path
    assert [row["state"] for row in http.get("/v1/launches").json()["items"] if row["state"] != "rejected"] == []
    assert http.get(f"/v1/contacts/{contact}/instances").json()["items"] == []
