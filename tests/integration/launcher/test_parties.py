"""Projects, keys, users and tokens: secrets shown once, nobody mightier than who made them."""

import asyncio
from typing import Any

import pytest

from contracts.projects import KeySet, ProjectSet, UserSet
from contracts.words import Permission
from integration.launcher.desk import ADMIN, SECRET, Desk, Key
from launcher.adapters.projects import PostgresKeys, PostgresProjects, PostgresUsers
from launcher.adapters.secrets import RandomCredentials
from launcher.domain.refusals import Denied
from launcher.handlers.tokens import TokenHandlers
from launcher.settings import Settings
from runtime.partitions import partition_of
from runtime.sealing import unseal
from runtime.tokens import verify

ROUTES_OF_ONE_THING: list[tuple[str, str, Any]] = [
    ("POST", "/v1/keys/{key}/revoke", {}),
    ("GET", "/v1/users/ann", None),
    ("POST", "/v1/users/ann/disable", {}),
    ("POST", "/v1/users/ann/enable", {}),
    ("POST", "/v1/users/ann/grant", {"grants": []}),
    ("POST", "/v1/users/ann/restrict", {"where": None}),
    ("GET", "/v1/scenarios/welcome", None),
    ("GET", "/v1/scenarios/welcome/versions", None),
    ("GET", "/v1/scenarios/welcome/versions/1", None),
    ("GET", "/v1/scenarios/welcome/diff?from=1&to=1", None),
    ("POST", "/v1/scenarios/welcome/activate", {}),
    ("POST", "/v1/scenarios/welcome/deactivate", {}),
    ("POST", "/v1/scenarios/welcome/archive", {}),
    ("POST", "/v1/scenarios/welcome/transfer", {"user": "ann"}),
    ("GET", "/v1/launches/{launch}", None),
    ("POST", "/v1/launches/{launch}/stop", {}),
]


# Projects


async def test_a_project_is_made_and_changed_with_a_rising_revision(desk: Desk) -> None:
    await desk.project("acme", "UTC")
    await desk.project("acme", "UTC")
    await desk.project("acme", "Asia/Tokyo")
    assert [(event.revision, event.zone) for event in desk.take(ProjectSet)] == [(1, "UTC"), (2, "Asia/Tokyo")]
    listed = (await desk.done("GET", "/v1/projects", project=None))["items"]
    assert [(project["key"], project["zone"]) for project in listed] == [
        ("acme", "Asia/Tokyo"),
        ("demo", "Europe/Vienna"),
    ]


async def test_a_project_that_is_made_again_keeps_its_zone(desk: Desk) -> None:
    await desk.project("acme", "Asia/Tokyo")
    again = await desk.done("POST", "/v1/projects", {"key": "acme"}, project=None)
    assert again["zone"] == "Asia/Tokyo"
    fresh = await desk.done("POST", "/v1/projects", {"key": "fresh"}, project=None)
    assert fresh["zone"] == "UTC"


@pytest.mark.parametrize(
    "body", [{"key": "Acme"}, {"key": "acme", "zone": "Mars/Olympus"}, {"key": "a", "zome": "UTC"}, {}]
)
async def test_a_project_that_is_wrong_is_refused(desk: Desk, body: dict[str, str]) -> None:
    assert (await desk.refused("POST", "/v1/projects", body, project=None))[0] == 422


async def test_only_the_administrator_makes_projects(desk: Desk) -> None:
    mighty = await desk.key(*Permission)
    assert await desk.refused("POST", "/v1/projects", {"key": "x"}, token=mighty.token) == (403, "forbidden")
    listed = (await desk.done("GET", "/v1/projects", token=mighty.token))["items"]
    assert [project["key"] for project in listed] == ["demo"]


async def test_a_project_that_there_is_not_is_unknown(desk: Desk) -> None:
    assert await desk.refused("GET", "/v1/launches", project="nowhere") == (404, "unknown_project")
    assert await desk.refused("POST", "/v1/keys", {"grants": []}, project="nowhere") == (404, "unknown_project")
    assert await desk.refused("GET", "/v1/launches", project=None) == (400, "project_missing")


