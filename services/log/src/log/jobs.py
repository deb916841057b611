"""What a partition number does for the launches at home on it: publish their figures, and look after them."""

from collections.abc import Sequence

import structlog

from contracts.crm import LaunchFigures
from log.domain.counting import published, told
from log.domain.snapshot import figures
from log.handlers import publish_outcomes
from log.ports import LaunchStore, OutcomeStore
from runtime import failpoints
from runtime.ids import derive
from runtime.records import Outgoing
from runtime.spans import following
from runtime.transaction import Lease, Transaction

log = structlog.get_logger()


class Jobs:
    def __init__(self, launches: LaunchStore, outcomes: OutcomeStore) -> None:
        self._launches = launches
        self._outcomes = outcomes

    async def publish(self, lease: Lease) -> bool:
        """Snapshots of what changed; ends, once their last outcome is on the topic."""
        due = await self._launches.due(lease.pool, lease.number)
        if due:
            failpoints.hit("log.before_snapshot")
            async with lease.transaction() as tx:
                await self._publish(tx, due)
            failpoints.hit("log.snapshot_sent")
        return False

    async def _publish(self, tx: Transaction, launch_ids: Sequence[str]) -> None:
        for launch in await self._launches.locked(tx, launch_ids):
            if launch.revision == launch.published:
                continue
            if launch.end is not None and not launch.announced and not await self._launches.drained(tx, launch):
                continue
            snapshot = figures(launch)
            if snapshot is not None:
                with following(launch.trace, "log figures"):
                    tx.emit(_record(tx, snapshot))
                await self._launches.save(tx, published(launch, tx.now))

    async def sweep(self, lease: Lease) -> bool:
        """Finds what the handlers should have left nothing of: a launch that ended unnoticed, outcomes kept back."""
        for launch_id in await self._launches.unsettled(lease.pool, lease.number):
            async with lease.transaction() as tx:
                for before in await self._launches.locked(tx, [launch_id]):
                    after = told(before, (), tx.now)
                    if after is not before:
                        await self._launches.save(tx, after)
                        log.warning("launch had ended unnoticed", launch_id=launch_id)
        for launch_id, identity in (await self._outcomes.overdue(lease.pool, lease.number)).items():
            async with lease.transaction() as tx:
                for endings in await self._outcomes.take_undescribed(tx, identity.number, launch_id):
                    publish_outcomes(tx, identity, endings)
                log.warning("outcomes had been kept back", launch_id=launch_id)
        return False


def _record(tx: Transaction, snapshot: LaunchFigures) -> Outgoing:
    assert tx.number is not None
    return Outgoing(
        topic="log.launches",
        partition=tx.number,
        key=snapshot.launch_id,
        event=snapshot,
        id=derive("launch", snapshot.launch_id, snapshot.revision),
        project=snapshot.project,
    )
