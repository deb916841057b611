"""messaging's home number of the launch: who moves the gate that every `dot` passes."""

from unit.model.handover.world import World
from unit.model.transactions import Steps, Task, Transaction

GATE = "gate"


class Control(Task):
    """`Handlers.on_launches`: the exclusive lock; then the higher revision wins."""

    def __init__(self, world: World) -> None:
        super().__init__(world.database, "home")
        self.world = world

    def turns(self) -> Steps:
        while True:
            if self.world.read["controls"] < len(self.world.controls):
                yield from self.transact(self.control)
            self.fence()
            yield True

    def control(self, tx: Transaction) -> Steps:
        at = self.world.read["controls"]
        revision, state = self.world.controls[at]
        yield from tx.lock(GATE)
        if revision > self.world.revision:
            tx.write(lambda: self.world.move_gate(revision, state))
        tx.write(lambda: self.world.read.update(controls=at + 1))
