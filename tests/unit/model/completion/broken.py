"""Ways to count wrongly, to announce too early, twice or never, and to leave the wrong figures behind."""

from dataclasses import replace
from functools import partial

from unit.model.completion.protocol import Process, snapshot
from unit.model.completion.world import HOME, Contacts, Launch, Snapshot, Told, World
from unit.model.transactions import Steps, Transaction


class CountsDeliveries(Process):
    """`ended += len(contacts)` for every record, also for a repeated one."""

    def counted(self, launch: Launch, told: Told, new: Contacts) -> Launch:
        return super().counted(launch, told, told[2])


class CountsWithoutLock(Process):
    """The launch's row is read, and written back later, while another number does the same."""

    def locked(self, tx: Transaction) -> Steps:
        yield False


class EndsWithTheChunks(Process):
    """All that was heard of has ended, and nobody asks whether more is to come."""

    def settled(self, launch: Launch) -> Launch:
        if launch.end is None and launch.total is None and launch.ended and launch.ended == launch.chunked:
            return replace(launch, end="completed")
        return super().settled(launch)


class EndsWithAnOutcome(Process):
    """Only an outcome can complete a launch: a total that comes after the last one does not."""

    def counted(self, launch: Launch, told: Told, new: Contacts) -> Launch:
        counted = super().counted(launch, told, new)
        return replace(counted, total=launch.total) if told[0] == "total" and launch.ended else counted


class EndsAgain(Process):
    """The end is worked out anew: a stop that is read late makes a completed launch stopped."""

    def counted(self, launch: Launch, told: Told, new: Contacts) -> Launch:
        return replace(launch, stopped=True) if told[0] == "stopped" else super().counted(launch, told, new)

    def settled(self, launch: Launch) -> Launch:
        return super().settled(replace(launch, end=None))


class AnnouncesWhereItEnds(Process):
    """The number whose transaction makes ended = total says so, whatever the others still have to publish."""

    def record(self, at: int, tx: Transaction) -> Steps:
        yield from super().record(at, tx)
        tx.write(self.announce)

    def announce(self) -> None:
        launch = self.world.launch
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

    seen: Launch | None = None

    def due(self) -> bool:
        launch = self.world.launch
        return launch != self.seen and (launch.end is None or self.drained())

    def publish(self, tx: Transaction) -> Steps:
        launch = self.seen = self.world.launch
        yield False
        tx.write(partial(self.count_up, launch))

    def count_up(self, launch: Launch) -> None:
        """Its revision is drawn when it is written, its figures were read before."""
        now = replace(self.world.launch, revision=self.world.launch.revision + 1)
        self.stored(replace(snapshot(launch), revision=now.revision))
        self.world.save(now)
        self.seen = now if launch == replace(now, revision=launch.revision) else None


class ChangesKeepTheRevision(Process):
    """The figures move on under a revision that was published already."""

    def counted(self, launch: Launch, told: Told, new: Contacts) -> Launch:
        counted = super().counted(launch, told, new)
        return counted if counted == launch else replace(counted, published=0)

    def publish(self, tx: Transaction) -> Steps:
        launch = self.world.launch
        if launch.published == 0 and launch.revision > 1:
            self.emit(tx, replace(snapshot(launch), revision=launch.revision - 1))
        yield from super().publish(tx)


class LastOneWins(World):
    """A reader keeps what came last, whatever its revision."""

    def follow(self, row: Snapshot) -> None:
        if row.ended < self.reader.ended or row.targeted < self.reader.targeted:
            super().follow(replace(row, revision=self.reader.revision + 1))
        self.reader = row
