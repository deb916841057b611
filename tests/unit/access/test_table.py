"""Deny by default: no route of any service and no command without a row in the one table, and none that differs."""

from collections.abc import Iterator
from functools import cache
from operator import attrgetter
from types import SimpleNamespace
from typing import Any, cast, get_args

import pytest
from fastapi import APIRouter
from fastapi.routing import RouteContext
from prometheus_client import CollectorRegistry
from pydantic import BaseModel

import contacts.app
import contacts.settings
import executor.app
import launcher.app
import launcher.settings
import log.app
import messaging.app
import messaging.settings
from contracts.access import COMMANDS, INTERNAL, ROUTES, Access, Door
from contracts.scenario import Part
from contracts.topics import TOPICS
from contracts.words import Permission
from fakes.mailer import FakeMailer
from messaging.adapters.metrics import PrometheusMeter
from runtime.guards import guards, is_public, routes_of
from runtime.service import Service
from runtime.settings import Settings
from runtime.tokens import EVERYTHING
from runtime.web import operations

SECRET = "s" * 32
Route = tuple[str, str]


@cache
def services() -> dict[str, Service]:
    settings = Settings(secret_key=SECRET, token_key=SECRET)
    built = (
        launcher.app.build(launcher.settings.Settings(secret_key=SECRET, token_key=SECRET)),
        contacts.app.build(contacts.settings.Settings(secret_key=SECRET, token_key=SECRET)),
        executor.app.build(settings),
        messaging.app.build(
            messaging.settings.MessagingSettings(), mailer=FakeMailer(), meter=PrometheusMeter(CollectorRegistry())
        ),
        log.app.build(settings),
    )
    return {service.name: service for service in built}


def registered(service: str) -> dict[Route, RouteContext]:
    """Every route of the service as a process serves it, health and metrics aside."""
    own = services()[service].routes
    assert own is not None
    resources = SimpleNamespace(settings=Settings(), pool=None, partitions=8, transaction=None)
    return dict(_routes(own(cast(Any, resources)), operations(None)))


def _routes(*routers: APIRouter) -> Iterator[tuple[Route, RouteContext]]:
    for route in routes_of(*routers):
        assert route.path_format and route.dependant, "a mounted application, or what else has no permission"
        for method in route.methods or ():
            yield (method, route.path_format), route


def rows(service: str) -> dict[Route, Access]:
    return {route: access for route, access in ROUTES.items() if service in access.services}


def differences(service: str, found: dict[Route, RouteContext]) -> tuple[set[Route], set[Route]]:
    """Routes without a row, and rows without a route."""
    return found.keys() - rows(service).keys(), rows(service).keys() - found.keys()


@pytest.mark.parametrize("service", sorted(services()))
def test_the_routes_of_a_service_are_its_rows(service: str) -> None:
    assert differences(service, registered(service)) == (set(), set())


def test_a_route_without_a_row_is_found() -> None:
    router = APIRouter()

    @router.delete("/v1/everything")
    async def delete_everything() -> None: ...

    assert differences("log", dict(_routes(router)))[0] == {("DELETE", "/v1/everything")}


def test_a_list_goes_on_from_the_path_of_what_it_is_of() -> None:
    for (_, path), access in ROUTES.items():
        if access.within is not None:
            assert path.rpartition("/")[0] == access.within
            assert ROUTES["GET", access.within].permission is access.permission, "whoever lists may ask whether it is"


@pytest.mark.parametrize("service", sorted(services()))
def test_every_route_wants_what_its_row_says(service: str) -> None:
    for path, route in registered(service).items():
        access, found = ROUTES[path], guards(route.dependant)
        wanted = {(guard.permission, guard.alternative) for guard in found}
        assert is_public(route) == (access.permission in (Door.PUBLIC, Door.CREDENTIALS)), path
        if is_public(route):
            assert not found, path
        elif access.permission is Door.ADMINISTRATOR:
            assert wanted <= {(EVERYTHING, None), (Permission.USERS_MANAGE, None)}, path
            assert found and all(guard.across_projects for guard in found), path
        else:
            assert wanted == {(access.permission, access.alternative)}, path


@pytest.mark.parametrize("service", sorted(services()))
def test_what_services_ask_of_each_other_may_be_newer_than_who_is_asked(service: str) -> None:
    """Fields that are not known are passed over, at every level. A scenario's are not: it would run without them."""
    for path, route in registered(service).items():
        if path[1].startswith(INTERNAL):
            shapes = {each for field in route.dependant.body_params for each in _models(field.field_info.annotation)}
            strict = {each for each in shapes if each.model_config.get("extra") == "forbid"}
            assert all(issubclass(each, Part) for each in strict), path
            required = [field.alias for field in route.dependant.query_params + route.dependant.header_params
                        if field.field_info.is_required()]  # fmt: skip
            assert not required, path


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        if not issubclass(annotation, Part):
            for field in annotation.model_fields.values():
                yield from _models(field.annotation)
    for inner in get_args(annotation):
        yield from _models(inner)


def test_the_requests_between_services_are_looked_at() -> None:
    found = {name for service in services() for path, route in registered(service).items()
             if path[1].startswith(INTERNAL) for field in route.dependant.body_params
             for name in map(attrgetter("__name__"), _models(field.field_info.annotation))}  # fmt: skip
    assert {"CountGiven", "BehindGiven", "ScenarioVersion", "Options", "Groups", "Scenario"} <= found


def test_every_route_belongs_to_services_that_there_are() -> None:
    assert {service for access in ROUTES.values() for service in access.services} == services().keys()


def test_only_what_several_services_have_is_merged() -> None:
    assert all(access.also for access in ROUTES.values() if access.merged)


def test_every_command_of_the_topic_has_a_permission() -> None:
    assert set(COMMANDS) == {event.TYPE for event in TOPICS["crm.commands"].events}
    assert all(isinstance(permission, Permission) for permission in COMMANDS.values())
