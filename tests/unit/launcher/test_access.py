"""launcher's doors: what cannot be added to them, and who is the administrator."""

from functools import cache
from types import SimpleNamespace
from typing import Any, cast

import pytest
from fastapi import APIRouter, FastAPI

from launcher.api.doors import Doors
from launcher.app import build
from launcher.settings import Settings

SECRET = "s" * 32


@cache
def router() -> APIRouter:
    settings = Settings(secret_key=SECRET, token_key=SECRET, mode="local", admin_token="admin." + SECRET)
    routes = build(settings).routes
    assert routes is not None
    return routes(cast(Any, SimpleNamespace(settings=settings, pool=None, partitions=8)))


def test_a_route_without_a_row_cannot_be_added() -> None:
    doors = Doors(cast(Any, SimpleNamespace(pool=None)), cast(Any, None), cast(Any, None))
    with pytest.raises(KeyError):
        doors("DELETE", "/v1/everything")


def test_a_route_of_another_service_cannot_be_added() -> None:
    doors = Doors(cast(Any, SimpleNamespace(pool=None)), cast(Any, None), cast(Any, None))
    with pytest.raises(KeyError, match="messaging"):
        doors("GET", "/v1/launches/{launch_id}/deliveries")


def test_the_routes_describe_themselves() -> None:
    app = FastAPI()
    app.include_router(router())
    paths = app.openapi()["paths"]
    described = [operation.get("description") for path in paths.values() for operation in path.values()]
    assert all(described)


def test_the_administrators_token_counts_on_a_local_platform_only() -> None:
    token = "admin." + SECRET
    assert Settings(mode="local", admin_token=token).administrator == token
    assert Settings(mode="production", admin_token=token).administrator is None
    assert Settings(mode="local").administrator is None
