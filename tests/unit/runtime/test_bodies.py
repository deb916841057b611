"""A key that stands twice in one object is refused by name, wherever a route takes a document."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, Request
from pydantic import BaseModel

from runtime import problems
from runtime.bodies import demand_readable
from runtime.nesting import DEEPEST

TWICE = '{"count": 1, "within": {"a": 1, "b": 2, "a": 3}}'


class Body(BaseModel):
    count: int
    within: dict[str, Any] = {}


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app, router = FastAPI(dependencies=[Depends(demand_readable)]), APIRouter(prefix="/v1")
    problems.install(app)

    @router.post("/document")
    async def document(body: Body) -> int:
        return body.count

    @router.post("/raw")
    async def raw(request: Request) -> int:
        return len(await request.body())

    @app.post("/internal/document")
    async def between_services(body: Body) -> int:
        return body.count

    app.include_router(router)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service") as client:
        yield client


async def posted(client: httpx.AsyncClient, path: str, content: str) -> httpx.Response:
    return await client.post(path, content=content, headers={"Content-Type": "application/json"})


async def test_a_key_that_stands_twice_is_refused_by_name(client: httpx.AsyncClient) -> None:
    answer = await posted(client, "/v1/document", TWICE)
    assert (answer.status_code, answer.json()["code"]) == (422, "duplicate_key")
    assert answer.headers["content-type"] == "application/problem+json"
    assert "`a` stands twice" in answer.json()["detail"]
    halves = await posted(client, "/v1/document", r'{"\ud800": 1, "\ud800": 2}')
    assert (halves.status_code, halves.json()["code"]) == (422, "duplicate_key"), "what is no text is told, too"


@pytest.mark.parametrize(
    ("path", "content", "told"),
    [
        ("/v1/document", '{"count": 1, "within": {"a": {"b": 1}, "b": {"a": 1}}}', 1),
        ("/v1/raw", TWICE, len(TWICE)),
        ("/internal/document", TWICE, 1),
    ],
)
async def test_what_is_said_once_or_read_elsewhere_is_taken(
    client: httpx.AsyncClient, path: str, content: str, told: int
) -> None:
    answer = await posted(client, path, content)
    assert (answer.status_code, answer.json()) == (200, told)


@pytest.mark.parametrize("content", ["", "{", '{"count": "x"}', "[]"])
async def test_what_else_is_wrong_is_told_as_before(client: httpx.AsyncClient, content: str) -> None:
    assert (await posted(client, "/v1/document", content)).json()["code"] == "invalid"


@pytest.mark.parametrize(
    ("content", "place", "message"),
    [
        (b'{"count": 1,\n "within": {"a": "\xff"}}', "body", "line 2, column 19: not UTF-8 at byte 31: send UTF-8"),
        (b'\xef\xbb\xbf{"count": 1}', "body", "line 1, column 1: begins with a byte order mark: leave it out"),
        (b'{"count": 1, "within": {"a": ' + b"9" * 5000 + b"}}", "body", "line 1, column 30: a number has more than"),
        (b'{"count": 1, "within": {"a": [1, NaN]}}', "body", "NaN is not JSON"),
        (b'{"count": 1, "within": {"a": [1, {"b": 1e999}]}}', "body.within.a[1].b", "contains a number"),
        (b'{"count": 1, "within": {"a": ["", "\\ud800"]}}', "body.within.a[1]", "contains half a surrogate pair"),
        (b'{"count": 1, "within": {"\\u0000": 1}}', "body.within", "contains U+0000 (NUL)"),
    ],
)  # fmt: skip
async def test_what_cannot_be_read_or_kept_is_told_with_its_place(
    client: httpx.AsyncClient, content: bytes, place: str, message: str
) -> None:
    """What the framework cannot read it refuses itself, without saying why."""
    answer = await client.post("/v1/document", content=content, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    [error] = answer.json()["errors"]
    assert error["place"] == place and error["message"].startswith(message)
    assert message in answer.json()["detail"] and answer.json()["remedy"]


@pytest.mark.parametrize("levels", [DEEPEST, 260, 900, 20_000])
async def test_what_is_nested_too_deep_is_refused(client: httpx.AsyncClient, levels: int) -> None:
    """The framework itself gives up at a thousand or more."""
    answer = await posted(client, "/v1/document", '{"a": ' + "[" * levels + "]" * levels + "}")
    assert (answer.status_code, answer.json()["code"]) == (422, "too_deep")
    assert answer.headers["content-type"] == "application/problem+json"


async def test_the_deepest_that_may_be_is_taken(client: httpx.AsyncClient) -> None:
    levels = DEEPEST - 2
    answer = await posted(client, "/v1/document", '{"count": 1, "within": {"a": ' + "[" * levels + "]" * levels + "}}")
    assert (answer.status_code, answer.json()) == (200, 1)
