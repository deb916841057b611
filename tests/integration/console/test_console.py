"""console in front of services that are real HTTP servers and answer as told."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi.responses import JSONResponse, Response, StreamingResponse
from structlog.testing import capture_logs

from console.bodies import MAX_BODY
from console.domain.owners import SERVICES
from integration.console.world import World


async def test_a_request_reaches_its_owner_with_a_short_token_instead_of_the_secret(world: World) -> None:
    answer = await world.http.get("/v1/contacts/a%2Fb%20%25/timeline?launch=l%2B1", headers={"Slipway-Project": "acme"})
    assert answer.json() == {
        "service": "log",
        "path": "/v1/contacts/a%2Fb%20%25/timeline",
        "query": "launch=l%2B1",
        "size": 0,
    }
    _, _, headers, _ = world["log"].seen[0]
    assert (headers["authorization"], headers["slipway-project"]) == ("Bearer short", "acme")
    assert (answer.headers["x-own"], "set-cookie" in answer.headers) == ("kept", False)
    assert answer.headers["x-content-type-options"] == "nosniff"
    _, _, asked, _ = world["launcher"].seen[0]
    assert asked["authorization"] == "Bearer key.secret"


async def test_launcher_hears_which_project_is_meant_for_others_than_itself(world: World) -> None:
    """Of its own routes it judges that itself: a project may be named before it is made."""
    for path, more, named in (
        ("/v1/groups", {}, "acme"),
        ("/v1/projects", {}, None),
        ("/v1/projects", {"Slipway-As": "ann"}, "acme"),
    ):
        world["launcher"].seen.clear()
        await world.http.get(path, headers={"Slipway-Project": "acme", **more})
        _, asked_for, asked, _ = world["launcher"].seen[0]
        assert (asked_for, asked.get("slipway-project")) == ("/internal/tokens", named)


async def test_a_token_is_exchanged_once_until_shortly_before_it_expires(world: World) -> None:
    await asyncio.gather(*(world.http.get("/v1/launches") for _ in range(5)))
    assert world.exchanged == 1
    world.now = 560
    await world.http.get("/v1/launches")
    assert world.exchanged == 1
    world.now = 571
    await world.http.get("/v1/launches")
    assert world.exchanged == 2
    await world.http.get("/v1/launches", headers={"Slipway-As": "ann"})
    assert world.exchanged == 3


async def test_after_a_change_of_users_or_keys_every_token_is_asked_for_anew(world: World) -> None:
    await world.http.get("/v1/users")
    await world.http.get("/v1/contacts")
    assert world.exchanged == 1
    await world.http.post("/v1/users/ann/disable")
    await world.http.get("/v1/contacts")
    assert world.exchanged == 2


async def test_of_a_scenario_that_there_is_not_nobody_is_listed(world: World) -> None:
    unknown = {"code": "unknown_scenario", "detail": "there is no scenario spirng", "remedy": "list them"}
    world["launcher"].answers["/v1/scenarios/spirng"] = JSONResponse(
        unknown, 404, media_type="application/problem+json"
    )
    refused = await world.http.get("/v1/scenarios/spirng/instances?limit=5")
    assert (refused.status_code, refused.json()) == (404, unknown)
    assert refused.headers["content-type"] == "application/problem+json"
    assert not world["executor"].seen
    listed = await world.http.get("/v1/scenarios/spring/instances?limit=5")
    assert (listed.json()["service"], listed.json()["query"]) == ("executor", "limit=5")


async def test_who_is_in_process_is_listed_also_while_launcher_is_away(world: World) -> None:
    await world.http.get("/v1/contacts")
    await world["launcher"].stop()
    assert (await world.http.get("/v1/scenarios/spring/instances")).json()["service"] == "executor"


async def test_who_is_not_known_is_told_what_to_do(world: World) -> None:
    anonymous = await world.http.get("/v1/launches", headers={"Authorization": ""})
    assert (anonymous.status_code, anonymous.json()["code"]) == (401, "unauthenticated")
    refusal = {
        "code": "unauthenticated",
        "detail": "this key was revoked",
        "remedy": "make another: `POST /v1/keys`",
    }
    world["launcher"].answers["/internal/tokens"] = JSONResponse(refusal, 401)
    refused = await world.http.get("/v1/launches", headers={"Authorization": "Bearer old.secret"})
    assert refused.status_code == 401
    assert refused.headers["content-type"] == "application/problem+json"
    assert (refused.json()["detail"], refused.json()["remedy"]) == (refusal["detail"], refusal["remedy"])


async def test_a_service_that_is_down_is_named(world: World) -> None:
    await world["contacts"].stop()
    answer = await world.http.get("/v1/groups")
    assert (answer.status_code, answer.json()["service"]) == (503, "contacts")
    assert answer.json()["code"] == "unavailable" and answer.headers["retry-after"]
    assert (await world.http.get("/v1/launches")).status_code == 200


async def test_an_unknown_path_is_a_problem_and_reaches_nobody(world: World) -> None:
    answer = await world.http.get("/v1/nothing")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert all(not upstream.seen for upstream in world.upstreams.values())


async def test_everybody_may_read_what_there_is(world: World) -> None:
    answer = await world.http.get("/openapi.json", headers={"Authorization": ""})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json()["openapi"] == "3.1.0" and "/v1/launches" in answer.json()["paths"]
    assert world.exchanged == 0


async def test_another_method_is_refused_and_reaches_nobody(world: World) -> None:
    answer = await world.http.delete("/v1/launches/l1/stop")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert all(not upstream.seen for upstream in world.upstreams.values())


async def test_what_is_open_to_everybody_is_passed_on_without_a_token_or_the_secret(world: World) -> None:
    for headers in ({"Authorization": ""}, {}):
        answer = await world.http.post("/u/token", content=b"List-Unsubscribe=One-Click", headers=headers)
        assert (answer.json()["service"], answer.json()["path"]) == ("messaging", "/u/token")
    assert all("authorization" not in headers for _, _, headers, _ in world["messaging"].seen)
    assert world.exchanged == 0


async def test_a_page_brings_its_own_policy(world: World) -> None:
    page = Response("<form>", media_type="text/html", headers={"Content-Security-Policy": "form-action 'self'"})
    world["messaging"].answers["/u/token"] = page
    answer = await world.http.get("/u/token")
    assert answer.headers["content-security-policy"] == "form-action 'self'"
    assert answer.headers["referrer-policy"] == "no-referrer"


async def test_a_body_streams_through_up_to_the_limit(world: World) -> None:
    async def pieces(size: int) -> AsyncIterator[bytes]:
        while size > 0:
            yield b"x" * min(size, 1 << 20)
            size -= 1 << 20

    whole = await world.http.post("/v1/contacts", content=b"x" * 3_000_000)
    assert whole.json()["size"] == 3_000_000
    chunked = await world.http.post("/v1/contacts", content=pieces(MAX_BODY))
    assert chunked.json()["size"] == MAX_BODY
    for content in (b"x" * (MAX_BODY + 1), b"x" * (2 * MAX_BODY + 1), pieces(MAX_BODY + 1)):
        refused = await world.http.post("/v1/contacts", content=content)
        assert (refused.status_code, refused.json()["code"]) == (413, "too_large")


async def test_a_client_that_breaks_off_its_request_is_no_failure_of_the_service(world: World) -> None:
    with capture_logs() as logs:
        _, writer = await asyncio.open_connection("127.0.0.1", world.http.base_url.port)
        writer.write(b"POST /v1/contacts HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer key.secret\r\n")
        writer.write(b"Content-Length: 500\r\n\r\nhello")
        await writer.drain()
        async with asyncio.timeout(5):
            while not world.exchanged:
                await asyncio.sleep(0.01)
            writer.close()
            while not any(line["event"] == "request" for line in logs):
                await asyncio.sleep(0.01)
    assert [line["event"] for line in logs] == ["the client broke off its request", "request"]
    assert {line["log_level"] for line in logs} == {"info"} and logs[-1]["status"] == 499


@pytest.mark.parametrize(
    ("asked", "named", "known"),
    [
        ("/v1/launches/l/deliveries?contact_id=c", "contact_id", "contact, cursor, limit, state"),
        ("/v1/launches/l/deliveries?state=failed&Limit=5", "Limit", "contact, cursor, limit, state"),
        ("/v1/launches/l/events?since=1&x", "since or x", "no parameters"),
        ("/v1/launches/l/ledger?service=log&x=1", "x", "service"),
        ("/v1/partitions?service=log", "service", "no parameters"),
        ("/v1/parked/p-1?x=1", "x", "service"),
        ("/v1/audit?user=ann", "user", "subject"),
    ],
)
async def test_a_parameter_that_there_is_not_is_refused_with_those_that_there_are(
    world: World, asked: str, named: str, known: str
) -> None:
    answer = await world.http.get(asked)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "unknown_parameter")
    assert problem["detail"] == f"there is no parameter {named} here" and known in problem["remedy"]
    assert [each["place"] for each in problem["errors"]] == [f"query.{name}" for name in named.split(" or ")]
    assert all(not upstream.seen for upstream in world.upstreams.values()), "it reaches nobody"


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ("/v1/launches?limit=2&limit=3", ["limit"]),
        ("/v1/launches?limit=2&state=failed&limit=2&state=", ["limit", "state"]),
        ("/v1/audit?since=2026-11-22T09:30:00Z&since=", ["since"]),
    ],
)
async def test_a_parameter_that_is_given_twice_is_refused(world: World, asked: str, named: list[str]) -> None:
    answer = await world.http.get(asked)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "repeated_parameter")
    assert [each["place"] for each in problem["errors"]] == [f"query.{name}" for name in named]
    assert all(not upstream.seen for upstream in world.upstreams.values()), "it reaches nobody"


async def test_what_is_appended_to_a_public_address_is_passed_on_and_is_its_owners_business(world: World) -> None:
    followed = await world.http.get("/u/abc?utm_source=news")
    assert (followed.status_code, followed.json()["query"]) == (200, "utm_source=news")
    reported = await world.http.post("/v1/deliveries/mailer?x=1", content=b"{}")
    assert reported.status_code == 200


async def test_the_owners_refusal_passes_as_it_is(world: World) -> None:
    world["launcher"].answers["/v1/launches/l9"] = JSONResponse({"code": "unknown_launch"}, 404)
    answer = await world.http.get("/v1/launches/l9")
    assert (answer.status_code, answer.json()) == (404, {"code": "unknown_launch"})


async def test_one_request_too_many_is_refused_until_a_moment_later_and_nobody_else_is(world: World) -> None:
    answers = [await world.http.get("/v1/launches") for _ in range(40)]
    assert {answer.status_code for answer in answers} == {200}
    assert [answer.headers["ratelimit-remaining"] for answer in answers[-2:]] == ["1", "0"]
    refused = await world.http.get("/v1/launches")
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
    assert (refused.headers["retry-after"], refused.headers["x-content-type-options"]) == ("1", "nosniff")
    assert (await world.http.get("/v1/launches", headers={"Slipway-Project": "other"})).status_code == 429
    other = await world.http.get("/v1/launches", headers={"Authorization": "Bearer other.secret"})
    assert other.status_code == 200
    world.now += 0.05
    assert (await world.http.get("/v1/launches")).status_code == 200


async def test_who_shows_nothing_is_counted_by_address(world: World) -> None:
    statuses = [(await world.http.post("/u/token", headers={"Authorization": ""})).status_code for _ in range(41)]
    assert statuses == [200] * 40 + [429]


async def test_events_arrive_one_by_one(world: World) -> None:
    go_on = asyncio.Event()

    async def events() -> AsyncIterator[bytes]:
        yield b"id: 1\ndata: {}\n\n"
        await go_on.wait()
        yield b"id: 2\ndata: {}\n\n"

    world["log"].answers["/v1/launches/l1/events"] = StreamingResponse(events(), media_type="text/event-stream")
    async with world.http.stream("GET", "/v1/launches/l1/events", headers={"Last-Event-ID": "0"}) as answer:
        parts = answer.aiter_text()
        assert await anext(parts) == "id: 1\ndata: {}\n\n"
        go_on.set()
        assert await anext(parts) == "id: 2\ndata: {}\n\n"
    assert world["log"].seen[0][2]["last-event-id"] == "0"


async def test_what_concerns_all_services_is_merged_and_the_missing_are_named(world: World) -> None:
    for upstream in world.upstreams.values():
        upstream.answers["/v1/partitions"] = JSONResponse({"items": [{"number": 0}]})
    await world["messaging"].stop()
    answer = (await world.http.get("/v1/partitions")).json()
    assert [item["service"] for item in answer["items"]] == ["launcher", "contacts", "executor", "log"]
    assert answer["unavailable"] == ["messaging"]
    for upstream in world.upstreams.values():
        upstream.answers["/v1/parked"] = JSONResponse({"code": "forbidden"}, 403)
    refused = await world.http.get("/v1/parked")
    assert (refused.status_code, refused.json()) == (403, {"code": "forbidden"})


def entry(second: int, id: int) -> dict[str, Any]:
    return {"at": f"2026-01-01T00:00:0{second}.000Z", "id": str(id), "action": "done"}


async def test_the_audit_is_that_of_all_services_newest_first(world: World) -> None:
    for service in SERVICES:
        world[service].answers["/v1/audit"] = JSONResponse({"items": [], "next": None})
    world["launcher"].answers["/v1/audit"] = JSONResponse({"items": [entry(5, 9), entry(1, 8)], "next": "older"})
    world["contacts"].answers["/v1/audit"] = JSONResponse({"items": [entry(3, 4)], "next": None})
    await world["log"].stop()
    page = (await world.http.get("/v1/audit?limit=2&thing=launch", headers={"Slipway-Project": "acme"})).json()
    assert [(row["service"], row["id"]) for row in page["items"]] == [("launcher", "9"), ("contacts", "4")]
    assert page["unavailable"] == ["log"]
    _, _, headers, _ = world["executor"].seen[-1]
    assert headers["slipway-project"] == "acme"
    world["launcher"].answers["/v1/audit"] = JSONResponse({"items": [entry(1, 8)], "next": None})
    asked = len(world["contacts"].seen)
    last = (await world.http.get("/v1/audit", params={"limit": 2, "cursor": page["next"]})).json()
    assert ([row["id"] for row in last["items"]], last["next"]) == (["8"], None)
    assert len(world["contacts"].seen) == asked, "who has no more is not asked"


@pytest.mark.parametrize(
    "query", ["cursor=x", "limit=0", "limit=501", "limit=many", "thing=xyz", "thing=xyz/1", "action=launch.pause"]
)
async def test_a_page_of_the_audit_that_cannot_be_is_refused(world: World, query: str) -> None:
    answer = await world.http.get(f"/v1/audit?{query}")
    assert (answer.status_code, bool(answer.json()["remedy"])) == (422, True)


async def test_a_parked_record_is_replayed_by_the_service_that_has_it(world: World) -> None:
    only(world, "/v1/parked/p%2F1", "executor")
    answer = await world.http.post("/v1/parked/p%2F1/replay")
    assert (answer.json()["service"], answer.json()["path"]) == ("executor", "/v1/parked/p%2F1/replay")
    replayed = [(up.name, path) for up in world.upstreams.values() for verb, path, _, _ in up.seen if verb == "POST"]
    assert [seen for seen in replayed if seen[1].endswith("replay")] == [("executor", "/v1/parked/p%2F1/replay")]


async def test_a_parked_record_is_shown_by_the_service_that_has_it(world: World) -> None:
    only(world, "/v1/parked/p1", "log")
    assert (await world.http.get("/v1/parked/p1")).status_code == 200
    named = await world.http.get("/v1/parked/p1?service=executor")
    assert (named.status_code, named.json()["code"]) == (404, "unknown_parked")


async def test_a_parked_record_that_nobody_or_several_have_is_not_replayed(world: World) -> None:
    only(world, "/v1/parked/p1")
    unknown = await world.http.post("/v1/parked/p1/replay")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_parked")
    only(world, "/v1/parked/p2", "executor", "log")
    several = await world.http.post("/v1/parked/p2/replay")
    assert (several.status_code, several.json()["code"]) == (409, "ambiguous")
    assert several.json()["remedy"].endswith("executor, log")
    narrowed = await world.http.post("/v1/parked/p2/replay?service=log")
    assert (narrowed.json()["service"], narrowed.json()["query"]) == ("log", "")
    assert (await world.http.post("/v1/parked/p2/replay?service=nobody")).json()["code"] == "unknown_service"
    await world["messaging"].stop()
    silent = await world.http.post("/v1/parked/p1/replay")
    assert (silent.status_code, "messaging did not answer" in silent.json()["detail"]) == (503, True)


async def test_who_may_not_replay_is_refused_by_the_services(world: World) -> None:
    for upstream in world.upstreams.values():
        upstream.answers["/v1/parked/p1"] = JSONResponse({"code": "forbidden"}, 403)
    refused = await world.http.post("/v1/parked/p1/replay")
    assert (refused.status_code, refused.json()) == (403, {"code": "forbidden"})


def only(world: World, path: str, *services: str) -> None:
    """These have it, the others do not."""
    for upstream in world.upstreams.values():
        there = upstream.name in services
        upstream.answers[path] = JSONResponse({"code": "unknown_parked"}, 200 if there else 404)


async def test_a_service_that_breaks_off_its_answer_breaks_ours_off(world: World) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"first"
        raise RuntimeError("gone")

    world["log"].answers["/v1/launches/l1/outcomes"] = StreamingResponse(broken(), media_type="text/csv")
    with capture_logs(), pytest.raises(httpx.RemoteProtocolError):
        await world.http.get("/v1/launches/l1/outcomes")


async def test_a_launcher_in_trouble_is_not_the_callers_fault(world: World) -> None:
    world["launcher"].answers["/internal/tokens"] = Response("Internal Server Error", 500)
    answer = await world.http.get("/v1/groups")
    assert (answer.status_code, answer.json()["code"], answer.json()["service"]) == (503, "unavailable", "launcher")


def test_console_carries_neither_kafka_nor_postgres_in_memory() -> None:
    import subprocess
    import sys

    heavy = ("aiokafka", "asyncpg", "faststream")
    code = f"import console.app, runtime.process, sys; print([name for name in {heavy!r} if name in sys.modules])"
    done: Any = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
