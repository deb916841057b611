"""What HTTP asks: sends of one launch, page by page in the order of contacts. Changes nothing."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

import asyncpg

from contracts.words import DeliveryState
from messaging.domain.sends import SendKey
from runtime.partitions import each_partition, partition_of

if TYPE_CHECKING:
    Pool = asyncpg.Pool[asyncpg.Record]
else:  # generic for type checkers only
    Pool = asyncpg.Pool

_PAGE = 2000
_EXCEPTIONAL = frozenset(DeliveryState) - {DeliveryState.PLANNED, DeliveryState.SENDING, DeliveryState.ACCEPTED}


class Place(NamedTuple):
    """A send of a launch; pages begin behind one."""

    contact_id: str = ""
    step: str = ""
    occurrence: int = 0


@dataclass(frozen=True, slots=True)
class Delivery:
    key: SendKey
    state: DeliveryState
    reason: str | None
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which messages; what is None does not matter."""

    state: DeliveryState | None = None
    contact_id: str | None = None
    step: str | None = None


EVERY = Wanted()


def listing(
    state: DeliveryState | None, partitions: Iterable[int], *, of_contact: bool = False, of_step: bool = False
) -> str:
    """The state stands in the statement so that the planner knows which index has such sends; it is one of an enum.
    An exceptional one has an index of its own, in the order of contacts; of the others each partition has."""
    only = "" if state is None else f" AND state = '{state.value}'"
    order = "contact_id, step, occurrence"
    about = " AND contact_id = $6" if of_contact else ""
    about += f" AND step = ${7 if of_contact else 6}" if of_step else ""
    select = (
        "SELECT contact_id, step, occurrence, state, reason, changed_at FROM send"  # noqa: S608
        f" WHERE launch = (SELECT number FROM launch WHERE launch_id = $1){only}{about}"
        " AND (contact_id, step, occurrence) > ($2, $3, $4::bigint)"
    )
    if state not in _EXCEPTIONAL:
        select = each_partition(f"{select} AND partition = :partition", partitions, order=order)
    return (
        f"SELECT contact_id, step, occurrence, state::text, reason, changed_at FROM ({select}) AS listed"  # noqa: S608
        f" ORDER BY {order} LIMIT $5"
    )


class Queries:
    """Every page is a statement of its own: a slow reader holds no connection."""

    def __init__(self, pool: Pool, partitions: int) -> None:
        self._pool = pool
        self._partitions = partitions

    async def has_launch(self, project: str, launch_id: str) -> bool:
        found: bool = await self._pool.fetchval(
            "SELECT EXISTS (SELECT FROM launch WHERE launch_id = $1 AND project = $2)", launch_id, project
        )
        return found

    async def sending(self, launch_id: str) -> list[str]:
        """The steps of its scenario version that send."""
        rows = await self._pool.fetch(
            "SELECT step FROM launch, json_each(version #> '{body,steps}') AS each (step, content)"
            " WHERE launch_id = $1 AND content -> 'send' IS NOT NULL",
            launch_id,
        )
        return [row["step"] for row in rows]

    async def deliveries(self, launch_id: str, wanted: Wanted, after: Place, limit: int) -> list[Delivery]:
        contact_id, step = wanted.contact_id, wanted.step
        there = range(self._partitions) if contact_id is None else [partition_of(contact_id, self._partitions)]
        statement = listing(wanted.state, there, of_contact=contact_id is not None, of_step=step is not None)
        about = [each for each in (contact_id, step) if each is not None]
        rows = await self._pool.fetch(statement, launch_id, *after, limit, *about)
        return [
            Delivery(
                SendKey(launch_id, row["contact_id"], row["step"], row["occurrence"]),
                DeliveryState(row["state"]),
                row["reason"],
                row["changed_at"],
            )
            for row in rows
        ]

    async def all_deliveries(self, launch_id: str, wanted: Wanted = EVERY) -> AsyncIterator[list[Delivery]]:
        """In pages, bytewise by contact id."""
        after = Place()
        while True:
            page = await self.deliveries(launch_id, wanted, after, _PAGE)
            if page:
                yield page
            if len(page) < _PAGE:
                return
            after = Place(*page[-1].key[1:])


async def held(pool: Pool, numbers: Sequence[int]) -> Mapping[int, float]:
    """Sends that are held, per partition number."""
    rows = await pool.fetch(
        "SELECT s.partition, count(*) FROM (SELECT DISTINCT partition, launch_id FROM holding) h"
        " JOIN launch l ON l.launch_id = h.launch_id"
        " JOIN send s ON s.launch = l.number AND s.partition = h.partition AND s.state = 'held'"
        " WHERE h.partition = ANY($1) GROUP BY s.partition",
        list(numbers),
    )
    return dict.fromkeys(numbers, 0.0) | {row["partition"]: float(row["count"]) for row in rows}


async def planned(pool: Pool, numbers: Sequence[int]) -> Mapping[int, float]:
    """Sends that wait for their turn, per partition number."""
    rows = await pool.fetch(
        "SELECT partition, count(*) FROM send WHERE partition = ANY($1) AND state = 'planned' GROUP BY partition",
        list(numbers),
    )
    return dict.fromkeys(numbers, 0.0) | {row["partition"]: float(row["count"]) for row in rows}
