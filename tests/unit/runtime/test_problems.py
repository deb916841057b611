"""Whatever goes wrong over HTTP is one kind of document, and gives nothing away."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from pydantic import BaseModel

from runtime import problems
from runtime.errors import Permanent
from runtime.problems import Problem


class Body(BaseModel):
    count: int


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    problems.install(app, unavailable=(ConnectionError,))

    @app.get("/problem")
    async def problem() -> None:
        raise Problem(409, "running", "still at it", "wait", points=[1])

    @app.post("/body")
    async def body(body: Body) -> None: ...

    @app.get("/down")
    async def down() -> None:
        raise ConnectionRefusedError("10.0.0.1 hunter2")

    @app.get("/permanent")
    async def permanent() -> None:
        raise Permanent("larger than 4 MiB")

    @app.get("/bug")
    async def bug() -> None:
        raise KeyError("hunter2")

    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
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
