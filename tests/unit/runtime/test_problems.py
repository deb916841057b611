"""Whatever goes wrong over HTTP is one kind of document, and gives nothing away."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI, Request
from pydantic import BaseModel
from starlette.requests import ClientDisconnect
from structlog.testing import capture_logs

from runtime import problems
from runtime.errors import Permanent
from runtime.problems import LimitRefusals, Problem


class Body(BaseModel):
    count: int


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI(max_body_size=1000)
    problems.install(app, unavailable=(ConnectionError,))

    @app.get("/problem")
    async def problem() -> None:
        raise Problem(409, "running", "still at it", "wait", points=[1])

    @app.post("/body")
    async def body(body: Body) -> None: ...

    @app.post("/large", max_body_size=3 << 20)
    async def large(request: Request) -> int:
        return len(await request.body())

    @app.get("/down")
    async def down() -> None:
        raise ConnectionRefusedError("10.0.0.1 hunter2")

    @app.get("/permanent")
    async def permanent() -> None:
        raise Permanent("larger than 4 MiB")

    @app.get("/gone")
    async def gone() -> None:
        raise ClientDisconnect

    @app.get("/bug")
    async def bug() -> None:
        raise KeyError("hunter2")

    transport = httpx.ASGITransport(LimitRefusals(app), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
        yield client


async def test_a_problem_is_answered_whole(client: httpx.AsyncClient) -> None:
    answer = await client.get("/problem")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "urn:slipway:problem:running",
        "title": "Conflict",
        "status": 409,
        "code": "running",
        "detail": "still at it",
        "remedy": "wait",
        "points": [1],
    }


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("POST", "/problem", 405, "method_not_allowed"),
        ("GET", "/down", 503, "unavailable"),
        ("GET", "/permanent", 422, "not_possible"),
        ("GET", "/bug", 500, "internal"),
    ],
)
async def test_every_failure_is_a_problem_without_secrets(
    client: httpx.AsyncClient, method: str, path: str, status: int, code: str
) -> None:
    answer = await client.request(method, path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["remedy"]
    assert "hunter2" not in answer.text


async def test_an_invalid_body_names_the_places_but_not_the_values(client: httpx.AsyncClient) -> None:
    answer = await client.post("/body", json={"count": "hunter2"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert answer.json()["errors"][0]["place"] == "body.count"
    assert "hunter2" not in answer.text


async def test_what_is_no_json_breaks_off_at_a_line_and_a_column(client: httpx.AsyncClient) -> None:
    answer = await client.post("/body", content=b'{\n  "count": }', headers={"Content-Type": "application/json"})
    [error] = answer.json()["errors"]
    assert (error["place"], error["message"]) == ("body", "line 2, column 12: not JSON: Expecting value")


@pytest.mark.parametrize("announced", [True, False])
@pytest.mark.parametrize(
    ("path", "size", "told"),
    [("/body", 1001, "larger than 1000 bytes"), ("/large", (3 << 20) + 1, "larger than 3 MiB")],
)
async def test_too_large_a_body_is_a_problem_too(
    client: httpx.AsyncClient, path: str, size: int, told: str, announced: bool
) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, size, 1000):
            yield b"x" * min(1000, size - start)

    answer = await client.post(path, content=b"x" * size if announced else pieces())
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert answer.headers["content-type"] == "application/problem+json"
    assert told in answer.json()["detail"] and answer.json()["remedy"]
    assert (await client.post("/large", content=b"x" * 2000)).json() == 2000


async def test_who_breaks_off_a_request_is_no_failure_of_ours(client: httpx.AsyncClient) -> None:
    with capture_logs() as logs:
        answer = await client.get("/gone")
    assert (answer.status_code, answer.content) == (499, b"")
    assert [(line["event"], line["log_level"]) for line in logs] == [("the client broke off its request", "info")]
