"""contacts over HTTP: its routes, each with the permission it needs."""

from fastapi import APIRouter

from contacts.api import conditions, contacts, counting, groups, ledger, segments, suppressions
from contacts.api.doors import Doors

__all__ = ["Doors", "build_routes"]


def build_routes(doors: Doors) -> APIRouter:
    router = APIRouter(prefix="/v1")
    for part in (contacts, groups, segments, suppressions, ledger):
        router.include_router(part.routes(doors))
    all_of_them = APIRouter()
    all_of_them.include_router(router)
    all_of_them.include_router(counting.routes(doors))
    all_of_them.include_router(conditions.routes(doors))
    return all_of_them
