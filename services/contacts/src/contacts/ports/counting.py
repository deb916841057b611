"""What counts need from outside, beside the stores of `contacts.ports`."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from contacts.domain.checks import Unknown
from contacts.domain.counting import Histogram
from contracts.words import Recurrence
from runtime.cel import Condition
from runtime.transaction import Connection


class Busy(Exception):
    """Others are being counted for already, or this count took too long: asking again helps."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Whom to look at, and what to learn of them."""

    project: str
    kind: str
    """`all`, `groups`, `contacts` or `segment`."""
    groups: tuple[str, ...] = ()
    contact_ids: tuple[str, ...] = ()
    launch_id: str | None = None
    """Of kind contacts: those that were listed with this launch, unless some are named here."""
    where: Condition | None = None
    reach: tuple[Condition, ...] | None = ()
    """As `contacts.handlers.reach.reach` gives it."""
    types: tuple[str, ...] = ()
    scenario: str = ""
    place: str | None = None
    """`once`: who ever had a place in the scenario; `running`: who has one now; None: nobody's place is looked at."""


class CountStore(Protocol):
    async def histogram(self, asked: Asked) -> Histogram: ...

    async def unknown(self, asked: Asked) -> Unknown:
        """Of kind contacts: whom there never was."""
        ...

    async def listed(self, asked: Asked, codes: Sequence[int], after: str, limit: int) -> list[str]:
        """The first `limit` ids after `after`, in byte order, of contacts of these codes."""
        ...


class Snapshot(Protocol):
    """A connection apart from the stream's that sees one moment, reads only and takes no locks."""

    def __call__(self, project: str, *, approves: bool) -> AbstractAsyncContextManager[Connection]:
        """Waits until it is this project's turn. Raises Busy."""
        ...


@dataclass(frozen=True, slots=True)
class Place:
    """What a launch does to its contacts' places."""

    project: str
    scenario: str
    recurrence: Recurrence
    live: bool
    """Tests and rehearsals take none."""

    @property
    def taken(self) -> bool:
        return self.live and self.recurrence is not Recurrence.ALWAYS


class PlaceStore(Protocol):
    async def of_launch(self, launch_id: str) -> Place | None:
        """None: contacts does not know it."""
        ...

    async def note(self, place: Place, launch_id: str, event_id: str, contact_ids: list[str], *, ended: bool) -> None:
        """Once per event: a repetition changes nothing."""
        ...

    async def forget_left(self, before: datetime, limit: int) -> int:
        """Of at most so many launches that were targeted before then: places that were all taken and left again, of
        scenarios that may start anew. How many launches that was.
        """
        ...


class TallyStore(Protocol):
    """How many contacts stand alike: every difference is a row, until those of a project are summed up."""

    async def scattered(self, least: int) -> tuple[str, int] | None:
        """A project with more differences than `least`, and than sums: then summing up pays; and how many rows it has.

        None: there is none.
        """
        ...

    async def gather(self, project: str, parts: int) -> None:
        """One of so many parts of its rows, in which there is a difference. Nobody waits for it; twice at a time is
        harmless."""
        ...
