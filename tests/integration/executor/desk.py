"""executor's handlers and jobs on a real database, one transaction per call, with a clock that tests set."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import asyncpg

from contracts.changes import Contact, ContactChange, ContactsChanged
from contracts.columns import unfolded
from contracts.deliveries import DeliveriesRecorded
from contracts.event import Event
from contracts.launches import ContactOrdered, LaunchControlled, OrderKind
from contracts.outcomes import OrdersCarriedOut, TargetsEnded, TargetsRefused, TargetsStarted
from contracts.sends import SendsRequested
from contracts.targets import TargetingFinished, TargetsAdmitted
from contracts.updates import AttributesSet
from contracts.words import ControlState, DeliveryState
from executor.app import stores
from executor.handlers.between import Between
from executor.handlers.changes import Changes
from executor.handlers.control import Controls
from executor.handlers.deliveries import Deliveries
from executor.handlers.orders import ContactOrdering
from executor.handlers.resolutions import Resolutions
from executor.handlers.targets import Targets
from fakes.transaction import FakeLease, FakeTransaction, received
from runtime.records import Outgoing
from unit.executor.builders import MAIL_AND_END, opened, snapshot

LONG_AGO = datetime(2025, 1, 1, 12, 0, tzinfo=UTC)
"""Before PostgreSQL's own clock, by which jobs look whether there is anything to do."""

E = TypeVar("E", bound=Event)


class Desk:
    """`emitted` collects everything since the last `take`."""

    def __init__(
        self,
        pool: "asyncpg.Pool[asyncpg.Record]",
        walled: "asyncpg.Pool[asyncpg.Record] | None" = None,
        number: int = 5,
    ) -> None:
        """`walled`: what routes work with."""
        self.pool = pool
        self.walled_pool = walled or pool
        self.number = number
        self.now = LONG_AGO
        self.emitted: list[Outgoing] = []
        self.stores = stores()
        self.between = Between(self.stores)

    def later(self, **delta: float) -> None:
        self.now += timedelta(**delta)

    def take(self, kind: type[E]) -> list[E]:
        """Emitted events of a kind, taken out."""
        found = [sent.event for sent in self.emitted if isinstance(sent.event, kind)]
        self.emitted = [sent for sent in self.emitted if not isinstance(sent.event, kind)]
        return found

    def outcomes(self) -> dict[str, str]:
        """`success/end:won` by contact, of everything that ended or never started, taken out."""
        found: dict[str, str] = {}
        for ended in self.take(TargetsEnded):
            each = (unfolded(column, len(ended.contact_ids)) for column in (ended.outcomes, ended.reasons))
            for contact_id, outcome, reason in zip(ended.contact_ids, *each, strict=True):
                assert contact_id not in found, "a target ended twice"
                found[contact_id] = f"{outcome}/{reason}"
        for refused in self.take(TargetsRefused):
            for contact_id, reason in zip(refused.contact_ids, refused.reasons, strict=True):
                assert contact_id not in found, "a target ended twice"
                found[contact_id] = f"other/not_started:{reason}"
        return found

    def started(self) -> list[str]:
        return [contact_id for event in self.take(TargetsStarted) for contact_id in event.contact_ids]

    def sent(self) -> list[tuple[str, str, int]]:
        """(step, contact, occurrence) of messages asked for, taken out."""
        return [
            (event.step, contact_id, occurrence)
            for event in self.take(SendsRequested)
            for contact_id, occurrence in zip(event.targets.contact_ids, event.occurrences, strict=True)
        ]

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[FakeTransaction]:
        async with self.pool.acquire() as connection, connection.transaction():
            tx = FakeTransaction(number=self.number, now=self.now, connection=connection)
            yield tx
        self.emitted += tx.emitted

    async def targets(self, *events: Event) -> None:
        async with self.transaction() as tx:
            await Targets(self.stores).on_targets(tx, [received(event) for event in events])

    async def deliveries(self, *events: Event) -> None:
        async with self.transaction() as tx:
            await Deliveries(self.stores).on_deliveries(tx, [received(event) for event in events])

    async def changes(self, *events: ContactsChanged) -> None:
        async with self.transaction() as tx:
            records = [received(event, timestamp=self.now) for event in events]
            await Changes(self.stores).on_changes(tx, records)

    async def control(self, *events: Event) -> None:
        async with self.transaction() as tx:
            await Controls(self.stores).on_launches(tx, [received(event) for event in events])

    async def launch(
        self, ids: Sequence[str], steps: str = MAIL_AND_END, *, launch_id: str = "l-1", **how: Any
    ) -> None:
        """Opens a launch and admits these targets."""
        revision = how.pop("revision", 1)
        columns = how.pop("columns", {})
        await self.targets(
            opened(steps, launch_id=launch_id, **how),
            admitted(ids, launch_id=launch_id, revision=revision, **columns),
        )

    async def accept(self, ids: Sequence[str], step: str = "hello", **how: Any) -> None:
        await self.deliveries(delivered(ids, step, **how))

    def lease(self) -> FakeLease:
        return FakeLease(number=self.number, pool=self.pool, now=self.now)

    async def timers(self) -> bool:
        return await self._job(self.between.timers)

    async def orders(self) -> None:
        """All orders of this partition, to their ends."""
        while await self._job(self.between.orders):
            pass

    async def resolutions(self) -> None:
        await self._job(Resolutions(self.stores).resolutions)

    async def contact_orders(self) -> dict[str, str]:
        """What became of orders, by order id."""
        while await self._job(ContactOrdering(self.stores).run):
            pass
        return self.carried_out()

    def carried_out(self) -> dict[str, str]:
        """Taken out."""
        return {
            order_id: result
            for event in self.take(OrdersCarriedOut)
            for order_id, result in zip(event.order_ids, event.results, strict=True)
        }

    async def counts(self) -> None:
        await self._job(self.between.counts)

    async def _job(self, job: Any) -> bool:
        lease = self.lease()
        more: bool = await job(lease)
        self.emitted += lease.emitted
        return more

    async def rows(self, query: str, *args: Any) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in await self.pool.fetch(query, *args)]

    async def standing(self, launch_id: str = "l-1") -> dict[str, str]:
        """`waiting_timer at pause` by contact."""
        rows = await self.rows(
            "SELECT contact_id, status || ' at ' || step FROM instance WHERE launch_id = $1", launch_id
        )
        return dict(rows)

    def updates(self) -> AttributesSet:
        (event,) = self.take(AttributesSet)
        return event


