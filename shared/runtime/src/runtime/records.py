"""What comes from Kafka and what goes to it, as a handler sees it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Generic, TypeVar

from pydantic import BaseModel

E = TypeVar("E", bound=BaseModel, covariant=True)


@dataclass(frozen=True, slots=True)
class Record:
    """One record as it lay on its topic. `timestamp` is in milliseconds; headers keep the last of equal names."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Mapping[str, bytes]

    def header(self, name: str) -> str | None:
        """The header as text; None where it is missing or not UTF-8."""
        raw = self.headers.get(name)
        try:
            return None if raw is None else raw.decode()
        except UnicodeDecodeError:
            return None

    @property
    def written_at(self) -> datetime:
        """When its transaction began, by the writer's PostgreSQL, if the record says so; else by Kafka's clock."""
        said = self.header("ce_time")
        if said is not None:
            return datetime.fromisoformat(said)
        return datetime.fromtimestamp(self.timestamp / 1000, UTC)


@dataclass(frozen=True, slots=True)
class Received(Generic[E]):
    """A decoded event. `id` and `source` are its CloudEvents identity: ids of what follows are derived from them."""

    event: E
    id: str
    source: str
    record: Record


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An event to publish after the commit. Its bytes are fixed when it is emitted: a repetition is byte-identical.

    `id` must be derived (`runtime.ids.derive`). `tag` is free text by which the outbox can be asked whether
    anything of it is still unpublished. `expand` names a registered expander: then one outbox row becomes many
    records at publication (`runtime.service.Service.expanders`).
    """

    topic: str
    partition: int
    key: str
    event: BaseModel
    id: str
    project: str | None = None
    tag: str | None = None
    expand: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
