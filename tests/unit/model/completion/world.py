"""log's tables, the topics it writes, and what really happened, in memory. One launch over two partition numbers."""

from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, field, replace

from unit.model.chance import Chance, Violation
from unit.model.play import Player
from unit.model.transactions import Database

NUMBERS = 2
HOME = 0
Contacts = tuple[int, ...]
Told = tuple[str, int, Contacts]
"""What a record says: targets, outcomes, deliveries, total or stopped; its id; contacts."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What one number has counted, or the sums."""

    chunked: int = 0
    ended: int = 0
    delivered: int = 0
    changes: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(*(mine + yours for mine, yours in zip(astuple(self), astuple(other), strict=True)))


@dataclass(frozen=True, slots=True)
class Launch:
    """The row of `launch`, and the sums of the tallies as they were when it was read."""

    total: int | None = None
    stopped: bool = False
    end: str | None = None
    own_revision: int = 0
    published: int = 0
    announced: bool = False
    seen: int = 0
    live: bool = True
    sums: Tally = field(default_factory=Tally)

    @property
    def revision(self) -> int:
        return self.own_revision + self.sums.changes


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A record of `log.launches`."""

    revision: int
    targeted: int
    ended: int
    delivered: int
    end: str | None


Row = Contacts | Snapshot
"""Of the outbox: outcomes for `log.outcomes`, or a snapshot."""


class World:
    def __init__(self, chance: Chance, task: Callable[["World", int], Player]) -> None:
        self.chance = chance
        self.history: list[str] = []
        self._task = task
        self.database = Database(chance)
        self.contacts = range(1 + chance.pick(5))
        self.topics: list[list[Told]] = [[] for _ in range(NUMBERS)]
        """What log consumes, by number. Records may be repeated; nothing orders one number's before another's."""
        self.read = [0] * NUMBERS
        self.read_back = 0
        self.row = Launch()
        self.tallies = [Tally() for _ in range(NUMBERS)]
        self.chunks: set[tuple[str, int]] = set()
        self.outcomes: set[int] = set()
        self.outbox: list[dict[int, Row]] = [{} for _ in range(NUMBERS)]
        self.drawn = 0
        self.log_outcomes: set[int] = set()
        self.log_launches: list[Snapshot] = []
        self.reader = Snapshot(0, 0, 0, 0, None)
        """Whoever follows the topic keeps the highest revision."""
        self._coming = self._inputs()
        self._contents: dict[int, Snapshot] = {}
        self._ends: set[str] = set()

    def _inputs(self) -> list[tuple[int, Told]]:
        """In any order; the total may be known last."""
        found: list[tuple[int, Told]] = [(HOME, ("total", 0, tuple(self.contacts)))]
        if any(id % NUMBERS != HOME for id in self.contacts):
            found.append((1 - HOME, ("total", 0, tuple(self.contacts))))
        if self.chance.one_in(4):
            found.append((HOME, ("stopped", 0, ())))
        for number in range(NUMBERS):
            mine = tuple(id for id in self.contacts if id % NUMBERS == number)
            parts = [part for part in (mine[:2], mine[2:]) if part]
            found += [(number, ("targets", part[0], part)) for part in parts]
            found += [(number, ("outcomes", part[0], part)) for part in parts]
            found += [(number, ("deliveries", part[0], part)) for part in parts]
        shuffled = []
        while found:
            shuffled.append(found.pop(self.chance.pick(len(found))))
        return shuffled

    def cast(self) -> Sequence[tuple[str, Callable[[], Player]]]:
        return [(f"number {n}", lambda n=n: self._task(self, n)) for n in range(NUMBERS)]  # type: ignore[misc]

    def happen(self) -> None:
        """Some records come, perhaps again."""
        for _ in range(1 + self.chance.pick(4)):
            if self._coming:
                number, told = self._coming[-1]
                self.topics[number].append(told)
                if not self.chance.one_in(4):
                    self._coming.pop()

    def at_rest(self) -> bool:
        return not self._coming

    # What commits do

    def launch(self) -> Launch:
        """The row and the sums, as a statement sees them now."""
        return replace(self.row, sums=sum(self.tallies, Tally()))

    def count(self, number: int, added: Tally) -> None:
        self.tallies[number] += added
        self.look()

    def save(self, launch: Launch) -> None:
        before, self.row = self.row, launch
        if launch.end is not None and before.end is None:
            self.history.append(f"end set: {launch.end}")
            if len(self.outcomes) != len(self.contacts):
                raise Violation("I8: ended before the last target")
        if before.end is not None and launch.end != before.end:
            raise Violation("I8: the end changed")
        self.look()

    def look(self) -> None:
        """The figures, with the rows of outcomes behind them: after every commit."""
        launch = self.launch()
        if launch.sums.ended != len(self.outcomes):
            raise Violation("I5: counts differ from the rows")
        self.history.append(f"revision {launch.revision}: {launch.sums.ended} of {launch.total}")

    # What the broker has

    def publish(self, row: Row) -> None:
        if isinstance(row, tuple):
            self.log_outcomes.update(row)
            return
        self.history.append(f"on the topic: {row}")
        if row.end is not None and len(self.log_outcomes) != len(self.contacts):
            raise Violation("I8: announced before the last outcome was on the topic")
        if row.end is not None:
            self._ends.add(row.end)
        if self._contents.setdefault(row.revision, row) != row:
            raise Violation("I10: one revision, two contents")
        self.log_launches.append(row)
        self.follow(row)

    def follow(self, row: Snapshot) -> None:
        """launcher and dashboards: a lower revision is passed over."""
        if row.revision > self.reader.revision:
            if (
                row.ended < self.reader.ended
                or row.targeted < self.reader.targeted
                or row.delivered < self.reader.delivered
            ):
                raise Violation("I5: a figure went down")
            self.reader = row

    def check_end(self) -> None:
        everybody = len(self.contacts)
        if self.row.end is None:
            raise Violation("I19: the launch never ends")
        if self.log_outcomes != set(self.contacts):
            raise Violation("I11: an outcome never came to the topic")
        if len(self._ends) != 1:
            raise Violation("I8: not one end")
        last = self.log_launches[-1]
        if last.end is None or last != self.reader:
            raise Violation("compaction: what is last on the topic is not the newest")
        if (last.targeted, last.ended, last.delivered) != (everybody,) * 3:
            raise Violation("I5: the last figures are not the truth")


def changed(before: Launch, after: Launch) -> Launch:
    return after if after == before else replace(after, own_revision=before.own_revision + 1, live=True)
