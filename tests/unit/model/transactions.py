"""PostgreSQL as far as the protocols lean on it: transactions see what is committed, locks last until their end.

What a transaction writes takes effect at its commit, all or nothing. It can be left at any step before: then it was
rolled back. The answer to a COMMIT may get lost, whether it was applied or not.
"""

from collections import defaultdict
from collections.abc import Callable, Generator, Hashable

from unit.model.chance import Chance, Violation

Steps = Generator[bool, None, None]
"""Something done step by step. Between two steps its process can be killed, frozen or overtaken. Yields True if there
was nothing to do."""
FATES = 50


class Fenced(Exception):
    """The compare-and-set hit no row."""


class Lost(Exception):
    """The connection broke."""


class Database:
    def __init__(self, chance: Chance) -> None:
        self.chance = chance
        self.epoch: dict[Hashable, int] = defaultdict(int)
        """By number: of its `stream_cursor` rows."""
        self.locks: dict[Hashable, dict[Transaction, bool]] = defaultdict(dict)
        """Who holds it, and whether shared."""
        self.lost = 0
        """Answers to COMMIT that did not come."""


class Transaction:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._held: list[Hashable] = []
        self._writes: list[Callable[[], None]] = []

    def lock(self, key: Hashable, *, shared: bool = False) -> Steps:
        """Waits until nobody holds it, or shared: until nobody holds it alone."""
        holders = self._database.locks[key]
        while holders and not (shared and all(holders.values())) and self not in holders:
            yield True
        holders[self] = shared
        self._held.append(key)

    def write(self, do: Callable[[], None]) -> None:
        self._writes.append(do)

    def commit(self) -> None:
        """Raises Lost, and nobody can know more."""
        fate = self._database.chance.pick(FATES)
        if fate == FATES - 1:
            self._database.lost += 1
            raise Lost
        for do in self._writes:
            do()
        if fate == FATES - 2:
            self._database.lost += 1
            raise Lost

    def release(self) -> None:
        """It is over, one way or the other."""
        for key in self._held:
            del self._database.locks[key][self]


class Task:
    """A process's task for one partition number: `runtime.worker`, whose lease is tried in `delivery`.

    Takes the number, keeps it until fenced, then asks again: still assigned.
    """

    def __init__(self, database: Database, number: Hashable) -> None:
        self.database, self.number = database, number
        self.epoch = 0
        self._steps = self.run()

    def step(self) -> bool:
        """Do the next indivisible thing; True if there was nothing to do."""
        return next(self._steps)

    def die(self) -> None:
        """Killed, wherever it is: an open transaction is rolled back."""
        self._steps.close()

    def run(self) -> Steps:
        while True:
            yield from self.acquire()
            try:
                while True:
                    try:
                        yield from self.turns()
                    except Lost:
                        yield False
                        self.fence()
            except Fenced:
                yield False

    def acquire(self) -> Steps:
        """`runtime.cursor.acquire`: waits for a transaction of the owner before."""
        tx = Transaction(self.database)
        try:
            yield from tx.lock(("cursor", self.number))
            self.database.epoch[self.number] += 1
            self.epoch = self.database.epoch[self.number]
            yield False
        finally:
            tx.release()

    def turns(self) -> Steps:
        """What it does while it owns the number: records, jobs, and when idle a look whether it is still the owner."""
        raise NotImplementedError

    def fence(self) -> None:
        if self.database.epoch[self.number] != self.epoch:
            raise Fenced

    def transact(self, work: Callable[[Transaction], Steps | None]) -> Steps:
        """`runtime.cursor`: the compare-and-set, which locks the row; then the work; then the commit."""
        tx = Transaction(self.database)
        try:
            yield from self.enter(tx)
            steps = work(tx)
            if steps is not None:
                yield from steps
            yield False
            tx.write(self.check_owner)
            tx.commit()
        finally:
            tx.release()
        yield False

    def enter(self, tx: Transaction) -> Steps:
        yield from tx.lock(("cursor", self.number))
        self.fence()

    def check_owner(self) -> None:
        """What no process could notice itself."""
        if self.database.epoch[self.number] != self.epoch:
            raise Violation("I9: a fenced owner committed")