# Keys


async def test_a_keys_secrets_are_shown_once_and_kept_unreadable(desk: Desk) -> None:
    made = await desk.done("POST", "/v1/keys", {"name": "shop", "grants": ["process:start"]})
    [event] = desk.take(KeySet)
    assert unseal(event.sealed_secret, SECRET) == made["signing_secret"]
    assert (event.key_id, event.grants, event.revoked, event.revision) == (made["key_id"], ["process:start"], False, 1)
    row = str(dict(await desk.pool.fetchrow("SELECT * FROM access_key WHERE key_id = $1", made["key_id"]) or {}))
    listed = str(await desk.done("GET", "/v1/keys"))
    for secret in (made["signing_secret"], made["token"].rpartition(".")[2]):
        assert len(secret) > 40
        assert secret not in row
        assert secret not in listed


async def test_a_key_lies_on_its_topic_under_its_own_name(desk: Desk) -> None:
    made = await desk.key()
    [sent] = [sent for sent in desk.emitted if isinstance(sent.event, KeySet)]
    assert (sent.topic, sent.key) == ("launcher.projects", f"key/{made.id}")
    assert sent.partition == partition_of(sent.key, desk.partitions)


async def test_a_revoked_key_opens_nothing_and_is_told_to_everybody_once(desk: Desk, key: Key) -> None:
    answers = [await desk.done("POST", f"/v1/keys/{key.id}/revoke", {}) for _ in range(2)]
    assert [answer["revoked"] for answer in answers] == [True, True]
    [event] = desk.take(KeySet)
    assert (event.revoked, event.revision) == (True, 2)
    assert await desk.refused("GET", "/v1/launches", token=key.token) == (401, "unauthenticated")


async def test_the_same_key_is_made_once_under_its_idempotency_key(desk: Desk) -> None:
    about = {"headers": {"Idempotency-Key": "once"}}
    first, second = [await desk.done("POST", "/v1/keys", {"grants": ["view"]}, **about) for _ in range(2)]
    assert first == second
    kept = await desk.pool.fetchval("SELECT sealed_answer FROM http_request")
    assert first["signing_secret"] not in kept
    assert await desk.refused("POST", "/v1/keys", {"grants": []}, **about) == (422, "conflict")


@pytest.mark.parametrize("grants", [["process:start"], ["users:manage", "scenario:write"]])
async def test_nobody_passes_on_what_they_lack(desk: Desk, grants: list[str]) -> None:
    clerk = await desk.key("users:manage", "view")
    assert await desk.refused("POST", "/v1/keys", {"grants": grants}, token=clerk.token) == (403, "forbidden")
    body = {"user": "ann", "grants": grants}
    assert await desk.refused("POST", "/v1/users", body, token=clerk.token) == (403, "forbidden")
    await desk.done("POST", "/v1/users", {"user": "ann", "grants": ["view"]}, token=clerk.token)
    changed = {"grants": grants}
    assert await desk.refused("POST", "/v1/users/ann/grant", changed, token=clerk.token) == (403, "forbidden")


async def test_a_permission_that_there_is_not_is_refused(desk: Desk) -> None:
    assert (await desk.refused("POST", "/v1/keys", {"grants": ["everything"]}))[0] == 422


# Users


