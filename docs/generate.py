"""Writes what of the documentation comes from the code: AsyncAPI, OpenAPI, JSON Schemas, the table of settings.

`make docs`, or `.venv/bin/python docs/generate.py [--check]`; a unit test runs the check.
"""

import importlib
import json
import sys
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import http_api
import yaml
from pydantic import BaseModel

from contracts.crm import ContactGiven
from contracts.scenario import Scenario
from contracts.topics import TOPICS, Topic
from runtime import asyncapi
from runtime.service import Service
from runtime.settings import Settings, environment_name

DOCS = Path(__file__).parent
OPENAPI = DOCS.parent / "services/console/src/console/openapi.json"
"""Beside the code of console, which serves it."""
STREAMING = ("launcher", "contacts", "executor", "messaging", "log")
SERVICES = (*STREAMING, "console")
OUTSIDE = "CRM"
"""Writes the `crm.*` topics and reads the other public ones."""
DIALECT = "https://json-schema.org/draft/2020-12/schema"

HEADERS: dict[str, Any] = {
    "description": "CloudEvents 1.0, Kafka binding, binary mode. `crm.*` are read in structured mode as well.",
    "type": "object",
    "required": ["ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time", "content-type"],
    "properties": {
        "ce_specversion": {"const": "1.0"},
        "ce_id": {"type": "string", "description": "Unique per `ce_source`; a repetition has the same."},
        "ce_source": {"type": "string", "format": "uri-reference"},
        "ce_type": {"type": "string"},
        "ce_time": {"type": "string", "format": "date-time"},
        "content-type": {"const": "application/json"},
        "ce_slipwayproject": {"type": "string", "description": "On our own records: the project."},
        "ce_slipwayfollowed": {
            "enum": ["true", "opening"],
            "description": "More of the same is about to follow on this partition: a reader may wait a moment for it.",
        },
        "traceparent": {"type": "string", "description": "W3C trace context of what caused the record."},
    },
}
SIGNATURE: dict[str, Any] = {
    "required": ["slipway-key", "slipway-signature"],
    "properties": {
        "slipway-key": {"type": "string", "description": "Id of the key."},
        "slipway-signature": {"type": "string", "description": "`v1,<base64>`; several are separated by spaces."},
    },
}
COMMAND_LINE = {
    "SLIPWAY_HTTP": ("the local platform's", "The public address of `/v1`; `slipway up` makes console listen there."),
    "SLIPWAY_TOKEN": ("`slipway login`'s", "`<key id>.<secret>`, sent as bearer token."),
    "SLIPWAY_PROJECT": ("", "The project that is meant where none is named with `--project`."),
    "SLIPWAY_KEY": ("", "Id of the key with which `slipway crm` signs."),
    "SLIPWAY_SECRET": ("", "Signing secret of that key."),
    "SLIPWAY_KAFKA_PORT": ("a free one", "Where `slipway up` makes its Kafka listen."),
    "SLIPWAY_POSTGRES_PORT": ("a free one", "Where `slipway up` makes its PostgreSQL listen."),
    "SLIPWAY_SMTP_PORT": ("a free one", "Where `slipway up` makes its mail sink listen."),
    "SLIPWAY_START_SECONDS": ("120", "Longest wait of `slipway up` for the servers, and then for the services."),
    "SLIPWAY_SINK_BEHAVIOUR": ("", "How the mail sink misbehaves, for tests: see `cli/platform/sink_behaviour.py`."),
}


