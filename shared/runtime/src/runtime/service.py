"""What a service is to the runtime: its subscriptions, idle jobs, expanders and routes, as data."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from runtime.records import Received, Record
from runtime.transaction import Lease, Transaction

if TYPE_CHECKING:
    import asyncpg
    from fastapi import APIRouter

    from runtime.process import Resources

Handler = Callable[[Transaction, Sequence[Received[Any]]], Awaitable[None]]
RawHandler = Callable[[Transaction, Sequence[Record]], Awaitable[None]]
Concern = Callable[[Record], bool]
"""Whether a record is anything to the service. It has no effect, and says no only where the handler would do nothing:
if that is so of a whole batch, there is no transaction, and the cursor follows later."""


def everything(_: Record) -> bool:
    """The `Concern` of a service that reads each record of a topic."""
    return True


@dataclass(frozen=True, slots=True)
class Subscription:
    """A consumed topic of our own.

    `events` maps each `ce_type` to its model. A record that cannot be decoded is poison (parked); an unknown type
    is `Unsupported` (the partition stops). The handler gets up to 8 records, in order, in one transaction.
    """

    topic: str
    events: Mapping[str, type[BaseModel]]
    handler: Handler
    concerns: Concern = everything


@dataclass(frozen=True, slots=True)
class RawSubscription:
    """A consumed topic that others write: the handler gets the records as they are, and answers bad ones itself.

    A record that it cannot answer raises Permanent and is parked.
    """

    topic: str
    handler: RawHandler
    concerns: Concern = everything


@dataclass(frozen=True, slots=True)
class Where:
    """The numbers `n` for which this SELECT finds a row. It has to be cheap also when it finds none."""

    exists: str


Look = Where | Callable[[Sequence[int]], Collection[int]]
"""Which of these partition numbers, those that the process owns, have work; a function knows without asking anybody."""


@dataclass(frozen=True, slots=True)
class Job:
    """Work of a lease between records: timers, fan-out, sweeps. Returns True if there is more to do at once.

    Runs in the number's own task, at most every `every` seconds unless it said that there is more or was woken. With
    `look` the process asks that often for all its numbers at once, and only those that have work run the job.
    """

    name: str
    run: Callable[[Lease], Awaitable[bool]]
    every: float = 0.2
    release: Callable[[Lease], Awaitable[None]] | None = None
    """Called once in the number's task when the lease is given up on purpose (revoked, stopping), after the last
    `run` and before the lifespan ends: bring to an end what is under way elsewhere. Bounded by `stop_seconds`."""
    look: Look | None = None
    problems: Callable[[int], Sequence[str]] = lambda _: ()
    """Of a partition number: what does not get on although the job does. The process is not ready meanwhile."""


@dataclass(frozen=True, slots=True)
class Expanded:
    """One record made by an expander."""

    key: bytes
    value: bytes
    headers: Sequence[tuple[str, bytes]]


Expander = Callable[[bytes, Mapping[str, str], int], Iterable[Expanded]]
"""`expand(value, headers, partitions)`: pure and never changed once released; a new one gets a new name."""


@dataclass(frozen=True, slots=True)
class Gauge:
    """A figure of the service for `/metrics` and `/v1/partitions`, asked every few seconds.

    `read(pool, numbers)` gives the value of each partition number this process owns: one cheap query for all of them.
    """

    name: str
    text: str
    read: "Callable[[asyncpg.Pool[asyncpg.Record], Sequence[int]], Awaitable[Mapping[int, float]]]"


@dataclass(frozen=True)
class Service:
    """A service, ready to be run by `runtime.process.run`. `name` is its consumer group, database and folder."""

    name: str
    migrations: Path | None
    """Folder of numbered SQL files; None: no database."""
    subscriptions: Sequence[Subscription | RawSubscription] = ()
    emits: Sequence[str] = ()
    """Topics it writes."""
    watches: Sequence[str] = ()
    """Of the consumed topics, those of which it wants to know how far behind it is, in seconds (`Lease.lag`)."""
    jobs: Sequence[Job] = ()
    expanders: Mapping[str, Expander] = field(default_factory=dict)
    gauges: Sequence[Gauge] = ()
    routes: "Callable[[Resources], APIRouter] | None" = None
    lifespan: "Callable[[Resources], AbstractAsyncContextManager[None]] | None" = None
    """Tasks of its own beside the stream (workers of messaging)."""
