"""Ways to have a timer go off early, twice or never."""

from functools import partial

from unit.model.timers.protocol import Process
from unit.model.timers.world import Instance, World
from unit.model.transactions import Steps, Transaction

Due = tuple[int, int, int]
"""Instance, its wait, and until when it was."""


class WithoutCompareAndSet(Process):
    """Two owners can claim at once."""

    def enter(self, tx: Transaction) -> Steps:
        yield False

    def check_owner(self) -> None:
        """Only what comes of it is to be found."""


class ComparesBeforeTheLock(Process):
    """Whose number it is was asked before, and nothing holds it until the commit."""

    def enter(self, tx: Transaction) -> Steps:
        self.fence()
        yield False

    def check_owner(self) -> None:
        """Only what comes of it is to be found."""


class ClaimsBeforeTheTransaction(Process):
    """What was found due is kept until it has gone on, not looked at again: also when a COMMIT had no answer."""

    kept: list[Due]

    def __init__(self, world: World, number: int) -> None:
        super().__init__(world, number)
        self.kept = []

    def timers(self) -> Steps:
        self.kept = self.kept or found(self.due())
        if self.kept:
            yield from self.transact(self.move)
            self.kept = []

    def move(self, tx: Transaction) -> None:
        tell(self, tx, self.kept, self.now())
        move(self, tx, self.kept)


class ClaimsFirst(Process):
    """A claim is a transaction of its own: who dies after it takes the timers along."""

    def timers(self) -> Steps:
        if due := found(self.due()):
            yield from self.transact(lambda tx: self.take(tx, due))
            yield from self.transact(lambda tx: self.fire(tx, due))

    def take(self, tx: Transaction, due: list[Due]) -> None:
        for id, _, _ in due:
            tx.write(partial(setattr, self.world.instances[id], "due_at", None))

    def fire(self, tx: Transaction, due: list[Due]) -> None:
        tell(self, tx, due, self.now())
        move(self, tx, due)


class FiresFirst(Process):
    """What a timer starts goes out first, the claim comes after it: who dies in between repeats it."""

    def timers(self) -> Steps:
        if due := found(self.due()):
            now = self.now()
            yield from self.transact(lambda tx: tell(self, tx, due, now))
            yield from self.transact(lambda tx: move(self, tx, due))


class OwnClock(Process):
    """The process goes by its own clock, which is ahead."""

    def now(self) -> int:
        return self.world.now + 2


class StartsAgain(Process):
    """A target that comes twice begins its waits anew."""

    def admit(self, at: int, tx: Transaction) -> None:
        target = self.world.targets[self.place][at]
        tx.write(lambda: self.world.start(target))
        tx.write(lambda: self.move_on(at + 1))


class OnePortion(Process):
    """Remembers that it has claimed what was due at this moment; what did not fit waits for nobody."""

    claimed: int = -1

    def due(self) -> list[Instance]:
        return [each for each in super().due() if (each.due_at or 0) > self.claimed]

    def go_on(self, tx: Transaction, instance: Instance, now: int) -> None:
        self.claimed = max(self.claimed, instance.due_at or 0)
        super().go_on(tx, instance, now)


def found(instances: list[Instance]) -> list[Due]:
    return [(each.id, each.at, each.due_at or 0) for each in instances]


def tell(process: Process, tx: Transaction, due: list[Due], now: int) -> None:
    for id, wait, due_at in due:
        tx.write(partial(process.world.fire, id, wait, due_at, now))


def move(process: Process, tx: Transaction, due: list[Due]) -> None:
    for id, wait, _ in due:
        tx.write(partial(process.advance, id, wait + 1))
