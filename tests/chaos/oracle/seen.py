"""The run once read: what each launch was told to do, and what each service said became of its targets.

Only the topics are in it; checks compare the rows with them.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from chaos.oracle.plain import Asked, Expected, Figures, Record, Row, Run, Told

NEVER_STARTED = "not_started:"


@dataclass
class Launch:
    """Everything that was said about one launch. Filled by `look`, only read afterwards."""

    id: str
    requested: Row | None = None
    """LaunchRequested."""
    stops: list[Row] = field(default_factory=list)
    totals: set[int] = field(default_factory=set)
    targeted: dict[str, str | None] = field(default_factory=dict)
    """Contact to the reason for which contacts excluded it; None: admitted."""
    twice: list[str] = field(default_factory=list)
    """Contacts that lie in two chunks."""
    started: dict[str, str] = field(default_factory=dict)
    """Contact to when."""
    refused: dict[str, str] = field(default_factory=dict)
    ended: dict[str, tuple[Expected, str]] = field(default_factory=dict)
    """Contact to what executor ended it with, and when."""
    ended_twice: list[str] = field(default_factory=list)
    incidents: set[str] = field(default_factory=set)
    asked: dict[str, list[Asked]] = field(default_factory=dict)
    delivered: dict[tuple[str, str], str] = field(default_factory=dict)
    """(contact, step) to when messaging first said that it had come to its end."""
    told: dict[str, list[Told]] = field(default_factory=dict)
    """Contact to its outcomes; ids and content that repeat are one."""
    figures: list[Figures] = field(default_factory=list)

    def expected(self, contact: str) -> Expected | None:
        """What follows from contacts' and executor's words; None while it is open."""
        if contact in self.ended:
            return self.ended[contact][0]
        why = self.refused.get(contact) or self.targeted.get(contact)
        return Expected("other", NEVER_STARTED + why) if why else None

    @property
    def scenario(self) -> Row:
        """The scenario file's content."""
        body: Row = self.requested["version"]["body"] if self.requested else {}
        return body

    @property
    def last(self) -> Figures | None:
        """The newest figures."""
        return max(self.figures, key=lambda figures: figures.body["revision"], default=None)


class Change(NamedTuple):
    """What contacts said about a contact, and where that lies on `contacts.changes`."""

    partition: int
    offset: int
    at: str
    revision: int
    reachable: bool
    """It is there, active and not suppressed."""
    consent: Mapping[str, bool]


@dataclass(frozen=True)
class Seen:
    run: Run
    launches: dict[str, Launch]
    commands: set[tuple[str, str]]
    """(source, id) of the records of `crm.commands`."""
    replies: dict[tuple[str, str], list[tuple[str, Row]]]
    """(source, id) to what launcher answered, each answer once: its type and data."""
    changes: dict[tuple[str, str], list[Change]]
    """By (project, contact)."""


def type_of(record: Record) -> str:
    """`com.slipway.targets-admitted.v1` is `targets-admitted`."""
    return (record.header("ce_type") or "").removeprefix("com.slipway.").removesuffix(".v1")


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def milliseconds(text: str) -> int:
    return int(moment(text).timestamp() * 1000)


def send_id(launch: str, contact: str, step: str, occurrence: int) -> str:
    """As published: 128 bits of SHA-256 over the parts, each with its length. It is the Message-ID's local part."""
    text = "\x1f".join(f"{len(part)}:{part}" for part in (launch, contact, step, str(occurrence)))
    return hashlib.sha256(text.encode()).hexdigest()[:32]