def admitted(ids: Sequence[str], *, launch_id: str = "l-1", revision: int = 1, **columns: Any) -> TargetsAdmitted:
    return TargetsAdmitted(project="acme", launch_id=launch_id, targets=snapshot(ids, revision=revision, **columns))


def delivered(
    ids: Sequence[str],
    step: str = "hello",
    state: DeliveryState = DeliveryState.ACCEPTED,
    reason: str | None = None,
    *,
    launch_id: str = "l-1",
    occurrence: int = 1,
) -> DeliveriesRecorded:
    return DeliveriesRecorded(
        project="acme",
        launch_id=launch_id,
        step=step,
        contact_ids=list(ids),
        occurrences=[occurrence] * len(ids),
        states=[state] * len(ids),
        previous=[None] * len(ids),
        reasons=[reason] * len(ids),
        at=LONG_AGO,
    )


def controlled(state: ControlState, revision: int, launch_id: str = "l-1") -> LaunchControlled:
    return LaunchControlled(project="acme", launch_id=launch_id, revision=revision, state=state, by="ann", at=LONG_AGO)


def ordered(contact_id: str, kind: OrderKind, order_id: str = "o-1", launch_id: str = "l-1") -> ContactOrdered:
    return ContactOrdered(
        project="acme", launch_id=launch_id, contact_id=contact_id, order_id=order_id, kind=kind, by="ann", at=LONG_AGO
    )


def finished(launch_id: str = "l-1") -> TargetingFinished:
    return TargetingFinished(project="acme", launch_id=launch_id, total=1, at=LONG_AGO)


def changed(*changes: ContactChange) -> ContactsChanged:
    return ContactsChanged(project="acme", changes=list(changes))


def change(
    contact_id: str, revision: int, *, cause: str = "import", suppressed: bool = False, **data: Any
) -> ContactChange:
    contact = Contact(id=contact_id, **{"email": f"{contact_id}@new.example", **data})
    return ContactChange(contact_id=contact_id, revision=revision, contact=contact, suppressed=suppressed, cause=cause)


def deletion(contact_id: str, revision: int) -> ContactChange:
    return ContactChange(contact_id=contact_id, revision=revision, contact=None, suppressed=False, cause="erased")


STOP, PAUSE, RESUME = ControlState.STOPPED, ControlState.PAUSED, ControlState.RUNNING
