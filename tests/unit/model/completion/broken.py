"""Ways to count wrongly, to announce too early, twice or never, and to leave the wrong figures behind."""

from dataclasses import replace
from functools import partial

from unit.model.completion.protocol import Process, snapshot
from unit.model.completion.world import HOME, NUMBERS, Contacts, Launch, Snapshot, Tally, Told, World, changed
from unit.model.transactions import Steps, Transaction


class CountsRepeated(Process):
    """`ended += len(contacts)` for every record, also for a repeated one."""

    def added(self, told: Told, new: Contacts) -> Tally:
        return super().added(told, told[2])


class CountsTogether(Process):
    """One figure for all numbers: read, and written back later, while another number does the same."""

    def record(self, at: int, tx: Transaction) -> Steps:
        self.before = self.world.launch().sums
        yield from super().record(at, tx)

    def count(self, added: Tally, live: bool) -> None:
        self.world.tallies = [Tally() for _ in range(NUMBERS)]
        self.world.count(HOME, self.before + added)


class EndsWithTheChunks(Process):
    """All that was heard of has ended, and nobody asks whether more is to come."""

    def settled(self, launch: Launch) -> Launch:
        sums = launch.sums
        if launch.end is None and launch.total is None and sums.ended and sums.ended == sums.chunked:
            return replace(launch, end="completed")
        return super().settled(launch)


class EndsWithTheTotal(Process):
    """Only what is told of the launch as a whole can complete it: nobody looks when the last outcome is counted."""

    def due(self) -> bool:
        launch = self.world.launch()
        return super().due() and (launch.end is not None or launch.published != launch.revision)

    def publish(self, tx: Transaction) -> Steps:
        settled, self.settled = self.settled, lambda launch: launch  # type: ignore[method-assign]
        try:
            yield from super().publish(tx)
        finally:
            self.settled = settled  # type: ignore[method-assign]


class EndsAgain(Process):
    """The end is worked out anew: a stop that is read late makes a completed launch stopped."""

    def told(self, launch: Launch, told: Told) -> Launch:
        return replace(launch, stopped=True) if told[0] == "stopped" else super().told(launch, told)

    def settled(self, launch: Launch) -> Launch:
        return super().settled(replace(launch, end=None))


class AnnouncesWhereItEnds(Process):
    """The number whose transaction makes ended = total says so, whatever the others still have to publish."""

    def record(self, at: int, tx: Transaction) -> Steps:
        yield from super().record(at, tx)
        tx.write(self.announce)

    def announce(self) -> None:
        before = self.world.launch()
        launch = changed(before, self.settled(before))
        if launch.end is not None and not launch.announced:
            self.stored(snapshot(launch))
            self.world.save(replace(launch, announced=True, published=launch.revision))


class AnnouncesAtOnce(Process):
    """The home lease does not ask what is still in an outbox."""

    def drained(self) -> bool:
        return True


class AsksItsOwnOutbox(Process):
    """The home lease asks what is still in its own outbox."""

    def drained(self) -> bool:
        return not any(isinstance(row, tuple) for row in self.world.outbox[HOME].values())


class DeletesEarly(Process):
    """An outbox row is deleted when it was handed to the producer, not when Kafka has it."""

    def enter(self, tx: Transaction) -> Steps:
        self.acknowledged |= {seq for epoch, seq, _ in self.flight if epoch == self.epoch}
        yield from super().enter(tx)


class WithoutReadBack(Process):
    """Nobody looks at what a frozen producer wrote last."""

    def on_snapshots(self, at: int, tx: Transaction) -> Steps:
        tx.write(lambda: setattr(self.world, "read_back", at + 1))
        yield False


class AnyLeasePublishes(Process):
    """Every number publishes what it knows, as it is when it looks: the row is not locked, nor marked by revision."""

    seen: Snapshot | None = None

    def due(self) -> bool:
        launch = self.world.launch()
        return self.content(launch) != self.seen and (launch.end is None or self.drained())

    def content(self, launch: Launch) -> Snapshot:
        return replace(snapshot(self.settled(launch)), revision=0)

    def publish(self, tx: Transaction) -> Steps:
        launch = self.settled(self.world.launch())
        self.seen = self.content(launch)
        yield False
        tx.write(partial(self.count_up, launch))

    def count_up(self, launch: Launch) -> None:
        """Its revision is drawn when it is written, its figures were read before."""
        now = self.world.launch()
        now = replace(now, own_revision=now.own_revision + 1, end=now.end or launch.end)
        self.stored(replace(snapshot(launch), revision=now.revision))
        self.world.save(now)


class CountsSilently(Process):
    """Deliveries do not change the revision, so nobody hears of those that come after the end."""

    def added(self, told: Told, new: Contacts) -> Tally:
        added = super().added(told, new)
        return replace(added, changes=0) if added.delivered else added


class RestsForGood(Process):
    """A launch whose end was told is never looked after again."""

    def count(self, added: Tally, live: bool) -> None:
        super().count(added, live=True)

    def to_rouse(self) -> bool:
        return False


class WithoutSweep(Process):
    """What counted while its launch came to rest is not looked for."""

    def to_rouse(self) -> bool:
        return False


class OwnRevision(Process):
    """What partitions count is no part of the revision: each snapshot draws the next one as it goes out."""

    def added(self, told: Told, new: Contacts) -> Tally:
        return replace(super().added(told, new), changes=0)

    def due(self) -> bool:
        launch = self.world.launch()
        return super().due() or (self.place == HOME and launch.end is None and snapshot(launch) != self.world.reader)

    def publish(self, tx: Transaction) -> Steps:
        launch = self.world.launch()
        if launch.end is None and snapshot(launch) != self.world.reader:
            self.emit(tx, snapshot(launch))
        yield from super().publish(tx)


class LastOneWins(World):
    """A reader keeps what came last, whatever its revision."""

    def follow(self, row: Snapshot) -> None:
        if row.ended < self.reader.ended or row.targeted < self.reader.targeted:
            super().follow(replace(row, revision=self.reader.revision + 1))
        self.reader = row
