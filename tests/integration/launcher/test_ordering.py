"""A contact is removed from a launch, or moved on: over HTTP and Kafka, and what is refused."""

import pytest

from contracts.crm import CommandAccepted, LaunchRemoveContact
from contracts.launches import ContactOrdered
from contracts.words import LaunchState
from integration.launcher.commands import drafted, rejection, running
from integration.launcher.desk import Desk, Key
from runtime.partitions import partition_of

NAMED = {"contact_id": "c-1"}


def command(desk: Desk, key: Key, launch_id: str, id: str = "r-1", contact_id: str = "c-1", project: str = "demo"):  # type: ignore[no-untyped-def]
    data = {"project": project, "launch_id": launch_id, "contact_id": contact_id}
    return desk.command(key, data, kind=LaunchRemoveContact.TYPE, id=id)


async def test_a_removal_by_command_is_ordered_once_on_the_launchs_home(desk: Desk, key: Key) -> None:
    launch_id = await running(desk, key)
    for _ in range(2):
        [reply] = await desk.commands(command(desk, key, launch_id))
        assert isinstance(reply, CommandAccepted)
        assert reply.state is LaunchState.REQUESTED
    [sent] = [sent for sent in desk.emitted if isinstance(sent.event, ContactOrdered)]
    event = sent.event
    assert isinstance(event, ContactOrdered)
    assert (event.contact_id, event.kind, event.by) == ("c-1", "remove", key.id)
    assert (sent.topic, sent.partition, sent.key) == ("launcher.launches", partition_of(launch_id, 8), launch_id)
    audit = (await desk.done("GET", f"/v1/audit?thing=launch/{launch_id}"))["items"]
    [noted] = [entry for entry in audit if entry["action"] == "launch.contact_ordered"]
    assert noted["subject"] == key.id
    assert noted["details"] == {"contact": "c-1", "order": event.order_id, "kind": "remove"}


@pytest.mark.parametrize(("path", "kind"), [("remove", "remove"), ("advance", "advance")])
async def test_an_order_over_http_has_an_id_to_look_it_up_by(desk: Desk, key: Key, path: str, kind: str) -> None:
    launch_id = await running(desk, key)
    answer = await desk.done("POST", f"/v1/launches/{launch_id}/{path}", NAMED)
    [event] = desk.take(ContactOrdered)
    assert answer == {
        "order_id": event.order_id,
        "launch_id": launch_id,
        "contact_id": "c-1",
        "kind": kind,
        "state": "ordered",
    }
    assert (event.kind, event.by) == (kind, "admin")


async def test_the_same_key_is_the_same_order_and_another_contact_under_it_is_refused(desk: Desk, key: Key) -> None:
    launch_id = await running(desk, key)
    path, keyed = f"/v1/launches/{launch_id}/remove", {"headers": {"Idempotency-Key": "k-1"}}
    answers = [await desk.done("POST", path, NAMED, **keyed) for _ in range(2)]
    assert answers[0] == answers[1]
    assert len(desk.take(ContactOrdered)) == 1
    assert await desk.refused("POST", path, {"contact_id": "c-2"}, **keyed) == (422, "conflict")
    desk.later(seconds=1)
    assert (await desk.done("POST", path, NAMED))["order_id"] != answers[0]["order_id"]


@pytest.mark.parametrize("path", ["remove", "advance"])
async def test_only_a_launch_that_runs_has_contacts_to_reach(desk: Desk, key: Key, path: str) -> None:
    launch_id = await drafted(desk, key)
    assert await desk.refused("POST", f"/v1/launches/{launch_id}/{path}", NAMED) == (409, "wrong_state")
    assert rejection(await desk.commands(command(desk, key, launch_id)))[0] == "wrong_state"
    await desk.checked(launch_id)
    await desk.done("POST", f"/v1/launches/{launch_id}/stop", {})
    assert await desk.refused("POST", f"/v1/launches/{launch_id}/{path}", NAMED) == (409, "wrong_state")
    assert desk.take(ContactOrdered) == []


async def test_a_removal_needs_the_permission_and_the_launchs_project(desk: Desk, key: Key) -> None:
    launch_id = await running(desk, key)
    weak = await desk.key("process:start")
    await desk.project("other")
    others = await desk.key(project="other")
    assert rejection(await desk.commands(command(desk, weak, launch_id, "w-1")))[0] == "forbidden"
    strange = command(desk, others, launch_id, "o-1", project="other")
    assert rejection(await desk.commands(strange))[0] == "unknown_launch"
    for path in ("remove", "advance"):
        where = f"/v1/launches/{launch_id}/{path}"
        assert await desk.refused("POST", where, NAMED, token=weak.token, project=None) == (403, "forbidden")
        assert await desk.refused("POST", where, NAMED, token=others.token, project=None) == (404, "unknown_launch")
    assert desk.take(ContactOrdered) == []


async def test_what_names_no_contact_is_refused(desk: Desk, key: Key) -> None:
    launch_id = await running(desk, key)
    path = f"/v1/launches/{launch_id}/remove"
    for body in ({}, {"contact_id": ""}, {"contact_id": "a\x00b"}, {"contact_id": "c" * 129}, NAMED | {"more": 1}):
        assert (await desk.refused("POST", path, body))[0] == 422
    assert desk.take(ContactOrdered) == []


async def test_pacing_is_refused_with_what_to_do_instead(desk: Desk, key: Key) -> None:
    launch_id = await running(desk, key)
    assert await desk.refused("POST", f"/v1/launches/{launch_id}/pacing", {"per_second": 5}) == (422, "unsupported")
    assert await desk.refused("POST", "/v1/launches/none/pacing", {"per_second": 5}) == (404, "unknown_launch")