def generated() -> dict[Path, str]:
    """Every generated file and its text."""
    files = {DOCS / "asyncapi/asyncapi.yaml": _yaml(platform())}
    files[OPENAPI] = json.dumps(http_api.document(_services()), indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    for topic in TOPICS.values():
        for event in topic.events:
            mode = "validation" if topic.writer == OUTSIDE else "serialization"
            files[DOCS / "schemas" / f"{event.TYPE.removeprefix('com.slipway.')}.json"] = _schema(event, mode)
    files[DOCS / "schemas/scenario.json"] = _schema(Scenario, "validation")
    files[DOCS / "schemas/contact.json"] = _schema(ContactGiven, "validation")
    files[DOCS / "operations/settings.md"] = settings_table()
    return files


def stale(files: Mapping[Path, str]) -> list[Path]:
    """Files that are missing, differ, or should no longer be there."""
    differing = [path for path, text in files.items() if not path.exists() or path.read_text("utf-8") != text]
    left = [path for path in (DOCS / "schemas").glob("*") if path not in files]
    return sorted(differing + left)


def platform() -> dict[str, Any]:
    """The AsyncAPI document. Who reads and writes what comes from the services' own tables."""
    readers = defaultdict(list)
    for service in _services():
        for subscription in service.subscriptions:
            readers[subscription.topic].append(service.name)
        if foreign := [name for name in service.emits if TOPICS[name].writer != service.name]:
            raise SystemExit(f"{service.name} emits {foreign}, which contracts.topics gives to another writer")
    for topic in TOPICS.values():
        if topic.public and topic.writer != OUTSIDE:
            readers[topic.name].append(OUTSIDE)
    return asyncapi.document(
        [_channel(topic, readers[topic.name]) for topic in TOPICS.values()],
        title="Slipway",
        version="1",
        description="The topics of Slipway. Public ones are for others: docs/crm.md is the guide for those who launch"
        " from another system. Delivery is at least once; records with one `ce_id` are byte-identical.",
        headers=HEADERS,
    )


def settings_table() -> str:
    """Every setting: of all processes, of single services, of the command line."""
    shared = set(Settings.model_fields)
    lines = [
        "# Settings",
        "Read from the environment when a process starts; what is missing or wrong is said on stderr (exit 2). Made"
        " from the code by `make docs`.",
    ]
    lines += _table("Every service", dict.fromkeys(Settings.model_fields, Settings))
    for name in SERVICES:
        own = _settings_of(name)
        if more := {field: own for field in own.model_fields if field not in shared}:
            lines += _table(name, more)
    lines += ["", "## Command line", "| setting | default | |", "|---|---|---|"]
    lines += [f"| `{name}` | {default} | {text} |" for name, (default, text) in COMMAND_LINE.items()]
    return "\n".join(lines) + "\n"


def _table(title: str, fields: Mapping[str, type[Settings]]) -> list[str]:
    rows = ["", f"## {title}", "| setting | default | |", "|---|---|---|"]
    for name, owner in fields.items():
        field = owner.model_fields[name]
        default = "" if field.default in ("", None) else f"`{field.default}`"
        rows.append(f"| `{environment_name(name)}` | {default} | {(field.description or '').replace('|', '&#124;')} |")
    return rows


@cache
def _services() -> list[Service]:
    """As their composition roots make them, with nothing from the environment."""
    return [importlib.import_module(f"{name}.app").build(_settings_of(name).model_construct()) for name in STREAMING]


def _settings_of(name: str) -> type[Settings]:
    """The service's own settings, or the shared ones if it needs no more."""
    try:
        module = importlib.import_module(f"{name}.settings")
    except ModuleNotFoundError:
        return Settings
    found = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Settings) and value.__module__ == module.__name__
    ]
    return found[0]


def _channel(topic: Topic, readers: list[str]) -> asyncapi.Channel:
    kept = {"cleanup.policy": ["compact"]} if topic.compacted else {"retention.ms": topic.retention_ms}
    stamped = {"message.timestamp.type": "LogAppendTime"} if topic.append_time else {}
    return asyncapi.Channel(
        topic=topic.name,
        description=f"{'Public' if topic.public else 'Internal'}. Written by {topic.writer}, key: {topic.key}."
        + (" Compacted: the last record of a key stays." if topic.compacted else ""),
        key=topic.key,
        events=topic.events,
        writer=topic.writer,
        readers=readers,
        configuration={**kept, **stamped, "max.message.bytes": topic.max_message_bytes},
        headers=SIGNATURE if topic.writer == OUTSIDE else None,
    )


def _schema(model: type[BaseModel], mode: Any) -> str:
    schema = {"$schema": DIALECT, **model.model_json_schema(mode=mode)}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _yaml(document: dict[str, Any]) -> str:
    text: str = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)
    return text


def main() -> int:
    files = generated()
    changed = stale(files)
    names = [str(path.relative_to(DOCS.parent)) for path in changed]
    if "--check" in sys.argv[1:]:
        sys.stderr.writelines(f"stale: {name}: run `make docs` and commit it\n" for name in names)
        return 1 if names else 0
    for path in changed:
        if path in files:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(files[path], "utf-8")
        else:
            path.unlink()
    sys.stdout.writelines(f"{name}\n" for name in names)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