async def test_a_user_is_made_changed_and_disabled(desk: Desk) -> None:
    made = await desk.done("POST", "/v1/users", {"user": "ann@acme.example", "grants": ["view"]})
    path = "/v1/users/ann@acme.example"
    assert (await desk.done("GET", "/v1/launches", token=made["token"], project=None))["items"] == []
    await desk.done("POST", f"{path}/grant", {"grants": ["process:start", "view"]})
    await desk.done("POST", f"{path}/restrict", {"where": "'vip' in contact.groups"})
    await desk.done("POST", f"{path}/disable", {})
    await desk.done("POST", f"{path}/disable", {})
    events = desk.take(UserSet)
    assert [event.revision for event in events] == [1, 2, 3, 4]
    assert events[-1].disabled
    assert events[-1].restriction == "'vip' in contact.groups"
    assert sorted(events[-1].grants) == ["process:start", "view"]
    assert await desk.refused("GET", "/v1/launches", token=made["token"]) == (401, "unauthenticated")
    assert await desk.refused("GET", "/v1/launches", as_user="ann@acme.example") == (403, "forbidden")
    [shown] = (await desk.done("GET", "/v1/users"))["items"]
    assert (shown["user"], shown["disabled"], shown["restriction"]) == (
        "ann@acme.example",
        True,
        "'vip' in contact.groups",
    )
    assert "token" not in shown


async def test_a_user_is_made_once(desk: Desk) -> None:
    await desk.done("POST", "/v1/users", {"user": "ann"})
    assert await desk.refused("POST", "/v1/users", {"user": "ann"}) == (409, "conflict")


@pytest.mark.parametrize("name", ["admin", "key_1", "usr_1", "Ann", "a b", "", "ann\n", "x" * 64])
async def test_a_name_that_would_be_mistaken_is_refused(desk: Desk, name: str) -> None:
    assert (await desk.refused("POST", "/v1/users", {"user": name}))[0] == 422


@pytest.mark.parametrize("where", ["contact.groups ==", "context.voucher == 'x'", "contact.emial == 'x'", "1 + 1", ""])
async def test_a_restriction_that_cannot_be_applied_is_refused(desk: Desk, where: str) -> None:
    await desk.done("POST", "/v1/users", {"user": "ann"})
    assert (await desk.refused("POST", "/v1/users/ann/restrict", {"where": where}))[0] == 422
    assert (await desk.refused("POST", "/v1/users", {"user": "bob", "restriction": where}))[0] == 422


async def test_changes_at_once_draw_one_revision_each(desk: Desk) -> None:
    await desk.done("POST", "/v1/users", {"user": "ann"})
    grants = [[permission] for permission in list(Permission)[:4]]
    await asyncio.gather(*(desk.done("POST", "/v1/users/ann/grant", {"grants": each}) for each in grants))
    assert sorted(event.revision for event in desk.take(UserSet)) == [1, 2, 3, 4, 5]


# Tokens


async def test_a_token_says_who_it_is_and_for_how_long(desk: Desk, key: Key) -> None:
    response = await desk.http.post("/internal/tokens", headers={"Authorization": f"Bearer {key.token}"})
    minted = response.json()
    assert (minted["project"], minted["subject"], minted["expires_in"]) == ("demo", key.id, 600)
    caller = verify(minted["token"], SECRET)
    assert (caller.project, caller.subject) == ("demo", key.id)
    assert caller.grants == {"process:start", "launch:preapproved", "launch:stop"}


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic x",
        "Bearer x",
        "Bearer .",
        "Bearer key_x.y",
        "Bearer usr_x.y",
        "Bearer admin.wrong",
        "Bearer admin." + "a" * 31,
    ],
)
async def test_who_is_not_known_gets_no_token(desk: Desk, authorization: str) -> None:
    response = await desk.http.post(
        "/internal/tokens", headers={"Authorization": authorization} if authorization else {}
    )
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"


async def test_a_keys_id_with_another_secret_gets_no_token(desk: Desk, key: Key) -> None:
    others = await desk.key()
    mixed = f"{key.id}.{others.token.rpartition('.')[2]}"
    response = await desk.http.post("/internal/tokens", headers={"Authorization": f"Bearer {mixed}"})
    assert response.status_code == 401


