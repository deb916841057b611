"""AsyncAPI 3 of the whole platform, from FastStream: a broker for documentation only, which is never started.

Every reader is declared as a typed subscriber that does nothing, every writer as a publisher; FastStream makes the
document. It has one channel per declaration and one anonymous message per channel, and our services consume without
FastStream's handlers, so two things are set right here: one channel per topic, one message per event type.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Any

from faststream import FastStream
from faststream.kafka import KafkaBroker
from faststream.specification import AsyncAPI
from pydantic import BaseModel

HEADERS = "CloudEvent"


@dataclass(frozen=True, slots=True)
class Channel:
    """A topic, who writes it, who reads it, and what may lie on it."""

    topic: str
    description: str
    key: str
    events: Sequence[type[BaseModel]]
    writer: str
    readers: Sequence[str]
    configuration: Mapping[str, Any] = field(default_factory=dict)
    """Topic configuration as Kafka names it."""
    headers: Mapping[str, Any] | None = None
    """JSON Schema of further headers."""


def document(
    channels: Sequence[Channel], *, title: str, version: str, description: str, headers: Mapping[str, Any]
) -> dict[str, Any]:
    """`headers`: JSON Schema of the headers that every record carries."""
    made = _faststream(channels, title, version, description)
    by_topic = {channel.topic: channel for channel in channels}
    topic_of = {name: channel["address"] for name, channel in made["channels"].items()}
    schemas = {name: schema for name, schema in made["components"]["schemas"].items() if ":" not in name}
    return {
        "asyncapi": made["asyncapi"],
        "info": made["info"],
        "defaultContentType": made["defaultContentType"],
        "channels": {topic: _channel(channel) for topic, channel in sorted(by_topic.items())},
        "operations": {
            name: _operation(operation, by_topic[topic_of[name]])
            for name, operation in sorted(made["operations"].items())
        },
        "components": {
            "messages": {
                name: message for channel in channels for name, message in _messages(channel)
            },
            "schemas": {HEADERS: dict(headers), **dict(sorted(schemas.items()))},
        },
    }  # fmt: skip


def _faststream(channels: Sequence[Channel], title: str, version: str, description: str) -> dict[str, Any]:
    """What FastStream makes of the declarations."""
    broker = KafkaBroker("kafka:9092", logger=None)
    for channel in channels:
        union = reduce(or_, channel.events)
        broker.publisher(channel.topic, title=f"{channel.writer}.writes.{channel.topic}", schema=union)
        for reader in channel.readers:
            subscriber = broker.subscriber(
                channel.topic, group_id=reader, title=f"{reader}.reads.{channel.topic}", auto_offset_reset="earliest"
            )
            subscriber(_nothing(union))
    specification = AsyncAPI(title=title, version=version, description=description, schema_version="3.0.0")
    app = FastStream(broker, specification=specification, logger=None)
    made: dict[str, Any] = app.schema.to_specification().to_jsonable()
    return made


def _nothing(event: Any) -> Any:
    async def read(event: Any) -> None: ...

    read.__annotations__ = {"event": event, "return": None}
    return read


def _channel(channel: Channel) -> dict[str, Any]:
    return {
        "address": channel.topic,
        "description": channel.description,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name, _ in _messages(channel)},
        "bindings": {
            "kafka": {
                "topic": channel.topic,
                "topicConfiguration": dict(channel.configuration),
                "bindingVersion": "0.5.0",
            }
        },
    }


def _operation(made: Mapping[str, Any], channel: Channel) -> dict[str, Any]:
    place = f"#/channels/{channel.topic}"
    return {
        "action": made["action"],
        "channel": {"$ref": place},
        "messages": [{"$ref": f"{place}/messages/{name}"} for name, _ in _messages(channel)],
    }


def _messages(channel: Channel) -> Iterator[tuple[str, dict[str, Any]]]:
    """One per event type. An event that lies on two topics is one message."""
    for event in channel.events:
        name: str = event.TYPE  # type: ignore[attr-defined]
        yield (
            name,
            {
                "name": name,
                "title": event.__name__,
                "summary": (event.__doc__ or "").strip().partition("\n\n")[0].replace("\n    ", " "),
                "contentType": "application/json",
                "headers": {
                    "allOf": [
                        {"$ref": f"#/components/schemas/{HEADERS}"},
                        {"properties": {"ce_type": {"const": name}}},
                        *([dict(channel.headers)] if channel.headers else []),
                    ]
                },
                "payload": {"$ref": f"#/components/schemas/{event.__name__}"},
                "bindings": {
                    "kafka": {"key": {"type": "string", "description": channel.key}, "bindingVersion": "0.5.0"}
                },
            },
        )
