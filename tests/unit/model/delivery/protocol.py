"""One partition number's task in one process. Between two steps a process can be killed, frozen or overtaken.

This is `runtime.worker`, `runtime.lease` and `runtime.outbox` without their machinery; change them together.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from unit.model.delivery.world import TIMER_STAGE, Database, Record, Row, World

BATCH = 3
LOST = 0.03
"""How often the answer to a COMMIT does not come, whether it was applied or not."""


class Running(Protocol):
    """A process's task for one partition number."""

    def step(self) -> bool:
        """Do the next indivisible thing; True if there was nothing to do."""
        ...


Task = Callable[[World, int, int], Running]


class Fenced(Exception):
    """The compare-and-set hit no row."""


class Lost(Exception):
    """The connection broke."""


class Lease:
    """Takes the number, keeps it until fenced, then asks again: still assigned."""

    def __init__(self, world: World, stage: int, number: int) -> None:
        self.world, self.stage, self.number = world, stage, number
        self.database: Database = world.databases[stage]
        self.epoch = self.drawn = self.next = self.clock = 0
        self.acknowledged: set[int] = set()
        self.open: set[int] = set()
        self.flight: deque[tuple[int, int, Row]] = deque()
        """Handed to the producer, not yet at the broker: (epoch of the lease, seq, row)."""
        self._task = self.run()

    def step(self) -> bool:
        if self.flight and self.world.rng.random() < 0.4:
            self.arrived(*self.flight.popleft())
            return False
        return next(self._task) and not self.flight

    def arrived(self, epoch: int, seq: int, row: Row) -> None:
        """The broker has a record and its acknowledgement is back. A lease of before no longer cares."""
        self.world.publish(self.stage, self.number, seq, row)
        if epoch == self.epoch:
            self.open.discard(seq)
            self.acknowledged.add(seq)

    def run(self) -> Iterator[bool]:
        """Yields True when there was nothing to do."""
        while True:
            self.acquire()
            yield False
            try:
                while True:
                    try:
                        self.leftovers()
                        yield from self.pump()
                    except Lost:
                        yield False
                        self.reload()
            except Fenced:
                yield False

    def acquire(self) -> None:
        self.database.epoch[self.number] += 1
        self.epoch = self.database.epoch[self.number]
        self.drawn = 0
        self.acknowledged.clear()
        self.open.clear()
        self.world.owner[self.stage, self.number] = self
        self.reload()

    def reload(self) -> None:
        """Also the answer to "was my COMMIT applied?"."""
        if not self.owned():
            raise Fenced
        self.next, self.clock = self.database.next[self.number], self.database.clock[self.number]

    def owned(self) -> bool:
        return self.database.epoch[self.number] == self.epoch

    def leftovers(self) -> None:
        stored = sorted(self.database.outbox[self.number].items())
        self.send([(seq, row) for seq, row in stored if seq not in self.acknowledged and seq not in self.open])

    def send(self, rows: Iterable[tuple[int, Row]]) -> None:
        """Publish without waiting."""
        for seq, row in rows:
            self.open.add(seq)
            self.flight.append((self.epoch, seq, row))

    def pump(self) -> Iterator[bool]:
        world, log = self.world, self.world.logs[self.stage][self.number]
        timers = self.database.timers[self.number]
        while True:
            busy = False
            begin = self.next - 1 if self.next and world.rng.random() < 0.2 else self.next
            fetched = log[begin : begin + BATCH]
            if begin < self.next:  # from a position of before: dropped
                fetched = fetched[1:]
            if fetched:
                busy = True
                yield False
                self.batch(fetched)
                yield False
            if timers and min(timers.values()) <= world.now:
                busy = True
                yield False
                self.fire()
                yield False
            if not busy:
                busy = self.look_after()
            yield not busy

    def batch(self, records: list[Record]) -> None:
        new = self.next + len(records)
        self.transact(self.database.next, self.next, new, lambda: self.handle([id_ for id_, _ in records]))

    def fire(self) -> None:
        """An idle job: the timers that are due go on."""
        self.transact(self.database.clock, self.clock, self.clock + 1, self.claim)

    def transact(self, cursor: list[int], old: int, new: int, work: Callable[[], list[Record]]) -> None:
        """Compare-and-set, deletion of what Kafka has, work, outbox: all or nothing. Then publish."""
        database, number, chance = self.database, self.number, self.world.rng.random()
        if chance < LOST:
            raise Lost
        if cursor[number] != old or not self.owned():
            raise Fenced
        cursor[number] = new
        self.delete()
        rows = [(self.draw(), (self.world.destination(self.stage, record[0]), record)) for record in work()]
        database.outbox[number].update(rows)
        self.world.committed(self.stage, number, self, rows)
        if chance > 1 - LOST:
            raise Lost
        if cursor is database.next:
            self.next = new
        else:
            self.clock = new
        self.acknowledged.clear()
        self.send(rows)

    def draw(self) -> int:
        self.drawn += 1
        return self.epoch << 16 | self.drawn

    def delete(self) -> None:
        outbox = self.database.outbox[self.number]
        for seq in self.acknowledged:
            outbox.pop(seq, None)

    def look_after(self) -> bool:
        """When idle: delete what was acknowledged, and notice an owner that came over us. Without that, what it left
        behind would wait until there is work."""
        if not self.owned():
            raise Fenced
        if not self.acknowledged:
            return False
        self.delete()
        self.acknowledged.clear()
        return True

    # The handler and the job: idempotent by key, the count comes from the rows that were really inserted

    def handle(self, ids: list[int]) -> list[Record]:
        database, now = self.database, self.world.now
        new = [id_ for id_ in dict.fromkeys(ids) if id_ not in database.effects]
        for id_ in new:
            database.effects[id_] = 1
        database.count += len(new)
        if self.stage != TIMER_STAGE:
            return [(id_, now) for id_ in new]
        for id_ in new:
            database.timers[self.number][id_] = now + 5 * id_
        return []

    def claim(self) -> list[Record]:
        timers, now = self.database.timers[self.number], self.world.now
        due = [id_ for id_, at in timers.items() if at <= now][:BATCH]
        return [(id_, timers.pop(id_) + now) for id_ in due]
