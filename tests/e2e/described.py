"""Every operation that the OpenAPI document names, and requests to try it with, made from its schemas."""

import json
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from contracts.access import ROUTES, Access
from contracts.words import Permission
from e2e.slipway import Slipway

FILE = Path(__file__).parents[2] / "services/console/src/console/openapi.json"
EVERYBODY = {"kind": "all"}
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
    if {"type": "null"} in schema.get("anyOf", ()):
        return None
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


def prepared(slipway: Slipway, project: str, *contacts: str) -> httpx.Client:
    """Connected to a new project with the scenario `plain` and these contacts, who may get it; one in a group."""
    here = slipway.with_scenarios(project, "plain")
    people = [{"id": each, "email": f"{each}@example.com", "consent": {"promotional": True}} for each in contacts]
    people[-1]["groups"] = ["last"]
    here.imports(people)
    return here.http()


def bearer(http: httpx.Client, user: str, grants: Iterable[Permission]) -> str:
    """Credentials of a new user of the project."""
    made = http.post("/v1/users", json={"user": user, "grants": list(grants)}).raise_for_status()
    return f"Bearer {made.json()['token']}"


def launched(http: httpx.Client, scenario: str = "plain", participants: Mapping[str, Any] = EVERYBODY) -> str:
    """A launch that has completed: its id."""
    given = {"scenario": scenario, "participants": participants}
    asked = http.post("/v1/launches", json=given, headers={"Idempotency-Key": uuid.uuid4().hex}).raise_for_status()
    launch_id = str(asked.json()["launch_id"])
    with http.stream("GET", f"/v1/launches/{launch_id}/events", timeout=60) as events:
        assert any(line.startswith("event: launch.completed") for line in events.iter_lines())
    return launch_id
