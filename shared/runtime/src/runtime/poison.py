"""Whose fault an error is. By default the world's: then everything is rolled back and tried again, for ever.

Poison is a record's or our own code's fault: Permanent, an exception of handler code while the connection is open,
SQLSTATE classes 22 (data) and 23 (integrity).
"""

from types import TracebackType

import asyncpg
from aiokafka.errors import KafkaError

from runtime.cursor import Stopped
from runtime.errors import Fenced, Permanent, Transient, Unsupported
from runtime.transaction import Connection

DATA = "22"
POISON_CLASSES = (DATA, "23")
WORLD = (OSError, TimeoutError, MemoryError, asyncpg.InterfaceError, asyncpg.InternalClientError, KafkaError)
OWN = (Fenced, Transient, Unsupported, Stopped)


class Poison(Exception):
    """Trying it again as it is does not help. The message is the reason for the park."""


def judge(error: Exception, *, connection_open: bool) -> Exception:
    """The error itself, or Poison in its place.

    >>> judge(ValueError("no"), connection_open=True)
    Poison('ValueError: no')
    >>> judge(ConnectionResetError(), connection_open=True)
    ConnectionResetError()
    """
    if isinstance(error, (Poison, *OWN)):
        return error
    if isinstance(error, Permanent):
        return Poison(str(error) or "permanent")
    if not connection_open:
        return error
    if isinstance(error, asyncpg.PostgresError):
        state = error.sqlstate or ""
        return Poison(f"{type(error).__name__} ({state}): {error}") if state[:2] in POISON_CLASSES else error
    if isinstance(error, WORLD):
        return error
    return Poison(f"{type(error).__name__}: {error}")


def refused_data(error: Exception) -> asyncpg.PostgresError | None:
    """What PostgreSQL said where it refused the data itself (class 22), judged or not: it would say so again."""
    raised = error.__cause__ if isinstance(error, Poison) else error
    return raised if isinstance(raised, asyncpg.PostgresError) and (raised.sqlstate or "")[:2] == DATA else None


class Body:
    """Around the body of a transaction, inside it: `error` is what the body raised. Where the connection is lost, the
    transaction cannot be rolled back, and what comes out of it says that alone."""

    def __init__(self) -> None:
        self.error: Exception | None = None

    async def __aenter__(self) -> None:
        return None

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.error = error if isinstance(error, Exception) else None


def is_open(connection: Connection) -> bool:
    """Of a pool: it takes back by itself what was lost, and then nothing can be asked of it."""
    try:
        return not connection.is_closed()
    except asyncpg.InterfaceError:
        return False