async def test_only_the_administrator_acts_as_somebody_else(desk: Desk, key: Key) -> None:
    await desk.done("POST", "/v1/users", {"user": "ann", "grants": ["view"]})
    assert (await desk.done("GET", "/v1/launches", as_user="ann"))["items"] == []
    assert await desk.refused("GET", "/v1/keys", as_user="ann") == (403, "forbidden")
    assert await desk.refused("GET", "/v1/launches", token=key.token, as_user="ann") == (403, "forbidden")
    assert await desk.refused("GET", "/v1/launches", as_user="nobody") == (404, "unknown_user")
    assert await desk.refused("GET", "/v1/launches", as_user="ann", project=None) == (400, "project_missing")


async def test_a_project_that_there_is_not_cannot_be_named(desk: Desk) -> None:
    """No other service knows which projects there are: for a mistyped one they would keep contacts."""
    admin = {"Authorization": f"Bearer {ADMIN}"}
    for project, status in (("demo", 200), ("*", 200), ("dmeo", 404)):
        response = await desk.http.post("/internal/tokens", headers={**admin, "Slipway-Project": project})
        assert response.status_code == status
    assert response.json()["code"] == "unknown_project"


async def test_in_production_nobody_is_administrator(desk: Desk) -> None:
    settings = Settings(secret_key=SECRET, token_key=SECRET, mode="production", admin_token=ADMIN)
    assert settings.administrator is None
    tokens = TokenHandlers(
        PostgresProjects(), PostgresKeys(), PostgresUsers(), RandomCredentials(), settings.administrator
    )
    async with desk.pool.acquire() as connection:
        assert isinstance(await tokens.identify(connection, ADMIN, None, None), Denied)


# Walls


@pytest.mark.parametrize(("method", "path", "body"), ROUTES_OF_ONE_THING)
async def test_what_belongs_to_another_project_is_not_there(
    desk: Desk, key: Key, method: str, path: str, body: dict[str, object] | None
) -> None:
    await desk.done("POST", "/v1/users", {"user": "ann"})
    launch_id = (await desk.launch())["launch_id"]
    await desk.project("other")
    stranger = await desk.key(*Permission, project="other")
    at = path.format(key=key.id, launch=launch_id)
    status, code = await desk.refused(method, at, body, token=stranger.token, project="other")
    assert (status, code.startswith("unknown_")) == (404, True)
    assert await desk.refused(method, at, body, token=stranger.token, project="demo") == (403, "wrong_project")


async def test_lists_are_of_ones_own_project(desk: Desk) -> None:
    await desk.done("POST", "/v1/users", {"user": "ann"})
    await desk.launch()
    await desk.project("other")
    stranger = await desk.key(*Permission, project="other")
    for path in ("/v1/users", "/v1/scenarios", "/v1/launches"):
        assert (await desk.done("GET", path, token=stranger.token, project=None))["items"] == []
    entries = (await desk.done("GET", "/v1/audit", token=stranger.token, project=None))["items"]
    assert {entry["action"] for entry in entries} == {"project.set", "key.made"}


# Audit


async def test_who_did_what_is_listed_newest_first(desk: Desk, key: Key) -> None:
    launch_id = (await desk.launch(token=key.token))["launch_id"]
    await desk.done("POST", f"/v1/launches/{launch_id}/stop", {})
    entries = (await desk.done("GET", "/v1/audit"))["items"]
    assert [(entry["subject"], entry["action"]) for entry in entries] == [
        ("admin", "launch.stopped"),
        (key.id, "launch.asked"),
        ("admin", "key.made"),
        ("admin", "scenario.activated"),
        ("admin", "scenario.pushed"),
        ("admin", "project.set"),
    ]
    of_launch = await desk.done("GET", "/v1/audit", params={"thing": f"launch/{launch_id}", "limit": 1})
    assert [entry["action"] for entry in of_launch["items"]] == ["launch.stopped"]
    rest = await desk.done("GET", "/v1/audit", params={"thing": f"launch/{launch_id}", "cursor": of_launch["next"]})
    assert [entry["action"] for entry in rest["items"]] == ["launch.asked"]
    assert rest["next"] is None
