"""What routes work with, who may use them, and the shape of lists."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Annotated, Generic, TypeVar

from fastapi import Depends, Query
from pydantic import BaseModel, ConfigDict

from contacts.adapters.contacts import PostgresContacts
from contacts.adapters.reading import PostgresReading
from contacts.handlers.counting import Counting
from contacts.handlers.imports import Imports
from contacts.handlers.suppressing import Suppressing
from contacts.handlers.writing import ContactWriter
from contracts.words import Permission
from runtime.audit import Audit
from runtime.auth import Caller, requires
from runtime.pages import from_cursor, to_cursor
from runtime.transaction import Connection, Transaction

Viewer = Annotated[Caller, Depends(requires(Permission.VIEW))]
Writer = Annotated[Caller, Depends(requires(Permission.CONTACTS_WRITE))]
Cursor = Annotated[str | None, Query(max_length=1024, description="`next` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=1000)]

T = TypeVar("T")


def _after(cursor: Cursor = None) -> str:
    """Raises Problem."""
    (last,) = from_cursor(cursor, str) or ("",)
    return str(last)


After = Annotated[str, Depends(_after)]
"""The last name of the page before, by the `cursor` that is given; empty: the first page is meant."""


@dataclass(frozen=True)
class Doors:
    transaction: Callable[[], AbstractAsyncContextManager[Transaction]]
    reading: PostgresReading
    imports: Imports
    writer: ContactWriter
    suppressing: Suppressing
    counting: Counting
    groups: Callable[[Connection], PostgresContacts]
    audit: Audit = field(default_factory=Audit)

    async def note(self, tx: Transaction, caller: Caller, action: str, *things: str, **details: int) -> None:
        """Into the audit. No personal data: ids and how many."""
        await self.audit.note(tx.connection, tx.now, caller.project, caller.subject, action, *things, details=details)


class Listed(BaseModel, Generic[T]):
    """One page of a list."""

    items: list[T]
    next: str | None = None
    """`cursor` of the page after it; null: there is none."""


def following(names: Sequence[str], limit: int) -> str | None:
    """`next` of a page of these."""
    return to_cursor(names[-1]) if len(names) == limit else None


class Given(BaseModel):
    """A request's body: what is not known is refused. That it can be kept is looked at before (`runtime.bodies`)."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Passed(Given):
    """What another service of ours passes on: it may be newer, and what is not known here is passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore")
