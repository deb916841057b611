"""One database transaction of a handler, an idle job or an HTTP request."""

from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from runtime.records import Outgoing

if TYPE_CHECKING:
    import asyncpg

    Connection = asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]
else:  # the classes are generic for type checkers only; a process without a database does not load the driver
    Connection = Any


class Transaction(Protocol):
    """State and outgoing events commit together, or not at all.

    Implementations: of a lease (compare-and-set on the cursor first, events to `outbox`), of an HTTP request
    (events to `http_outbox`), and `tests/fakes/transaction.py`.
    """

    connection: Connection
    now: datetime
    """PostgreSQL's clock when the transaction began: the only clock there is. UTC, milliseconds."""
    number: int | None
    """Partition number of the lease; None in an HTTP request."""
    partitions: int
    """P, how many partitions every topic has."""

    def emit(self, *events: Outgoing) -> None:
        """Publish after the commit, in this order per topic partition. Raises Permanent if one is too large."""
        ...


class Lease(Protocol):
    """Ownership of one partition number, as an idle job sees it. Everything runs in that number's one task."""

    number: int
    partitions: int
    epoch: int
    """Rises whenever somebody takes this number: what is stamped with another one was done by an earlier owner."""
    pool: "asyncpg.Pool[asyncpg.Record]"
    """For reads outside a transaction of the lease."""

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """`async with lease.transaction() as tx:` - compare-and-set on the clock row first (Fenced if lost), then
        the body, the outbox rows and the commit; publication follows without being waited for."""
        ...

    def lag(self, topic: str) -> float | None:
        """Seconds: everything that lay on the topic longer ago has been read under this lease. None: not known yet.
        Only of what the service `watches`."""
        ...

    def wake(self, *jobs: str) -> None:
        """From another task: end the wait for records now and run the idle jobs of these names, or all of them."""
        ...
