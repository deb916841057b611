"""The OpenAPI document of the public address: the services' own descriptions, by the one table of routes."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any, cast

from fastapi import FastAPI

from contracts.access import INTERNAL, ROUTES, Access, Door
from runtime.problems import MEDIA_TYPE
from runtime.service import Service
from runtime.settings import Settings
from runtime.web import operations

Document = dict[str, Any]
VERSION = "3.1.0"
SCHEMAS = "#/components/schemas/"
AUDIT = "/v1/audit"
"""Merged page by page."""
RESPONSES = "#/components/responses/"
DESCRIPTION = """Everything that the command line does, below one address. Refusals are problem documents (RFC 9457)
with a `code`, a `detail` and a `remedy`. Lists are read page by page: `next` of a page is the `cursor` of the page
behind it. A parameter that there is not is refused (422 `unknown_parameter`, with those that there are), never passed
over; so is one that is given twice (422 `repeated_parameter`). Addresses that are open to everybody take whatever is
appended to them. A request that makes something takes an `Idempotency-Key`: repeated with the same key and body it
answers the same again."""
BEARER = """`Authorization: Bearer <id>.<secret>` of a key or a user. It is of one project; an administrator of the
installation says with the header `Slipway-Project` which one is meant."""
PROBLEM: Document = {
    "title": "Problem",
    "description": "What is wrong, and what to do about it (RFC 9457).",
    "type": "object",
    "required": ["type", "title", "status", "code", "detail", "remedy"],
    "properties": {
        "type": {"type": "string", "description": "`urn:slipway:problem:<code>`"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "For programs: stays the same when words change."},
        "detail": {"type": "string"},
        "remedy": {"type": "string", "description": "What to do."},
        "errors": {
            "type": "array",
            "description": "Of a malformed request: each place that is wrong.",
            "items": {
                "type": "object",
                "required": ["place", "message"],
                "properties": {"place": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}
ANYWHERE = {
    422: "It cannot be done as asked.",
    429: "Too many requests: `Retry-After` says when.",
    503: "A part of the platform is away for a moment.",
    504: "A part of the platform does not answer.",
}
GUARDED = {
    400: "An administrator did not say which project.",
    401: "Nobody valid is named.",
    403: "The caller may not.",
    404: "There is no such thing in this project.",
}
CHANGING = {409: "Its state, or another request, is in the way.", 412: "It has changed since `If-Match`."}
WITH_BODY = {408: "The body does not come.", 413: "The body is too large.", 415: "The body is of another media type."}
REFUSALS = ANYWHERE | GUARDED | CHANGING | WITH_BODY


def document(services: Iterable[Service]) -> Document:
    """Raises ValueError if a route has no row in the table."""
    described = {service.name: _described(service) for service in services}
    own = {name: each.get("components", {}).get("schemas", {}) for name, each in described.items()}
    names = _names(own)
    paths: defaultdict[str, Document] = defaultdict(dict)
    schemas: Document = {"Problem": PROBLEM}
    for service, each in described.items():
        schemas |= {names[service][name]: _renamed(schema, names[service]) for name, schema in own[service].items()}
        for method, path, operation in _operations(each):
            row = ROUTES.get((method, path))
            if row is None:
                raise ValueError(f"{method} {path} of {service} has no row in contracts.access")
            if row.service == service and not path.startswith(INTERNAL):
                paths[path][method.lower()] = _public(_renamed(operation, names[service]), method, path, row)
    return {
        "openapi": VERSION,
        "info": {"title": "Slipway", "version": "1", "description": DESCRIPTION},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": _reached(paths, schemas),
            "responses": {str(status): _refusal(text) for status, text in REFUSALS.items()},
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "description": BEARER}},
        },
    }


def _described(service: Service) -> Document:
    """Of all its routes, with a stand-in for what they read and write."""
    app = FastAPI()
    assert service.routes is not None
    resources = SimpleNamespace(settings=Settings.model_construct(), pool=None, partitions=8, transaction=None)
    app.include_router(service.routes(cast(Any, resources)))
    app.include_router(operations(None))
    return app.openapi()


def _operations(described: Document) -> Iterator[tuple[str, str, Document]]:
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def _public(operation: Document, method: str, path: str, row: Access) -> Document:
    """As it is seen from outside."""
    parts = [part for part in path.split("/")[1:] if part != "v1"]
    parameters = [_parameter(each) for each in operation.get("parameters", ())]
    if row.also and not row.merged:
        parameters.append(_whose(path, row))
    public = row.permission is Door.PUBLIC
    found = {
        **operation,
        "operationId": "_".join([method.lower(), *(part.strip("{}").replace("-", "_") for part in parts)]),
        "tags": [parts[0]],
        "parameters": parameters,
        "security": [] if public else [{"bearer": []}],
        "responses": _responses(operation, method, path, public, row.merged),
    }
    return found if parameters else {name: value for name, value in found.items() if name != "parameters"}


def _parameter(parameter: Document) -> Document:
    """Without null: what is in a path, a query or a header is a text or is left out."""
    schema = parameter["schema"]
    given = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    if len(given) == 1:
        schema = {**{name: value for name, value in schema.items() if name != "anyOf"}, **given[0]}
    return {**parameter, "schema": schema}


def _whose(path: str, row: Access) -> Document:
    required = not path.startswith("/v1/parked/")
    text = "Whose is meant." if required else "Whose is meant, if several services have one of this id."
    schema = {"type": "string", "enum": list(row.services)}
    return {"name": "service", "in": "query", "required": required, "description": text, "schema": schema}


def _responses(operation: Document, method: str, path: str, public: bool, merged: bool) -> Document:
    own = {int(status): answer for status, answer in operation["responses"].items() if status != "422"}
    refusals = set(ANYWHERE) | (own.keys() & REFUSALS.keys())
    own = {status: answer for status, answer in own.items() if status not in REFUSALS or "content" in answer}
    if not public:
        refusals |= GUARDED.keys()
    if "{" in path:
        refusals.add(404)
    if method != "GET":
        refusals |= CHANGING.keys()
    if "requestBody" in operation:
        refusals |= WITH_BODY.keys()
    found: dict[int, Document] = {status: {"$ref": RESPONSES + str(status)} for status in refusals} | own
    if merged:
        found[200] = _merged(own[200], path)
    return {str(status): found[status] for status in sorted(found)}


def _refusal(text: str) -> Document:
    return {"description": text, "content": {MEDIA_TYPE: {"schema": {"$ref": SCHEMAS + "Problem"}}}}


def _merged(answer: Document, path: str) -> Document:
    """The lists of several services in one."""
    item: Document = {"type": "object", "required": ["service"], "properties": {"service": {"type": "string"}}}
    paged: Document = {}
    if path == AUDIT:
        item = {"allOf": [{"$ref": SCHEMAS + "AuditEntry"}, item]}
        paged = {"next": {"type": ["string", "null"], "description": "Cursor of the page behind it."}}
    properties = {
        "items": {"type": "array", "items": item, "description": "Each with the `service` it is of."},
        "unavailable": {"type": "array", "items": {"type": "string"}, "description": "Services that did not answer."},
        **paged,
    }
    schema = {"type": "object", "required": list(properties), "properties": properties}
    return {**answer, "content": {"application/json": {"schema": schema}}}


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    """With references by the new names, and without the titles that repeat a name in other letters."""
    if isinstance(value, list):
        return [_renamed(each, names) for each in value]
    if not isinstance(value, dict):
        return value
    titled = isinstance(value.get("title"), str)
    found = {name: _renamed(each, names) for name, each in value.items() if name != "title" or not titled}
    if isinstance(reference := found.get("$ref"), str):
        name = reference.removeprefix(SCHEMAS)
        found["$ref"] = SCHEMAS + names.get(name, name)
    return found


def _named(value: Any) -> Iterator[str]:
    """Names of the schemas that this refers to."""
    if isinstance(value, list):
        for each in value:
            yield from _named(each)
    elif isinstance(value, dict):
        if isinstance(reference := value.get("$ref"), str) and reference.startswith(SCHEMAS):
            yield reference.removeprefix(SCHEMAS)
        for each in value.values():
            yield from _named(each)


def _names(schemas: Mapping[str, Document]) -> dict[str, dict[str, str]]:
    """By service: what its schemas are called here. Those that differ under one name are told apart by the service."""
    there = defaultdict(list)
    for own in schemas.values():
        for name, schema in own.items():
            there[name].append(schema)
    clashing: set[str] = set()
    found = {name for name, alike in there.items() if any(schema != alike[0] for schema in alike)}
    while found - clashing:
        clashing |= found
        found = {name for name, alike in there.items() if len(alike) > 1 and clashing & set(_named(alike))}
    return {
        service: {name: (service.title() if name in clashing else "") + _readable(name) for name in own}
        for service, own in schemas.items()
    }


def _readable(name: str) -> str:
    """`Page_LaunchShown_` is LaunchShownPage."""
    return re.sub(r"^([A-Za-z]+)_(\w+)_$", r"\2\1", name)


def _reached(paths: Document, schemas: Document) -> Document:
    """Those schemas that the paths use, and what these use."""
    found: Document = {}
    left = {"Problem", *_named(paths)}
    while left:
        name = left.pop()
        found[name] = schemas[name]
        left |= set(_named(schemas[name])) - found.keys()
    return found
