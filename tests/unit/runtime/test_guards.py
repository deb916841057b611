"""A process does not serve a route that nobody guards."""

from typing import Annotated

import pytest
from fastapi import APIRouter, Depends, FastAPI

from runtime.auth import Caller, requires
from runtime.guards import PUBLIC, unguarded
from runtime.health import Readiness
from runtime.settings import Settings
from runtime.web import Web, operations

Viewer = Annotated[Caller, Depends(requires("view"))]


async def named(caller: Viewer) -> None: ...


async def guarded(_: Annotated[None, Depends(named)]) -> None: ...


async def anybody() -> None: ...


def test_a_route_without_a_guard_is_named_however_deep_it_is() -> None:
    inner, outer = APIRouter(), APIRouter(prefix="/v1")
    inner.add_api_route("/open/{id:path}", anybody, methods=["GET", "DELETE"])
    inner.add_api_route("/guarded", guarded, methods=["GET"])
    outer.include_router(inner, prefix="/in")
    assert unguarded(outer) == ["DELETE /v1/in/open/{id:path}", "GET /v1/in/open/{id:path}"]


def test_a_guard_may_stand_at_the_parameter_the_route_or_the_router() -> None:
    inner, router = APIRouter(), APIRouter(dependencies=[Depends(requires("view"))])
    inner.add_api_route("/parameter", named)
    inner.add_api_route("/nested", guarded)
    inner.add_api_route("/route", anybody, dependencies=[Depends(requires("view"))])
    router.add_api_route("/router", anybody)
    assert unguarded(inner, router, operations(None)) == []


def test_a_public_route_says_so() -> None:
    router = APIRouter()
    router.add_api_route("/u/{token}", anybody, openapi_extra=PUBLIC)
    assert unguarded(router) == []


def test_a_mounted_application_is_unguarded() -> None:
    router = APIRouter()
    router.mount("/inside", FastAPI())
    assert unguarded(router) == ["any /inside"]


def test_an_unguarded_route_is_not_served() -> None:
    router, web = APIRouter(), Web("log", Settings(), Readiness("log"))
    router.add_api_route("/v1/everything", anybody, methods=["DELETE"])
    with pytest.raises(RuntimeError, match="DELETE /v1/everything"):
        web.open(router)
