"""Every operation that the OpenAPI document names, and requests to try it with, made from its schemas."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from contracts.access import ROUTES, Access
from e2e.slipway import Slipway

FILE = Path(__file__).parents[2] / "services/console/src/console/openapi.json"
DOCUMENT: dict[str, Any] = json.loads(FILE.read_text("utf-8"))


@dataclass(frozen=True)
class Operation:
    method: str
    path: str
    described: dict[str, Any]

    @property
    def access(self) -> Access:
        return ROUTES[self.method, self.path]

    @property
    def named(self) -> list[str]:
        """Its path parameters."""
        return [each["name"] for each in self.described.get("parameters", ()) if each["in"] == "path"]

    def sent(self, http: httpx.Client, ids: Mapping[str, str], **credentials: str) -> httpx.Response:
        """As small a request as its description allows, with these ids by name of parameter. Events are not read."""
        required = [each for each in self.described.get("parameters", ()) if each["required"]]
        query = {each["name"]: sample(each["schema"]) for each in required if each["in"] == "query"}
        query = {name: ids.get(name, value) for name, value in query.items()}
        headers = {each["name"]: sample(each["schema"]) for each in required if each["in"] == "header"}
        content = self.described.get("requestBody", {}).get("content", {})
        body = None
        if "application/json" in content:
            headers["Content-Type"] = "application/json"
            body = json.dumps(sample(content["application/json"]["schema"]))
        elif content:
            headers["Content-Type"], body = next(iter(content)), ""
        path = self.path.format_map({name: quote(value, safe="") for name, value in ids.items()})
        request = http.build_request(self.method, path, params=query, headers=headers | credentials, content=body)
        answer = http.send(request, stream=True)
        if answer.headers.get("content-type", "").startswith("text/event-stream"):
            answer.close()
        else:
            answer.read()
        return answer


def operations() -> Iterator[Operation]:
    for path, methods in DOCUMENT["paths"].items():
        for method, described in methods.items():
            yield Operation(method.upper(), path, described)


def sample(schema: Mapping[str, Any]) -> Any:
    """A small value that fits the schema."""
    if "$ref" in schema:
        return sample(DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return sample(schema[several][0])
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "object":
            properties = schema.get("properties", {})
            return {name: sample(properties[name]) for name in schema.get("required", ())}
        case "array":
            return [sample(schema["items"]) for _ in range(schema.get("minItems", 0))]
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return False
        case "null":
            return None
    return "x" * max(1, schema.get("minLength", 1))


def public_address(slipway: Slipway) -> str:
    (url,) = {row["url"] for row in slipway.status()["services"] if row["name"] == "console"}
    return str(url)
