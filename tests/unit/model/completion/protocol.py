"""How log counts and announces: `log.handlers`, `log.domain.counting`, `log.domain.tally` and `log.jobs`."""

from collections import deque
from dataclasses import replace
from functools import partial

from unit.model.completion.world import HOME, NUMBERS, Contacts, Launch, Row, Snapshot, Tally, Told, World, changed
from unit.model.transactions import Steps, Task, Transaction

LAUNCH = "launch"


class Process(Task):
    """One number's task with its outbox (`runtime.outbox`): published after the commit, deleted in a later one."""

    def __init__(self, world: World, number: int) -> None:
        super().__init__(world.database, number)
        self.world, self.place = world, number
        self.flight: deque[tuple[int, int, Row]] = deque()
        """Handed to the producer, not yet at the broker: epoch, seq, row."""
        self.acknowledged: set[int] = set()
        self.sent = 0
        """The lease whose leftovers were handed to the producer."""

    def step(self) -> bool:
        if self.flight and self.world.chance.pick(6) == 0:
            epoch, seq, row = self.flight.popleft()
            self.world.publish(row)
            if epoch == self.epoch:
                self.acknowledged.add(seq)
            return False
        return super().step() and not self.flight

    def turns(self) -> Steps:
        if self.sent != self.epoch:
            self.acknowledged.clear()
            self.leftovers()
            self.sent = self.epoch
        while True:
            if (at := self.world.read[self.place]) < len(self.world.topics[self.place]):
                yield from self.transact(partial(self.record, at))
            if self.place == HOME and (at := self.world.read_back) < len(self.world.log_launches):
                yield from self.transact(partial(self.on_snapshots, at))
            if self.due():
                yield False
                yield from self.transact(self.publish)
            if self.to_rouse():
                yield False
                yield from self.transact(self.rouse)
            if self.acknowledged:
                yield from self.transact(lambda tx: None)
            self.fence()
            yield True

    # runtime.outbox

    def leftovers(self) -> None:
        for seq, row in sorted(self.world.outbox[self.place].items(), key=lambda item: item[0]):
            self.flight.append((self.epoch, seq, row))

    def emit(self, tx: Transaction, row: Row) -> None:
        tx.write(partial(self.stored, row))

    def stored(self, row: Row) -> None:
        """In the outbox at the commit. Where its answer is lost the row is published as well: nothing depends on it."""
        self.world.drawn += 1
        self.world.outbox[self.place][self.world.drawn] = row
        self.flight.append((self.epoch, self.world.drawn, row))

    def enter(self, tx: Transaction) -> Steps:
        yield from super().enter(tx)
        tx.write(partial(self.delete, set(self.acknowledged)))

    def delete(self, acknowledged: set[int]) -> None:
        for seq in acknowledged:
            self.world.outbox[self.place].pop(seq, None)
        self.acknowledged -= acknowledged

    # Handlers._record

    def record(self, at: int, tx: Transaction) -> Steps:
        """Rows first, then what they add up to; the launch's row only where more is told than counts."""
        told = self.world.topics[self.place][at]
        tx.write(lambda: self.move_on(at + 1))
        what, id, contacts = told
        live = self.world.row.live
        new = self.new(what, id, contacts)
        if what == "outcomes" and new:
            self.emit(tx, new)
        yield False
        tx.write(lambda: self.insert(what, id, contacts))
        if (added := self.added(told, new)) != Tally():
            tx.write(partial(self.count, added, live))
        if what in ("total", "stopped"):
            yield from self.locked(tx)
            before = self.world.launch()
            yield False
            after = changed(before, self.settled(self.told(self.settled(before), told)))
            if after is not before:
                tx.write(lambda: self.world.save(after))

    def move_on(self, at: int) -> None:
        self.world.read[self.place] = at

    def new(self, what: str, id: int, contacts: Contacts) -> Contacts:
        """The rows that were not there."""
        if what in ("targets", "deliveries"):
            return () if (what, id) in self.world.chunks else contacts
        return tuple(contact for contact in contacts if contact not in self.world.outcomes)

    def insert(self, what: str, id: int, contacts: Contacts) -> None:
        if what in ("targets", "deliveries"):
            self.world.chunks.add((what, id))
        elif what == "outcomes":
            self.world.outcomes.update(contacts)

    def added(self, told: Told, new: Contacts) -> Tally:
        """`tally.tally`"""
        match told[0]:
            case _ if not new:
                return Tally()
            case "targets":
                return Tally(chunked=len(new), changes=1)
            case "outcomes":
                return Tally(ended=len(new), changes=1)
            case "deliveries":
                return Tally(delivered=len(new), changes=1)
            case _:
                return Tally()

    def count(self, added: Tally, live: bool) -> None:
        """`PostgresLaunches.count`; `live` as it was found at the beginning."""
        self.world.count(self.place, added)
        if not live:
            self.world.save(replace(self.world.row, live=True))

    def locked(self, tx: Transaction) -> Steps:
        """`PostgresLaunches.locked`: FOR UPDATE, the row as it is then, and then the sums."""
        yield from tx.lock(LAUNCH)

    def told(self, launch: Launch, told: Told) -> Launch:
        """`counting.changed`"""
        if told[0] == "total":
            return replace(launch, total=len(told[2]))
        return launch if launch.end is not None else replace(launch, stopped=True)

    def settled(self, launch: Launch) -> Launch:
        """`counting.settled`: by whoever sees first, under the lock, that ended = total; once."""
        if launch.end is not None or launch.total is None or launch.sums.ended != launch.total:
            return launch
        return replace(launch, end="stopped" if launch.stopped else "completed")

    # Jobs.publish, Jobs.sweep

    def due(self) -> bool:
        launch = self.world.launch()
        if self.place != HOME or not launch.live:
            return False
        if (launch.end is None and launch.total == launch.sums.ended) or launch.announced:
            return True
        return launch.published != launch.revision and (launch.end is None or self.drained())

    def publish(self, tx: Transaction) -> Steps:
        yield from self.locked(tx)
        before = self.world.launch()
        launch = changed(before, self.settled(before))
        if launch.announced and launch.revision == launch.published:
            launch = replace(launch, live=False)
        elif launch.revision != launch.published and (launch.end is None or launch.announced or self.drained()):
            self.emit(tx, snapshot(launch))
            launch = replace(launch, published=launch.revision, announced=launch.end is not None)
        yield False
        tx.write(lambda: self.world.save(launch))

    def to_rouse(self) -> bool:
        launch = self.world.launch()
        return self.place == HOME and not launch.live and launch.revision > launch.published

    def rouse(self, tx: Transaction) -> Steps:
        """What counted while its launch came to rest did not see that."""
        yield from self.locked(tx)
        tx.write(lambda: self.world.save(replace(self.world.row, live=True)))

    def drained(self) -> bool:
        """No lease has outcomes in its outbox any more: whoever counted the last of them, all are on the topic."""
        return not any(
            isinstance(row, tuple) for number in range(NUMBERS) for row in self.world.outbox[number].values()
        )

    # Handlers.on_snapshots

    def on_snapshots(self, at: int, tx: Transaction) -> Steps:
        """`counting.read_back`: what comes last has to be the newest, else the figures go out again."""
        yield from self.locked(tx)
        before, revision = self.world.launch(), self.world.log_launches[at].revision
        after = replace(before, seen=max(before.seen, revision))
        if not revision == after.seen <= before.revision:
            own = max(before.revision, after.seen) + 1 - before.sums.changes
            after = replace(after, own_revision=own, live=True)
        tx.write(lambda: self.world.save(after))
        tx.write(lambda: setattr(self.world, "read_back", at + 1))


def snapshot(launch: Launch) -> Snapshot:
    """`log.domain.snapshot.figures`: a function of the row and the sums at this revision alone."""
    sums = launch.sums
    targeted = max(sums.chunked, sums.ended) if launch.total is None else launch.total
    return Snapshot(launch.revision, targeted, sums.ended, sums.delivered, launch.end)
