"""What a partition number does for the launches at home on it: publish their figures, and look after them."""

from dataclasses import replace

import structlog

from contracts.crm import LaunchFigures
from log.domain.counting import published, rested, told
from log.domain.launch import Launch
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
                for launch in await self._launches.locked(tx, due):
                    await self._look_after(tx, launch)
            failpoints.hit("log.snapshot_sent")
        return False

    async def _look_after(self, tx: Transaction, before: Launch) -> None:
        launch = told(before, (), tx.now)
        if rested(launch, tx.now):
            launch = replace(launch, live=False)
        elif await self._may_be_told(tx, launch) and (snapshot := figures(launch)) is not None:
            if launch.public:
                with following(launch.trace, "log figures"):
                    tx.emit(_record(tx, snapshot))
            launch = published(launch, tx.now)
        if launch is not before:
            await self._launches.save(tx, launch)
            if launch.end is not before.end:
                failpoints.hit("log.end_saved", tx.connection)

    async def _may_be_told(self, tx: Transaction, launch: Launch) -> bool:
        if launch.revision == launch.published:
            return False
        return launch.end is None or launch.announced or await self._launches.drained(tx, launch)

    async def sweep(self, lease: Lease) -> bool:
        """Finds what the others should have left nothing of: late counts of launches at rest, outcomes kept back."""
        async with lease.transaction() as tx:
            for launch_id in await self._launches.rouse(tx):
                log.info("figures moved after their launch had come to rest", launch_id=launch_id)
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
