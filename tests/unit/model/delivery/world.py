"""Kafka, the databases and the truth, in memory: what one seeded run of the delivery protocol happens in.

Every method is atomic: a task can be killed, frozen or overtaken before and after it, never inside. The world sees
everything, so it notices at once what no process could notice itself.
"""

from collections import defaultdict
from random import Random
from typing import Final

STAGES: Final = 3
"""Services in a row. The middle one keeps each event as a timer and emits when an idle job finds it due."""

TIMER_STAGE: Final = 1
Record = tuple[int, int]
"""Id of the input it stems from, and the time in it: whoever makes it twice makes it differently."""
Row = tuple[int, Record]
"""Of an outbox: destination and record."""


class Violation(AssertionError):
    """An invariant does not hold. The message names it."""


class Database:
    """Of one service. Rows are per partition number, as every business table is."""

    def __init__(self, numbers: int) -> None:
        self.next = [0] * numbers
        """`stream_cursor` of the consumed topic."""
        self.clock = [0] * numbers
        """`stream_cursor` of the idle jobs."""
        self.epoch = [0] * numbers
        self.outbox: list[dict[int, Row]] = [{} for _ in range(numbers)]
        """By seq."""
        self.timers: list[dict[int, int]] = [{} for _ in range(numbers)]
        """By id, when it is due."""
        self.effects: dict[int, int] = {}
        """By id, how often it took effect."""
        self.count = 0
        self.offset = [0] * numbers
        """What Kafka holds as committed offset: only broken variants go by it."""


class World:
    def __init__(self, seed: int, *, watching: bool) -> None:
        """`watching`: notice a fenced owner's commit as such, not only by what comes of it."""
        rng = self.rng = Random(seed)
        self.watching = watching
        self.now = 0
        self.numbers = rng.choice((1, 2, 2))
        self.inputs = rng.randint(3, 8)
        self.databases = [Database(self.numbers) for _ in range(STAGES)]
        self.logs: list[list[list[Record]]] = [[[] for _ in range(self.numbers)] for _ in range(STAGES + 1)]
        self.coming = [(id_, id_ % self.numbers) for id_ in range(self.inputs)]
        self.coming += [one for one in self.coming if rng.random() < 0.15]
        """Not yet on the first topic; some inputs are sent twice."""
        self.owner: dict[tuple[int, int], object] = {}
        """Of (stage, number): whose lease is the newest."""
        self._stored: list[dict[tuple[int, int], Row]] = [{} for _ in range(STAGES)]
        """Every outbox row that was ever committed, by number and seq."""
        self._content: dict[tuple[int, int], int] = {}
        self._published: set[tuple[int, int, int]] = set()
        self._newest: dict[tuple[int, int], int] = defaultdict(int)

    def arrive(self) -> None:
        """The next input is appended to the first topic."""
        if self.coming:
            id_, number = self.coming.pop()
            self.logs[0][number].append((id_, 0))

    def publish(self, stage: int, number: int, seq: int, row: Row) -> None:
        """The broker has an outbox row. Each comes for the first time in the order of its number."""
        self.append(stage, row)
        if (stage, number, seq) not in self._published:
            self._published.add((stage, number, seq))
            if seq < self._newest[stage, number]:
                raise Violation("order: an outbox row was overtaken")
            self._newest[stage, number] = seq

    def append(self, stage: int, row: Row) -> None:
        destination, (id_, content) = row
        if self._content.setdefault((stage, id_), content) != content:
            raise Violation("identity: a repeated record differs")
        self.logs[stage + 1][destination].append((id_, content))

    def committed(self, stage: int, number: int, lease: object, rows: list[tuple[int, Row]]) -> None:
        """Called inside every commit of a lease."""
        if self.watching and self.owner[stage, number] is not lease:
            raise Violation("fencing: a fenced owner committed")
        if self.databases[stage].count != len(self.databases[stage].effects):
            raise Violation("counts: not equal to the rows")
        self._stored[stage].update({(number, seq): row for seq, row in rows})

    def destination(self, stage: int, id_: int) -> int:
        """Chunks change partition on their way, so that numbers of different services mix."""
        return (id_ + stage) % self.numbers

    def check_end(self) -> None:
        """After the last fault, when nothing moves any more."""
        everything = set(range(self.inputs))
        for stage, database in enumerate(self.databases):
            if any((stage, number, seq) not in self._published for number, seq in self._stored[stage]):
                raise Violation("publication: a committed row never reached the topic")
            if set(database.effects) != everything:
                raise Violation("loss: an input had no effect")
            if set(database.effects.values()) != {1} or database.count != self.inputs:
                raise Violation("repetition: an input had its effect more than once")
            if any(database.outbox) or any(database.timers):
                raise Violation("rest: something is left behind")
            if {id_ for log in self.logs[stage + 1] for id_, _ in log} != everything:
                raise Violation("loss: a result was not published")
