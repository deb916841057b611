"""The typed client asks and understands what the OpenAPI document says, in every method."""

import inspect
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx
import jsonschema_rs
import pytest

from console.domain.owners import Row, find
from e2e.described import DOCUMENT, sample

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT / "examples" / "client"))
import slipway_client  # noqa: E402
from slipway_client import Contacts, Refused, Slipway, Unanswered  # noqa: E402

ODD = "a/b ?&%#ü"
GIVEN: dict[str, Any] = {
    "participants": Contacts((ODD,)),
    "contacts": [{"id": "c"}],
    "context": {"x": 1},
    "which": {"outcome": "failure"},
    "to": ["a@example.com"],
}
"""Of arguments that are no text."""
METHODS = [name for name, _ in inspect.getmembers(Slipway, inspect.isfunction) if not name.startswith("_")]


def described(request: httpx.Request) -> dict[str, Any]:
    """The operation that the request means; fails the test if it is none, or if the request is not as described."""
    row = find(request.method, request.url.raw_path.decode().partition("?")[0])
    assert isinstance(row, Row), request.url
    operation: dict[str, Any] = DOCUMENT["paths"][row.path][request.method.lower()]
    known = {each["name"].lower(): each for each in operation.get("parameters", ())}
    assert set(request.url.params) <= {name for name, each in known.items() if each["in"] == "query"}
    for name, each in known.items():
        assert not each["required"] or each["in"] == "path" or name in {*request.url.params, *request.headers}, name
    content = operation.get("requestBody", {}).get("content", {})
    if request.content:
        media_type = request.headers["content-type"]
        schema = {**content[media_type]["schema"], "components": DOCUMENT["components"]}
        is_json = media_type == "application/json"
        body = json.loads(request.content) if is_json else request.content.decode()
        jsonschema_rs.validator_for(schema).validate(body)
    else:
        assert not operation.get("requestBody", {}).get("required")
    return operation


def whole(schema: dict[str, Any]) -> Any:
    """A value with every property of the schema, so that what the client reads has to be among them."""
    if "$ref" in schema:
        schema = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if schema.get("type") == "object" and "properties" in schema:
        return {name: None if name == "next" else whole(each) for name, each in schema["properties"].items()}
    if schema.get("type") == "array":
        return [whole(schema["items"])]
    return sample(schema)


def answer(request: httpx.Request) -> httpx.Response:
    status, done = next(iter(described(request)["responses"].items()))
    if status == "204":
        return httpx.Response(204)
    media_type, content = next(iter(done["content"].items()))
    if "text/event-stream" in done["content"]:
        progress = whole({"$ref": "#/components/schemas/Progress"}) | {"state": "completed"}
        events = f"id: 1\ndata: {json.dumps(progress)}\n\n"
        return httpx.Response(200, text=events, headers={"content-type": "text/event-stream; charset=utf-8"})
    return httpx.Response(int(status), json=whole(content["schema"]), headers={"content-type": media_type})


@pytest.mark.parametrize("method", METHODS)
def test_every_method_asks_and_understands_what_is_described(method: str) -> None:
    seen = []

    def answered(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return answer(request)

    with Slipway("http://slipway", "key.secret", transport=httpx.MockTransport(answered)) as slipway:
        parameters = inspect.signature(getattr(slipway, method)).parameters
        given = {name: GIVEN.get(name, ODD if name.endswith("_id") else "x") for name in parameters}
        got = getattr(slipway, method)(**given)
        if isinstance(got, Iterator):
            assert list(got)
    assert seen
    assert all(request.headers["authorization"] == "Bearer key.secret" for request in seen)
    if any(name.endswith("_id") for name in parameters):
        assert ODD in [unquote(part) for part in seen[0].url.raw_path.decode().partition("?")[0].split("/")]


def test_a_field_that_the_document_does_not_have_is_found() -> None:
    with pytest.raises(KeyError, match="launch_id"):
        slipway_client.read(slipway_client.Stopped, {"state": "stopping"})


def test_a_refusal_says_what_to_do() -> None:
    problem = {"code": "too_many_requests", "detail": "too many", "remedy": "wait"}
    headers = {"content-type": "application/problem+json", "retry-after": "2"}
    transport = httpx.MockTransport(lambda _: httpx.Response(429, json=problem, headers=headers))
    with Slipway("http://slipway", "key.secret", transport=transport) as slipway, pytest.raises(Refused) as refused:
        slipway.stop("l1")
    assert (refused.value.code, refused.value.remedy, refused.value.retry_after) == ("too_many_requests", "wait", 2)


def away(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused", request=request)


def cut(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200, text="retry: 2000\n\n", headers={"content-type": "text/event-stream"})


@pytest.mark.parametrize("server", [away, cut])
def test_no_answer_and_one_that_breaks_off_are_told_apart_from_a_refusal(server: Any) -> None:
    with (
        Slipway("http://slipway", "key.secret", transport=httpx.MockTransport(server)) as slipway,
        pytest.raises(Unanswered, match="http://slipway"),
    ):
        list(slipway.watch("l-1"))


def test_another_program_at_that_address_is_told_as_such() -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, html="<html>router</html>"))
    with Slipway("http://slipway", "key.secret", transport=transport) as slipway, pytest.raises(Refused) as refused:
        slipway.stop("l1")
    assert (refused.value.code, refused.value.remedy) == ("not_slipway", "is that its address?")


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1:8080",
        "http://127.0.0.1:port",
        "slipway",
        "http://",
        "ftp://127.0.0.1:8080",
        "http://127.0.0.1:99999",
        "http://127.0.0.1:0",
    ],
)
def test_what_is_no_address_is_told_before_anything_is_asked(address: str) -> None:
    with pytest.raises(ValueError, match="is no address"):
        Slipway(address, "key.secret")


@pytest.mark.parametrize(
    "token", ["", " ", "key.secret ", "key.secret\n", "key. secret", "key", ".secret", "key.", "é.x"]
)
def test_what_is_no_token_is_told_before_anything_is_asked(token: str) -> None:
    with pytest.raises(ValueError, match="the token is no KEY_ID"):
        Slipway("http://127.0.0.1:8080", token)
