"""Deny by default: no route and no command without a row in the table of permissions."""

from functools import cache
from types import SimpleNamespace
from typing import Any, cast

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

from contracts.topics import TOPICS
from contracts.words import Permission
from launcher.api.doors import Doors
from launcher.app import build
from launcher.domain.access import COMMANDS, ROUTES, Door
from launcher.settings import Settings

SECRET = "s" * 32


@cache
def router() -> APIRouter:
    settings = Settings(secret_key=SECRET, token_key=SECRET, mode="local", admin_token="admin." + SECRET)
    routes = build(settings).routes
    assert routes is not None
    return routes(cast(Any, SimpleNamespace(settings=settings, pool=None, partitions=8)))


def registered() -> dict[tuple[str, str], APIRoute]:
    return {
        (method, route.path): route
        for route in router().routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }


def test_the_table_and_the_routes_are_the_same() -> None:
    assert set(registered()) == set(ROUTES)


@pytest.mark.parametrize("path", sorted(ROUTES))
def test_every_route_but_that_of_credentials_is_guarded(path: tuple[str, str]) -> None:
    guarded = [dependency.dependency for dependency in registered()[path].dependencies]
    assert bool(guarded) is (ROUTES[path] is not Door.CREDENTIALS)


def test_a_route_without_a_row_cannot_be_added() -> None:
    doors = Doors(cast(Any, SimpleNamespace(pool=None)), cast(Any, None))
    with pytest.raises(KeyError):
        doors("DELETE", "/v1/everything")


def test_every_command_of_the_topic_has_a_permission() -> None:
    assert set(COMMANDS) == {event.TYPE for event in TOPICS["crm.commands"].events}
    assert all(isinstance(permission, Permission) for permission in COMMANDS.values())


def test_the_routes_describe_themselves() -> None:
    app = FastAPI()
    app.include_router(router())
    paths = app.openapi()["paths"]
    assert {path for _, path in ROUTES} == set(paths)
    described = [operation.get("description") for path in paths.values() for operation in path.values()]
    assert all(described)


def test_the_administrators_token_counts_on_a_local_platform_only() -> None:
    token = "admin." + SECRET
    assert Settings(mode="local", admin_token=token).administrator == token
    assert Settings(mode="production", admin_token=token).administrator is None
    assert Settings(mode="local").administrator is None
