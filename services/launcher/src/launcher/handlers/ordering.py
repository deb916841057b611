"""One contact of a launch: taken out of it, or past a wait. executor carries it out."""

from dataclasses import dataclass
from typing import Final

from contracts.launches import ContactOrdered, OrderKind
from contracts.words import LaunchState
from launcher.domain.launch import Launch
from launcher.domain.parties import Asker
from launcher.domain.refusals import Denied, Refusal
from launcher.handlers.outgoing import on_launches
from launcher.ports import Launches
from runtime.audit import Audit
from runtime.ids import derive
from runtime.transaction import Connection, Transaction

IN_PROGRESS: Final = frozenset({LaunchState.REQUESTED, LaunchState.RUNNING, LaunchState.PAUSED})
"""States in which single contacts may still be reached."""


@dataclass(frozen=True, slots=True)
class Ordered:
    launch: Launch
    order_id: str


class Ordering:
    def __init__(self, launches: Launches, audit: Audit) -> None:
        self._launches = launches
        self._audit = audit

    async def pace(self, connection: Connection, asker: Asker, launch_id: str) -> Refusal | Denied:
        """Not available yet: refused, whatever is asked."""
        if await self._launches.load(connection, asker.project, launch_id) is None:
            return _unknown(launch_id)
        return Denied("unsupported", "a launch cannot be paced yet", "pause and resume it instead")

    async def order(
        self, tx: Transaction, asker: Asker, launch_id: str, contact_id: str, kind: OrderKind, cause: str
    ) -> Ordered | Refusal:
        """`cause` is what asked for it: the same again is the same order. What became of it, executor tells, in the
        audit too."""
        launch = (await self._launches.lock(tx.connection, [launch_id])).get(launch_id)
        if launch is None or launch.project != asker.project:
            return _unknown(launch_id)
        if launch.state not in IN_PROGRESS:
            detail = f"The launch is {launch.state}: only of a running or paused one can a contact be taken."
            return Refusal("wrong_state", detail)
        order_id = derive("order", launch_id, contact_id, kind, cause)
        event = ContactOrdered(
            project=launch.project,
            launch_id=launch_id,
            contact_id=contact_id,
            order_id=order_id,
            kind=kind,
            by=asker.subject,
            at=tx.now,
        )
        tx.emit(on_launches(event, tx.partitions))
        details = {"contact": contact_id, "order": order_id, "kind": kind}
        thing = f"launch/{launch_id}"
        await self._audit.note(
            tx.connection, tx.now, launch.project, asker.subject, "launch.contact_ordered", thing, details=details
        )
        return Ordered(launch, order_id)


def _unknown(launch_id: str) -> Refusal:
    return Refusal("unknown_launch", f"There is no launch {launch_id} in this project.")
