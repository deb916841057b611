"""What a run left behind, as plain data: the only thing that the oracle knows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Row = Mapping[str, Any]
"""A row of a table, or a line of a ledger. Times are RFC 3339 text."""


@dataclass(frozen=True, slots=True)
class Record:
    """As it lay on a topic."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    """Milliseconds; set by the writer, or by the broker on `crm.*`."""
    key: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    value: bytes | None

    def header(self, name: str) -> str | None:
        return next((value.decode() for known, value in self.headers if known == name), None)


@dataclass(frozen=True, slots=True)
class Command:
    """A line of the ledger of commands: what was asked, and what the asker was told."""

    project: str
    source: str
    id: str
    answer: str | None
    """`accepted`, `rejected`; None: the asker gave up waiting."""
    launch_id: str | None = None


@dataclass(frozen=True, slots=True)
class Sighting:
    """A witness read the end of a launch for the first time, and then asked where `log.outcomes` ended."""

    launch_id: str
    ends: Mapping[int, int]
    """Next offset by partition."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Resident memory of one process at one moment."""

    process: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Poison:
    """A record that the test wrote although nobody can handle it."""

    topic: str
    partition: int
    offset: int


@dataclass(frozen=True)
class Run:
    """Collected when the platform had come to rest, or should have."""

    rows: Mapping[str, Mapping[str, Sequence[Row]]]
    """By service and table."""
    records: Sequence[Record]
    """By topic and partition in offset order."""
    mails: Sequence[Row]
    """The mail provider's ledger, in the order of acceptance."""
    commands: Sequence[Command]
    ends: Mapping[tuple[str, int], int]
    """Next offset of each topic and partition."""
    at: str
    """When it was collected, by PostgreSQL's clock."""
    sightings: Sequence[Sighting] = ()
    samples: Sequence[Sample] = ()
    poison: Sequence[Poison] = ()
    most_memory: int = 400_000_000
    """Bytes that one process may hold."""

    def table(self, service: str, name: str) -> Sequence[Row]:
        return self.rows.get(service, {}).get(name, ())


@dataclass(frozen=True, slots=True, order=True)
class Violation:
    invariant: int
    check: str
    launch: str
    contact: str
    what: str

    def __str__(self) -> str:
        where = " ".join(part for part in (self.launch, self.contact) if part)
        return f"I{self.invariant} {self.check} [{where or '-'}]: {self.what}"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check yields; the judge adds which check it was."""

    what: str
    launch: str = ""
    contact: str = ""


@dataclass(frozen=True, slots=True)
class Expected:
    """(outcome, reason) that a target must end with."""

    outcome: str
    reason: str


@dataclass(frozen=True, slots=True)
class Told:
    """An outcome as it lies on `log.outcomes`."""

    outcome: str
    reason: str
    partition: int
    offset: int
    timestamp: int


@dataclass(frozen=True, slots=True)
class Asked:
    """One send that executor asked for."""

    step: str
    occurrence: int
    at: str
    event_id: str
    order: int
    """Rises along its partition."""


@dataclass(frozen=True, slots=True)
class Figures:
    """A record of `log.launches`."""

    kind: str
    """`progressed`, `completed`, `stopped`, `failed`."""
    timestamp: int
    body: Row = field(repr=False)

    @property
    def is_end(self) -> bool:
        return self.kind != "progressed"
