"""Events to and from bytes: CloudEvents 1.0, Kafka binding, binary mode."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import orjson
from aiokafka.structs import ConsumerRecord
from pydantic import BaseModel, ValidationError

from runtime.errors import Permanent, Unsupported
from runtime.invalid import in_words
from runtime.packing import Packed
from runtime.records import Outgoing, Received, Record
from runtime.spans import HEADER, traceparent

RECORD_LIMIT = 2 * 1024 * 1024
"""Bytes of a record's value, key and headers: half of what our topics allow, so that the broker never refuses one."""
PROJECT = "ce_slipwayproject"
"""Header: whose record it is, as far as it is anybody's."""
FOLLOWED = "ce_slipwayfollowed"
"""Header: more of the same is about to follow on this partition, so a reader may wait a moment for it."""
CHUNK, OPENING = "true", "opening"
"""Its values: a chunk, and what goes before one and counts for nothing beside it."""
OURS = re.compile(r"^(?P<namespace>[a-z0-9]+\.[a-z0-9]+)\.[a-z0-9.-]+\.v\d+$")


@dataclass(frozen=True, slots=True)
class Row:
    """An event as bytes, as it lies in an outbox: publishing it again gives the same record."""

    topic: str
    partition: int
    key: bytes
    headers: tuple[str, ...]
    """name, value, name, value, …"""
    packed: Packed
    tag: str | None
    expand: str | None
    at: datetime

    @property
    def value(self) -> bytes:
        return self.packed.value

    @property
    def size(self) -> int:
        """Bytes of value, key and headers."""
        return self.packed.length + len(self.key) + sum(len(text) + 4 for text in self.headers)

    @property
    def pairs(self) -> list[tuple[str, bytes]]:
        """Headers as Kafka takes them."""
        texts = iter(self.headers)
        return [(name, value.encode()) for name, value in zip(texts, texts, strict=True)]


def encode(event: Outgoing, *, source: str, now: datetime, limit: int = RECORD_LIMIT) -> Row:
    """Raises Permanent if it is larger than `limit`. The current span becomes the record's `traceparent`."""
    headers = {
        "ce_specversion": "1.0",
        "ce_id": event.id,
        "ce_source": source,
        "ce_type": type_of(type(event.event)),
        "ce_time": rfc3339(now),
        "content-type": "application/json",
    }
    if event.project is not None:
        headers[PROJECT] = event.project
    if (span := traceparent()) is not None:
        headers[HEADER] = span
    headers.update(event.headers)
    row = Row(
        topic=event.topic,
        partition=event.partition,
        key=event.key.encode(),
        headers=tuple(text for pair in headers.items() for text in pair),
        packed=Packed.of(dump(event.event)),
        tag=event.tag,
        expand=event.expand,
        at=now,
    )
    if row.size > limit:
        raise Permanent(f"{headers['ce_type']} of {row.size} bytes is too large for {event.topic} (at most {limit})")
    return row


def type_of(model: type[BaseModel]) -> str:
    """An event's `ce_type` is its class's TYPE."""
    name: str = model.TYPE  # type: ignore[attr-defined]
    return name


def dump(event: BaseModel) -> bytes:
    """JSON as we write it: times in RFC 3339, UTC, milliseconds, `Z`."""
    return orjson.dumps(event.model_dump(by_alias=True), default=_plain, option=orjson.OPT_PASSTHROUGH_DATETIME)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} is not JSON")


@lru_cache(maxsize=4096)
def rfc3339(moment: datetime) -> str:
    """UTC, milliseconds, `Z`; raises ValueError for a time without a zone. A chunk says the same time 500 times."""
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def record_of(raw: "ConsumerRecord[bytes | None, bytes | None]", topic: str) -> Record:
    """`topic`: its bare name, without the platform's prefix."""
    return Record(
        topic=topic,
        partition=raw.partition,
        offset=raw.offset,
        timestamp=raw.timestamp,
        key=raw.key,
        value=raw.value,
        headers=dict(raw.headers),
    )


def decode(record: Record, events: Mapping[str, type[BaseModel]]) -> Received[BaseModel]:
    """An event of our own topics.

    Raises Permanent for what no version of this code can read, Unsupported for a type that newer code may know.
    """
    kind, id_, source = record.header("ce_type"), record.header("ce_id"), record.header("ce_source")
    if record.header("ce_specversion") != "1.0" or not kind or not id_ or not source:
        raise Permanent("not a CloudEvent in binary mode: ce_specversion, ce_id, ce_source or ce_type is missing")
    model = events.get(kind)
    if model is None:
        raise _unknown(kind, events)
    if record.value is None:
        raise Permanent(f"{kind} without a value")
    try:
        return Received(model.model_validate_json(record.value), id_, source, record)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, problem['loc'])) or 'value'}: {in_words(problem)}"
            for problem in error.errors(include_url=False, include_input=False)[:3]
        )
        raise Permanent(f"{kind} cannot be read: {problems}") from None


def _unknown(kind: str, events: Mapping[str, type[BaseModel]]) -> Exception:
    """A type in our own namespace is newer than this code; any other is a stranger's record."""
    ours = {match["namespace"] for known in events if (match := OURS.match(known))}
    match = OURS.match(kind)
    if match is not None and match["namespace"] in ours:
        return Unsupported(f"event type {kind} is newer than this code: run the version that knows it")
    return Permanent(f"unknown event type {kind[:200]}")
