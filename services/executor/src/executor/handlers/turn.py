"""One transaction of one partition: every way in which instances start, move on and end goes through here."""

from collections.abc import Collection, Sequence

from contracts.words import ControlState
from executor.domain import passing
from executor.domain.advance import advance
from executor.domain.cohort import Cohort, Event, Roll, Status, Stopped
from executor.domain.contact_data import pick
from executor.domain.launch import Launch, Share
from executor.domain.passing import Went
from executor.handlers import announcements
from executor.ports import AtHand, Standing, Stores
from runtime.transaction import Transaction

Move = tuple[Cohort, Event]
"""Instances, and what happened to them."""


class Turn:
    """Launches are behind their gates from `begin` on; `finish` writes what was counted. Counts are told once a second,
    and with the outcome after which no instance is open. Not to be kept after it."""

    def __init__(self, stores: Stores, tx: Transaction, launches: dict[str, AtHand]) -> None:
        assert tx.number is not None
        self.stores = stores
        self.tx = tx
        self.number = tx.number
        self.launches = launches
        self._shares: dict[str, tuple[Launch, Share]] = {}
        self._part = 0

    @classmethod
    async def begin(cls, stores: Stores, tx: Transaction, launch_ids: Collection[str]) -> "Turn":
        return cls(stores, tx, await stores.launches.at_hand(tx, launch_ids))

    async def finish(self) -> None:
        """Counts that are due to be told are told here: a transaction for them alone is for launches at rest only."""
        told = {id: (launch, self._tell(launch, share)) for id, (launch, share) in self._shares.items()}
        if told:
            await self.stores.launches.count(self.tx, told)

    def _tell(self, launch: Launch, share: Share) -> Share:
        """Emits the counts if it is time."""
        told = share.told(self.tx.now)
        if told.published != share.published:
            self.tx.emit(announcements.counted(launch.launch_id, launch.project, told, self.number))
        return told

    async def refuse(self, at: AtHand, ids: list[str], reasons: list[str]) -> None:
        await self.stores.instances.refuse(self.tx, at.launch, ids, reasons)
        self.tx.emit(announcements.refused(at.launch, ids, reasons, self.number, self.tx.now))

    async def start(self, at: AtHand, roll: Roll, cohorts: Sequence[Cohort]) -> None:
        """New instances, standing where `cohorts` say."""
        for cohort in cohorts:
            await self.stores.instances.insert(self.tx, at.launch, roll, cohort)
        members = [member for cohort in cohorts for member in cohort.members]
        ids = pick(roll.contact_ids, sorted(members))
        self.tx.emit(announcements.started(at.launch, ids, self.number, self.tx.now))
        await self._arrive(at, roll, [(None, cohort) for cohort in cohorts], started=len(members))

    async def move(self, at: AtHand, roll: Roll, moves: Sequence[Move]) -> None:
        """Stored instances meet events. Behind a stopped gate whatever comes ends them: no step may start."""
        went: list[Went] = []
        for cohort, event in moves:
            met = Stopped() if at.gate is ControlState.STOPPED else event
            after = advance(at.launch.flow, cohort, met, self.tx.now, roll, held=at.gate is ControlState.PAUSED)
            if after:
                await self._leave(at.launch, roll, cohort)
            went += [(cohort, each) for each in after]
        if went:
            await self.stores.instances.move(self.tx, at.launch, roll, [after for _, after in went])
            await self._arrive(at, roll, went, started=0)

    async def move_all(self, at: AtHand, standing: Standing, event: Event) -> None:
        await self.move(at, standing.roll, [(cohort, event) for cohort in standing.cohorts])

    async def _leave(self, launch: Launch, roll: Roll, cohort: Cohort) -> None:
        """What the old place of these instances had open."""
        ids = pick(roll.contact_ids, cohort.members)
        if cohort.status is Status.UPDATE:
            updates = [announcements.update_id(launch, id, cohort) for id in ids]
            await self.stores.updates.forget(self.tx, launch, updates)
        if cohort.status is Status.INCIDENT:
            await self.stores.incidents.close(self.tx, launch, ids)
            self.tx.emit(announcements.closed(launch, ids, self.number, self.tx.now))

    async def _arrive(self, at: AtHand, roll: Roll, went: Sequence[Went], started: int) -> None:
        """What the new place of these instances needs, says and counts."""
        launch = at.launch
        cohorts = [after for _, after in went]
        for cohort in cohorts:
            ids = pick(roll.contact_ids, cohort.members)
            if cohort.status is Status.ENDED and launch.rule is not None and not launch.rule.keep:
                await self.stores.recurrences.release(self.tx, launch, ids)
            if cohort.status is Status.UPDATE:
                updates = [announcements.update_id(launch, id, cohort) for id in ids]
                await self.stores.updates.request(self.tx, launch, ids, updates)
            if cohort.status is Status.INCIDENT:
                retriable = bool(cohort.entered)  # it has just come to the step; from a rest in it, it was begun before
                detail = cohort.reason or ""
                await self.stores.incidents.open(self.tx, launch, ids, cohort.step, detail, retriable)
        if ways := passing.ways(went, self._part):
            self._part += 1
            self.tx.emit(*announcements.passed(launch, roll, ways, self.number, self.tx.now))
        _, share = self._shares.get(launch.launch_id, (launch, at.share))
        share = share.after(started, cohorts)
        if not share.open:  # ahead of the last outcome: who has read that, and sees the launch ended, has all counts
            share = self._tell(launch, share)
        self._shares[launch.launch_id] = (launch, share)
        self.tx.emit(*announcements.arrivals(launch, roll, cohorts, self.number, self.tx.now))
