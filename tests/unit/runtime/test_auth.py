"""Tokens and permissions: deny by default, one algorithm, one project."""

import base64
import json
import time
from collections.abc import AsyncIterator
from typing import Annotated

import httpx
import pytest
from fastapi import Depends, FastAPI

from runtime import problems
from runtime.auth import requires
from runtime.settings import Settings
from runtime.tokens import Caller, InvalidToken, mint, verify

KEY = "t" * 32
ANN = Caller("acme", "ann", frozenset({"view"}))
ROOT = Caller("*", "root", frozenset({"*"}))


def tampered(token: str, part: int, **changes: object) -> str:
    parts = token.split(".")
    data = json.loads(base64.urlsafe_b64decode(parts[part] + "=="))
    parts[part] = base64.urlsafe_b64encode(json.dumps(data | changes).encode()).rstrip(b"=").decode()
    return ".".join(parts)


def unsigned(token: str) -> str:
    return tampered(token, 0, alg="none").rpartition(".")[0] + "."


def test_a_minted_token_says_who_is_calling() -> None:
    assert verify(mint(ANN, KEY), KEY) == ANN


def test_a_token_ends_after_ten_minutes() -> None:
    token = mint(ANN, KEY, now=1_000_000)
    assert verify(token, KEY, now=1_000_000 + 600) == ANN
    with pytest.raises(InvalidToken):
        verify(token, KEY, now=1_000_000 + 631)


@pytest.mark.parametrize(
    "token",
    [
        mint(ANN, "x" * 32),
        unsigned(mint(ANN, KEY)),
        tampered(mint(ANN, KEY), 0, alg="HS512"),
        tampered(mint(ANN, KEY), 1, project="other"),
        tampered(mint(ANN, KEY), 1, exp=9_999_999_999),
        mint(ANN, KEY, seconds=-60),
        "",
        "a.b.c",
        "é",
        "acme-1.secret",
    ],
)
def test_a_forged_or_expired_token_is_refused(token: str) -> None:
    with pytest.raises(InvalidToken):
        verify(token, KEY)


@pytest.mark.parametrize("claim", [{"aud": "others"}, {"iss": "others"}, {"exp": None}])
def test_a_token_for_or_from_somebody_else_is_refused(claim: dict[str, object]) -> None:
    from joserfc import jwt
    from joserfc.jwk import OctKey

    good = {"iss": "slipway-launcher", "aud": "slipway", "sub": "ann", "iat": 0, "exp": 9_999_999_999}
    claims = {**good, "project": "acme", "grants": [], **claim}
    token = jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(KEY))
    with pytest.raises(InvalidToken):
        verify(token, KEY)


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.state.settings = Settings(token_key=KEY)
    problems.install(app)

    @app.get("/launches")
    async def launches(caller: Annotated[Caller, Depends(requires("view"))]) -> str:
        return f"{caller.subject} in {caller.project}"

    @app.post("/launches")
    async def launch(caller: Annotated[Caller, Depends(requires("process:start"))]) -> str:
        return caller.subject

    @app.get("/projects")
    async def projects(caller: Annotated[Caller, Depends(requires("view", across_projects=True))]) -> str:
        return caller.project

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service") as client:
        yield client


def bearing(caller: Caller, **headers: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {mint(caller, KEY)}", **headers}


async def test_a_permitted_caller_is_let_in(client: httpx.AsyncClient) -> None:
    answer = await client.get("/launches", headers=bearing(ANN))
    assert (answer.status_code, answer.json()) == (200, "ann in acme")


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer x.y.z"}, {"Authorization": "Basic eDp5"}])
async def test_without_a_token_nothing_is_answered(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    answer = await client.get("/launches", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("hours", [-2, 2])
async def test_where_clocks_differ_it_is_said(client: httpx.AsyncClient, hours: int) -> None:
    token = mint(ANN, KEY, now=time.time() + hours * 3600)
    answer = await client.get("/launches", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert "set the clocks right" in answer.json()["remedy"]


async def test_a_missing_permission_is_named(client: httpx.AsyncClient) -> None:
    answer = await client.post("/launches", headers=bearing(ANN))
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert "process:start" in answer.json()["detail"]
    assert answer.json()["remedy"].endswith("""`POST /v1/users/ann/grant {"grants": ["process:start", "view"]}`""")


async def test_a_key_does_not_reach_another_project(client: httpx.AsyncClient) -> None:
    answer = await client.get("/launches", headers=bearing(ANN, **{"Slipway-Project": "other"}))
    assert (answer.status_code, answer.json()["code"]) == (403, "wrong_project")


async def test_an_administrator_says_which_project(client: httpx.AsyncClient) -> None:
    answer = await client.get("/launches", headers=bearing(ROOT, **{"Slipway-Project": "acme"}))
    assert answer.json() == "root in acme"
    answer = await client.get("/launches", headers=bearing(ROOT))
    assert (answer.status_code, answer.json()["code"]) == (400, "project_missing")
    answer = await client.get("/projects", headers=bearing(ROOT))
    assert answer.json() == "*"
