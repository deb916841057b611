"""How a stop and a pause reach every target, wherever it is: contacts' walk, executor's gate, work orders, timers."""

from dataclasses import replace
from functools import partial

from unit.model.stop.world import NUMBERS, SENDS, Instance, Order, World
from unit.model.transactions import Steps, Task, Transaction

GATE = "gate"
PAGE = 2
PORTION = 1
WAIT = 2


class Walk(Task):
    """contacts: its home number reads control records and walks the audience, whatever the gate says."""

    def __init__(self, world: World) -> None:
        super().__init__(world.database, "walk")
        self.world = world

    def turns(self) -> Steps:
        while True:
            if (at := self.world.read["contacts"]) < len(self.world.controls):
                yield from self.transact(partial(self.control, at))
            if self.world.walked < len(self.world.contacts):
                yield from self.transact(self.page)
            self.fence()
            yield True

    def control(self, at: int, tx: Transaction) -> None:
        revision, state = self.world.controls[at]
        if revision > self.world.contacts_revision:
            tx.write(partial(setattr, self.world, "contacts_revision", revision))
            tx.write(partial(setattr, self.world, "contacts_gate", state))
        tx.write(lambda: self.world.read.update(contacts=at + 1))

    def page(self, tx: Transaction) -> None:
        """`AudienceWalk._step`: the page, its chunks and the cursor are one transaction. Stopped: nobody is judged."""
        page = self.world.contacts[self.world.walked : self.world.walked + PAGE]
        for id in page:
            if self.world.contacts_gate == "stopped":
                tx.write(partial(self.world.end, id, "not_started:stopped"))
            else:
                tx.write(partial(self.world.targets[id % NUMBERS].append, id))
        tx.write(partial(setattr, self.world, "walked", self.world.walked + len(page)))


class Control(Task):
    """executor's home number: `Controls.on_launches`, `PostgresGates.shut` and `turn`."""

    def __init__(self, world: World) -> None:
        super().__init__(world.database, "home")
        self.world = world

    def turns(self) -> Steps:
        while True:
            if (at := self.world.read["executor"]) < len(self.world.controls):
                yield from self.transact(partial(self.control, at))
            self.fence()
            yield True

    def control(self, at: int, tx: Transaction) -> Steps:
        """Instances are not touched here: their owners do that."""
        yield from self.shut(tx)
        revision, state = self.world.controls[at]
        if self.is_newer(revision):
            tx.write(partial(self.world.move_gate, (revision, state)))
            kind = self.order_for(self.world.gate, state)
            for number in range(NUMBERS):
                tx.write(partial(self.order, number, None if kind is None else Order(kind, revision)))
        tx.write(lambda: self.world.read.update(executor=at + 1))

    def shut(self, tx: Transaction) -> Steps:
        """The exclusive form: those that are past the gate come to their end first."""
        yield from tx.lock(GATE)

    def is_newer(self, revision: int) -> bool:
        return revision > self.world.revision

    def order_for(self, before: str, now: str) -> str | None:
        if now == "stopped":
            return "stop"
        return "resume" if (before, now) == ("paused", "running") else None

    def order(self, number: int, order: Order | None) -> None:
        self.world.orders.pop(number, None)
        if order is not None:
            self.world.orders[number] = order


