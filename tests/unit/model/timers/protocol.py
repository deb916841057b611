"""How a wait comes to its end: `executor.handlers.between.timers` and `executor.adapters.instances.due`."""

from functools import partial

from unit.model.timers.world import Instance, World
from unit.model.transactions import Steps, Task, Transaction

PORTION = 2


class Process(Task):
    """One number's task: starts what comes, and claims what is due in portions, in the same task as everything else."""

    def __init__(self, world: World, number: int) -> None:
        super().__init__(world.database, number)
        self.world, self.place = world, number

    def turns(self) -> Steps:
        while True:
            if (at := self.world.read[self.place]) < len(self.world.targets[self.place]):
                yield from self.transact(partial(self.admit, at))
            yield from self.timers()
            self.fence()
            yield True

    # Targets.on_targets

    def admit(self, at: int, tx: Transaction) -> None:
        target = self.world.targets[self.place][at]
        if target.id not in self.world.instances:
            tx.write(lambda: self.world.start(target))
        tx.write(lambda: self.move_on(at + 1))

    def move_on(self, at: int) -> None:
        self.world.read[self.place] = at

    # Between.timers

    def timers(self) -> Steps:
        """Whether anything is due is asked without a transaction; what, only within it."""
        if self.due():
            yield False
            yield from self.transact(self.claim)

    def claim(self, tx: Transaction) -> Steps:
        """A portion, and where each one goes from there: one transaction, behind the compare-and-set."""
        due, now = self.due(), self.now()
        yield False
        for instance in due:
            self.go_on(tx, instance, now)

    def due(self) -> list[Instance]:
        now = self.now()
        mine = [each for each in self.world.instances.values() if each.number == self.place]
        due = [each for each in mine if each.due_at is not None and each.due_at <= now]
        return sorted(due, key=lambda each: each.due_at or 0)[:PORTION]

    def now(self) -> int:
        """`Transaction.now`: PostgreSQL's clock."""
        return self.world.now

    def go_on(self, tx: Transaction, instance: Instance, now: int) -> None:
        """`advance` with TimerDue: the next wait begins, or the instance ends; and what this says goes out."""
        id, wait, due_at = instance.id, instance.at, instance.due_at or 0
        tx.write(lambda: self.advance(id, wait + 1))
        tx.write(lambda: self.world.fire(id, wait, due_at, now))

    def advance(self, id: int, at: int) -> None:
        self.world.instances[id].at = at
        self.world.rest(id)
