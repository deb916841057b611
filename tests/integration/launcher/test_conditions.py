"""Who changes a thing may demand that it still is what they have seen; roles; scenarios that get another creator."""

from typing import Any

import pytest

from contracts.projects import ScenarioSet, UserSet
from contracts.words import ROLES, Role
from integration.launcher.desk import SAMPLES, Desk

WELCOME = (SAMPLES / "welcome.yaml").read_bytes()
CHANGES: list[tuple[str, str, Any, str]] = [
    ("/v1/scenarios", "POST", WELCOME.replace(b"Welcome,", b"Hello,"), "/v1/scenarios/welcome"),
    ("/v1/scenarios/welcome/deactivate", "POST", {}, "/v1/scenarios/welcome"),
    ("/v1/scenarios/welcome/archive", "POST", {}, "/v1/scenarios/welcome"),
    ("/v1/scenarios/welcome/transfer", "POST", {"user": "ann"}, "/v1/scenarios/welcome"),
    ("/v1/users/ann/disable", "POST", {}, "/v1/users/ann"),
    ("/v1/users/ann/grant", "POST", {"grants": [], "roles": ["viewer"]}, "/v1/users/ann"),
    ("/v1/users/ann/restrict", "POST", {"where": "contact.active"}, "/v1/users/ann"),
    ("/v1/projects", "POST", {"key": "demo", "zone": "UTC"}, "/v1/projects/demo"),
]


@pytest.fixture
async def people(desk: Desk) -> Desk:
    await desk.done("POST", "/v1/users", {"user": "ann"})
    await desk.done("POST", "/v1/users", {"user": "bob"})
    desk.emitted.clear()
    return desk


async def tag_of(desk: Desk, thing: str) -> str:
    response = await desk.call("GET", thing)
    assert response.headers["etag"] == f'"{response.json()["revision"]}"'
    return response.headers["etag"]


@pytest.mark.parametrize(("path", "method", "body", "thing"), CHANGES)
async def test_what_was_changed_meanwhile_is_not_changed_again(
    people: Desk, path: str, method: str, body: Any, thing: str
) -> None:
    seen = await tag_of(people, thing)
    stale = {"headers": {"If-Match": '"99"'}}
    assert await people.refused(method, path, body, **stale) == (412, "changed_meanwhile")
    assert await tag_of(people, thing) == seen
    await people.done(method, path, body, headers={"If-Match": f'"98", {seen}'})
    assert await tag_of(people, thing) != seen
    again = {"headers": {"If-Match": seen}}
    assert await people.refused(method, path, body, **again) == (412, "changed_meanwhile")


async def test_a_thing_that_there_is_not_is_unknown_whatever_was_seen(people: Desk) -> None:
    about = {"headers": {"If-Match": '"1"'}}
    assert await people.refused("POST", "/v1/users/nobody/disable", {}, **about) == (404, "unknown_user")
    assert await people.refused("POST", "/v1/scenarios/none/archive", {}, **about) == (404, "unknown_scenario")


@pytest.mark.parametrize("seen", ['"1"', "*"])
async def test_what_somebody_has_seen_is_not_made_anew_if_there_is_none(people: Desk, seen: str) -> None:
    about = {"headers": {"If-Match": seen}}
    assert await people.refused("POST", "/v1/projects", {"key": "gone"}, **about) == (412, "changed_meanwhile")
    fresh = WELCOME.replace(b"key: welcome", b"key: gone")
    assert await people.refused("POST", "/v1/scenarios", fresh, **about) == (412, "changed_meanwhile")
    await people.done("POST", "/v1/scenarios", fresh)
    await people.done("POST", "/v1/scenarios", fresh, headers={"If-Match": "*"})


@pytest.mark.parametrize("role", Role)
async def test_who_is_given_a_role_is_given_its_permissions(people: Desk, role: Role) -> None:
    shown = await people.done("POST", "/v1/users/ann/grant", {"grants": [], "roles": [role]})
    assert shown["grants"] == sorted(ROLES[role])
    [told] = people.take(UserSet)
    assert told.grants == shown["grants"]
    assert await people.done("GET", "/v1/users/ann") == shown


async def test_a_role_is_not_passed_on_by_who_lacks_its_permissions(people: Desk) -> None:
    clerk = await people.key("users:manage", "view")
    body = {"grants": [], "roles": ["manager"]}
    assert await people.refused("POST", "/v1/users/ann/grant", body, token=clerk.token) == (403, "forbidden")
    assert await people.refused("POST", "/v1/keys", body, token=clerk.token) == (403, "forbidden")
    viewer = {"grants": [], "roles": ["viewer"]}
    assert (await people.done("POST", "/v1/keys", viewer, token=clerk.token))["grants"] == ["view"]


async def test_a_transferred_scenario_launches_with_its_new_creator(people: Desk) -> None:
    first = (await people.launch(key="one"))["launch_id"]
    shown = await people.done("POST", "/v1/scenarios/welcome/transfer", {"user": "ann"})
    assert shown["creator"] == "ann"
    assert [event.revision for event in people.take(ScenarioSet)] == [3]
    await people.done("POST", "/v1/scenarios/welcome/transfer", {"user": "ann"})
    assert people.take(ScenarioSet) == []
    second = (await people.launch(key="two"))["launch_id"]
    creators = {row["launch_id"]: row["creator"] for row in await people.pool.fetch("SELECT * FROM launch")}
    assert creators == {first: "admin", second: "ann"}
    transfers = {"thing": "scenario/welcome", "action": "scenario.transferred"}
    entry = (await people.done("GET", "/v1/audit", params=transfers))["items"][0]
    assert (entry["details"]["was"], entry["details"]["to"]) == ("admin", "ann")


async def test_a_scenario_is_transferred_to_an_enabled_user_by_who_manages_users(people: Desk) -> None:
    path, writer = "/v1/scenarios/welcome/transfer", await people.key("scenario:write")
    assert await people.refused("POST", path, {"user": "ann"}, token=writer.token) == (403, "forbidden")
    assert await people.refused("POST", path, {"user": "nobody"}) == (404, "unknown_user")
    await people.done("POST", "/v1/users/bob/disable", {})
    assert await people.refused("POST", path, {"user": "bob"}) == (409, "user_disabled")
    await people.done("POST", "/v1/scenarios/welcome/archive", {})
    assert await people.refused("POST", path, {"user": "ann"}) == (409, "wrong_state")
