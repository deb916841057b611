"""What of the documentation comes from the code is what the code says now."""

import importlib
import json
import pkgutil
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

import contracts
from contracts.scenario import Scenario
from contracts.topics import TOPICS

ROOT = Path(__file__).parents[3]
DOCUMENT: dict[str, Any] = yaml.safe_load((ROOT / "docs/asyncapi/asyncapi.yaml").read_text("utf-8"))


def test_generated_documents_are_not_stale() -> None:
    """In a process of its own: it puts every service together, which other tests do as well."""
    command = [sys.executable, "docs/generate.py", "--check"]
    checked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert checked.returncode == 0, checked.stderr


def test_every_reference_in_the_asyncapi_document_resolves() -> None:
    for reference in set(re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(DOCUMENT))):
        place: Any = DOCUMENT
        for part in reference.split("/"):
            place = place[part]


def test_every_topic_has_its_writer_and_a_reader() -> None:
    operations = DOCUMENT["operations"]
    for topic in TOPICS.values():
        assert f"{topic.writer}.writes.{topic.name}" in operations
        assert DOCUMENT["channels"][topic.name]["address"] == topic.name


@pytest.mark.parametrize("name", ["LaunchRequest", "TargetsAdmitted", "OutcomeRecorded"])
def test_every_message_has_its_payload(name: str) -> None:
    (event,) = [event for topic in TOPICS.values() for event in topic.events if event.__name__ == name]
    message = DOCUMENT["components"]["messages"][event.TYPE]
    assert message["payload"] == {"$ref": f"#/components/schemas/{name}"}
    assert set(DOCUMENT["components"]["schemas"][name]["properties"]) == set(event.model_fields)


def test_no_two_models_share_a_name() -> None:
    """The document names schemas by class: two of one name would silently become one."""
    modules = defaultdict(set)
    for found in pkgutil.iter_modules(contracts.__path__, "contracts."):
        for value in vars(importlib.import_module(found.name)).values():
            if isinstance(value, type) and issubclass(value, BaseModel):
                modules[value.__name__].add(value.__module__)
    assert {name: where for name, where in modules.items() if name != "BaseModel" and len(where) > 1} == {}


def test_the_scenario_schema_names_fields_as_the_file_does() -> None:
    schema = json.loads((ROOT / "docs/schemas/scenario.json").read_text("utf-8"))
    assert set(schema["properties"]) == set(Scenario.model_fields)
    assert {"for", "until", "window"} == set(schema["$defs"]["Wait"]["properties"])
