"""Deny by default: which routes of a service have nobody at the door.

A route names `runtime.auth.requires(...)` among its dependencies, or says that it is open to everybody:

    @router.post("/u/{token}", openapi_extra=PUBLIC)
"""

from collections.abc import Iterator
from typing import Any, Final

from fastapi import APIRouter
from fastapi.dependencies.models import Dependant
from fastapi.routing import RouteContext, iter_route_contexts

from runtime.auth import Requires

PUBLIC: Final[dict[str, Any]] = {"x-public": True}
"""`openapi_extra` of a route that judges by itself who is asking, or that anybody may ask."""


def routes_of(*routers: APIRouter) -> Iterator[RouteContext]:
    """Every route, however routers are nested."""
    for router in routers:
        yield from iter_route_contexts(router.routes)


def guards(dependant: Dependant) -> list[Requires]:
    """Every one that a request has to pass."""
    own = [dependant.call] if isinstance(dependant.call, Requires) else []
    return own + [guard for inner in dependant.dependencies for guard in guards(inner)]


def is_public(route: RouteContext) -> bool:
    return bool((getattr(route, "openapi_extra", None) or {}).get("x-public"))


def unguarded(*routers: APIRouter) -> list[str]:
    """Routes, as `GET /path`, that neither want a permission nor say that they are public; sorted."""
    return sorted(
        f"{method} {route.path}"
        for route in routes_of(*routers)
        if not is_public(route) and not guards(getattr(route, "dependant", None) or Dependant())
        for method in route.methods or ("any",)
    )
