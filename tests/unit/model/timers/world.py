"""executor's instances with timers, and what really happened, in memory. An instance is a chain of waits."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from unit.model.chance import Chance, Violation
from unit.model.play import Player
from unit.model.transactions import Database

NUMBERS = 2


@dataclass(slots=True)
class Instance:
    """A row of `process_instance`: at which of its waits it is, and until when."""

    id: int
    number: int
    waits: int
    at: int = 0
    due_at: int | None = None

    @property
    def ended(self) -> bool:
        return self.at == self.waits


class World:
    def __init__(self, chance: Chance, task: Callable[["World", int], Player]) -> None:
        self.chance = chance
        self.history: list[str] = []
        self._task = task
        self.database = Database(chance)
        self.now = 0
        """The one clock: PostgreSQL's."""
        self.instances: dict[int, Instance] = {}
        self.targets: list[list[Instance]] = [[] for _ in range(NUMBERS)]
        """`contacts.targets`, by number. Records may be repeated."""
        self.read = [0] * NUMBERS
        self.inputs = 2 + chance.pick(4)
        self._coming = list(range(self.inputs))
        self._fired: dict[tuple[int, int], int] = {}
        """(instance, wait): when it went on."""

    def cast(self) -> Sequence[tuple[str, Callable[[], Player]]]:
        return [(f"number {n}", lambda n=n: self._task(self, n)) for n in range(NUMBERS)]  # type: ignore[misc]

    def happen(self) -> None:
        """Time passes, and perhaps a target comes, or comes again."""
        self.now += 1 + self.chance.pick(4)
        if self._coming and (self.chance.pick(2) or self.now > 200):
            id = self._coming.pop()
            self.targets[id % NUMBERS].append(Instance(id, id % NUMBERS, waits=1 + id % 3))
        elif self.chance.one_in(3):
            for topic in self.targets:
                topic.extend(topic[:1])

    def at_rest(self) -> bool:
        return not self._coming and all(each.due_at is None for each in self.instances.values())

    # What commits do

    def start(self, target: Instance) -> None:
        self.history.append(f"{target.id} starts")
        self.instances[target.id] = Instance(target.id, target.number, target.waits)
        self.rest(target.id)

    def rest(self, id: int) -> None:
        """The wait that the instance has come to begins; after the last one it has ended."""
        instance = self.instances[id]
        instance.due_at = None if instance.ended else self.now + 3 + (id + instance.at) % 5

    def fire(self, id: int, wait: int, due_at: int, now: int) -> None:
        """A wait is over: what comes after it goes out."""
        self.history.append(f"{id} goes on from wait {wait}")
        if now < due_at or self.now < due_at:
            raise Violation("I12: a timer went off early")
        if (id, wait) in self._fired:
            raise Violation("I12: a timer went off twice")
        self._fired[id, wait] = now

    def check_end(self) -> None:
        if len(self.instances) != self.inputs:
            raise Violation("I4: a target has no instance")
        if not all(instance.ended for instance in self.instances.values()):
            raise Violation("I19: a timer never went off")
        if len(self._fired) != sum(instance.waits for instance in self.instances.values()):
            raise Violation("I4: a step came to nothing")
