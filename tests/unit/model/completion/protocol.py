"""How log counts and announces: `log.handlers`, `log.domain.counting` and `log.jobs.publish`."""

from collections import deque
from dataclasses import replace
from functools import partial

from unit.model.completion.world import HOME, NUMBERS, Contacts, Launch, Row, Snapshot, Told, World, changed
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
        """Rows first, then what they add up to, under the lock of the launch's row."""
        told = self.world.topics[self.place][at]
        tx.write(lambda: self.move_on(at + 1))
        what, id, contacts = told
        new = self.new(what, id, contacts)
        if what == "outcomes" and new:
            self.emit(tx, new)
        tx.write(lambda: self.insert(what, id, contacts))
        yield from self.locked(tx)
        before = self.world.launch
        yield False
        after = changed(before, self.settled(self.counted(before, told, new)))
        if after is not before:
            tx.write(lambda: self.world.save(after))

    def move_on(self, at: int) -> None:
        self.world.read[self.place] = at

    def new(self, what: str, id: int, contacts: Contacts) -> Contacts:
        """INSERT … ON CONFLICT DO NOTHING RETURNING: the rows that were not there."""
        if what == "targets":
            return () if id in self.world.chunks else contacts
        return tuple(contact for contact in contacts if contact not in self.world.outcomes)

    def insert(self, what: str, id: int, contacts: Contacts) -> None:
        if what == "targets":
            self.world.chunks.add(id)
        elif what == "outcomes":
            self.world.outcomes.update(contacts)

    def locked(self, tx: Transaction) -> Steps:
        """`PostgresLaunches.locked`: FOR UPDATE, and the row as it is then."""
        yield from tx.lock(LAUNCH)

    def counted(self, launch: Launch, told: Told, new: Contacts) -> Launch:
        match told[0]:
            case "targets":
                return replace(launch, chunked=launch.chunked + len(new))
            case "outcomes":
                return replace(launch, ended=launch.ended + len(new))
            case "total":
                return replace(launch, total=len(told[2]))
            case _:
                return launch if launch.end is not None else replace(launch, stopped=True)

    def settled(self, launch: Launch) -> Launch:
        """`counting.settled`: by the transaction that makes ended = total, once."""
        if launch.end is not None or launch.total is None or launch.ended != launch.total:
            return launch
        return replace(launch, end="stopped" if launch.stopped else "completed")

    # Jobs.publish

    def due(self) -> bool:
        launch = self.world.launch
        if self.place != HOME or launch.published == launch.revision:
            return False
        return launch.end is None or launch.announced or self.drained()

    def publish(self, tx: Transaction) -> Steps:
        yield from self.locked(tx)
        launch = self.world.launch
        if launch.revision == launch.published:
            return
        if launch.end is not None and not launch.announced and not self.drained():
            return
        self.emit(tx, snapshot(launch))
        yield False
        done = replace(launch, published=launch.revision, announced=launch.end is not None)
        tx.write(lambda: self.world.save(done))

    def drained(self) -> bool:
        """No lease has outcomes in its outbox any more: whoever counted the last of them, all are on the topic."""
        return not any(
            isinstance(row, tuple) for number in range(NUMBERS) for row in self.world.outbox[number].values()
        )

    # Handlers.on_snapshots

    def on_snapshots(self, at: int, tx: Transaction) -> Steps:
        """`counting.read_back`: what comes last has to be the newest, else the figures go out again."""
        yield from self.locked(tx)
        before, revision = self.world.launch, self.world.log_launches[at].revision
        after = replace(before, seen=max(before.seen, revision))
        if not revision == after.seen <= before.revision:
            after = replace(after, revision=max(before.revision, after.seen) + 1)
        tx.write(lambda: self.world.save(after))
        tx.write(lambda: setattr(self.world, "read_back", at + 1))


def snapshot(launch: Launch) -> Snapshot:
    """`log.domain.snapshot.figures`: a function of the row at this revision alone."""
    targeted = max(launch.chunked, launch.ended) if launch.total is None else launch.total
    return Snapshot(launch.revision, targeted, launch.ended, launch.end)
