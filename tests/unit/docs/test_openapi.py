"""The committed OpenAPI document says what the table of routes says, and nothing in it leads nowhere."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contracts.access import INTERNAL, ROUTES, Door

ROOT = Path(__file__).parents[3]
DOCUMENT: dict[str, Any] = json.loads((ROOT / "services/console/src/console/openapi.json").read_text("utf-8"))
Operation = tuple[str, str, dict[str, Any]]


def operations() -> Iterator[Operation]:
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


EACH = pytest.mark.parametrize(
    ("method", "path", "operation"), [pytest.param(*each, id=" ".join(each[:2])) for each in operations()]
)


@EACH
def test_every_operation_is_a_row_that_is_seen_from_outside(method: str, path: str, operation: dict[str, Any]) -> None:
    row = ROUTES[method, path]
    assert not path.startswith(INTERNAL)
    assert operation["security"] == ([] if row.permission is Door.PUBLIC else [{"bearer": []}])


@EACH
def test_every_operation_says_what_it_answers(method: str, path: str, operation: dict[str, Any]) -> None:
    statuses = operation["responses"].keys()
    assert {"422", "429", "503"} <= statuses
    assert {"401", "403", "404"} <= statuses or operation["security"] == []
    done = [operation["responses"][status] for status in statuses if status < "300"]
    assert done and all("content" in answer or "204" in statuses for answer in done)


@EACH
def test_a_path_names_its_parameters(method: str, path: str, operation: dict[str, Any]) -> None:
    named = [each["name"] for each in operation.get("parameters", ()) if each["in"] == "path"]
    assert sorted(named) == sorted(re.findall(r"{(\w+)}", path))


def test_what_makes_a_launch_takes_an_idempotency_key() -> None:
    parameters = DOCUMENT["paths"]["/v1/launches"]["post"]["parameters"]
    assert [(each["name"], each["required"]) for each in parameters] == [("Idempotency-Key", True)]


def test_no_two_operations_share_an_id() -> None:
    ids = [operation["operationId"] for _, _, operation in operations()]
    assert len(ids) == len(set(ids))


def test_every_reference_resolves() -> None:
    for reference in set(re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(DOCUMENT))):
        place: Any = DOCUMENT
        for part in reference.split("/"):
            place = place[part]