class Process(Task):
    """executor: the task of one number. Whatever starts a step does so behind the gate."""

    def __init__(self, world: World, number: int) -> None:
        super().__init__(world.database, number)
        self.world, self.place = world, number
        self.gate = ""

    def turns(self) -> Steps:
        world, read = self.world, self.world.read
        while True:
            if (at := read[f"targets {self.place}"]) < len(world.targets[self.place]):
                yield from self.transact(partial(self.admit, at))
            if (at := read[f"deliveries {self.place}"]) < len(world.deliveries[self.place]):
                yield from self.transact(partial(self.delivered, at))
            if (order := world.orders.get(self.place)) is not None:
                yield from self.carry_out(order)
            if self.due():
                yield from self.transact(self.timers)
            self.fence()
            yield True

    # Turn.begin, PostgresLaunches.at_hand

    def behind_gate(self, tx: Transaction) -> Steps:
        """The lock first; the state is read after it, by a second statement."""
        yield from tx.lock(GATE, shared=True)
        self.gate = self.world.gate
        yield False

    def mine(self) -> list[Instance]:
        return [each for each in self.world.instances.values() if each.id % NUMBERS == self.place]

    # Targets.on_targets

    def admit(self, at: int, tx: Transaction) -> Steps:
        yield from self.behind_gate(tx)
        id = self.world.targets[self.place][at]
        tx.write(partial(self.world.read.update, {f"targets {self.place}": at + 1}))
        if id in self.world.instances or id in self.world.outcomes:
            return
        if self.gate == "stopped":
            tx.write(partial(self.world.end, id, "not_started:stopped"))
            return
        tx.write(partial(self.world.places.add, id))
        self.go(tx, Instance(id, "ready", 0))

    # Deliveries.on_deliveries

    def delivered(self, at: int, tx: Transaction) -> Steps:
        yield from self.behind_gate(tx)
        id, step = self.world.deliveries[self.place][at]
        tx.write(partial(self.world.read.update, {f"deliveries {self.place}": at + 1}))
        instance = self.world.instances[id]
        if self.expects(instance, step):
            self.move(tx, instance)

    def expects(self, instance: Instance, step: int) -> bool:
        """`PostgresInstances.standing`, and `advance`: late and repeated deliveries change nothing."""
        return instance.status == "delivery" and instance.step == step

    # Between.timers

    def due(self) -> list[Instance]:
        due = [each for each in self.mine() if each.due_at is not None and each.due_at <= self.world.now]
        return due[:PORTION]

    def timers(self, tx: Transaction) -> Steps:
        yield from self.behind_gate(tx)
        for instance in self.due():
            self.move(tx, instance)

    # Between.orders

    def carry_out(self, order: Order) -> Steps:
        yield from self.transact(partial(self.stop if order.kind == "stop" else self.resume, order))

    def stop(self, order: Order, tx: Transaction) -> Steps:
        yield from self.behind_gate(tx)
        portion = [each for each in self.after(order) if each.status != "ended"][:PORTION]
        for instance in portion:
            self.end(tx, instance, "stopped")
        self.progress(tx, order, portion)

    def resume(self, order: Order, tx: Transaction) -> None:
        portion = [each for each in self.after(order) if each.status == "paused"][:PORTION]
        for instance in portion:
            tx.write(partial(self.world.put, replace(instance, due_at=self.world.now)))
        self.progress(tx, order, portion)

    def after(self, order: Order) -> list[Instance]:
        return sorted((each for each in self.mine() if each.id > order.after), key=lambda each: each.id)

    def progress(self, tx: Transaction, order: Order, portion: list[Instance]) -> None:
        """`PostgresGates.progress`: of this revision only; another order may have taken its place."""
        tx.write(partial(self.progressed, order, portion[-1].id if len(portion) == PORTION else None))

    def progressed(self, order: Order, after: int | None) -> None:
        if self.world.orders.get(self.place) == order:
            if after is None:
                del self.world.orders[self.place]
            else:
                self.world.orders[self.place] = replace(order, after=after)

    # Turn.move and advance

    def move(self, tx: Transaction, instance: Instance) -> None:
        """A rest is over. Behind a stopped gate whatever comes ends the instance."""
        if self.gate == "stopped":
            self.end(tx, instance, "stopped")
        elif instance.status == "delivery" and instance.step + 1 == SENDS:
            self.go(tx, replace(instance, step=SENDS))
        elif instance.status == "delivery":
            self.go(tx, replace(instance, status="waiting"))
        elif instance.status == "timer":
            self.go(tx, replace(instance, step=instance.step + 1))
        elif instance.status == "paused":
            self.go(tx, instance)

    def go(self, tx: Transaction, instance: Instance) -> None:
        """On to the next step; while paused none starts, and it stands there without a time."""
        id, step = instance.id, instance.step
        if instance.status == "waiting":
            tx.write(partial(self.world.put, Instance(id, "timer", step, self.world.now + WAIT)))
        elif self.gate == "paused":
            self.hold(tx, instance)
        elif step == SENDS:
            self.end(tx, instance, "success")
        else:
            tx.write(partial(self.world.put, Instance(id, "delivery", step)))
            tx.write(partial(self.world.request, id, step))

    def hold(self, tx: Transaction, instance: Instance) -> None:
        tx.write(partial(self.world.put, Instance(instance.id, "paused", instance.step)))

    def end(self, tx: Transaction, instance: Instance, outcome: str) -> None:
        tx.write(partial(self.world.put, Instance(instance.id, "ended", instance.step)))
        tx.write(partial(self.world.end, instance.id, outcome))
