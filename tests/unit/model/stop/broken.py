"""Ways to let something through a closed gate, to forget targets behind it, or to end them twice."""

from functools import partial

from unit.model.stop.protocol import GATE, Control, Process, Walk
from unit.model.stop.world import Instance, Order
from unit.model.transactions import Steps, Transaction


class StopsWithoutLock(Control):
    """A stop does not wait for the transactions that are past the gate."""

    def shut(self, tx: Transaction) -> Steps:
        yield False


class StepsWithoutLock(Process):
    """The gate is read, but nothing holds it until the commit."""

    def behind_gate(self, tx: Transaction) -> Steps:
        self.gate = self.world.gate
        yield False


class ReadsWithTheLock(Process):
    """The state is read by the statement that waits for the lock: as it was before the wait."""

    def behind_gate(self, tx: Transaction) -> Steps:
        self.gate = self.world.gate
        yield from tx.lock(GATE, shared=True)
        yield False


class AdmitsAnyway(Process):
    """A target that comes behind the stop is started: the order that ends instances has passed."""

    def behind_gate(self, tx: Transaction) -> Steps:
        yield from super().behind_gate(tx)
        self.gate = "running" if self.gate == "stopped" else self.gate


class LastOneWins(Control):
    """A control record that comes late again undoes what came after it."""

    def is_newer(self, revision: int) -> bool:
        return True


class WithoutOrders(Control):
    """The gate is shut, and open instances are left to what comes for them."""

    def order_for(self, before: str, now: str) -> str | None:
        return None


class OrdersAtHome(Control):
    """Only the partition that read the record has work to do."""

    def order(self, number: int, order: Order | None) -> None:
        if number == 0:
            super().order(number, order)


class OnePortion(Process):
    """An order is done with its first portion."""

    def progressed(self, order: Order, after: int | None) -> None:
        super().progressed(order, None)


class OrderTakenFirst(Process):
    """The order is taken away in a transaction of its own: who dies after it takes it along."""

    def carry_out(self, order: Order) -> Steps:
        yield from self.transact(lambda tx: tx.write(partial(super(OrderTakenFirst, self).progressed, order, None)))
        yield from super().carry_out(order)
        while len(self.after(order)) > 1 and self.world.orders.get(self.place) is None:
            order = Order(order.kind, order.revision, self.after(order)[0].id)
            yield from super().carry_out(order)


class PlaceTakenFirst(Process):
    """The contact's place in the scenario is taken before the gate is asked."""

    def admit(self, at: int, tx: Transaction) -> Steps:
        tx.write(partial(self.world.places.add, self.world.targets[self.place][at]))
        yield from super().admit(at, tx)


class HearsLateDeliveries(Process):
    """A delivery moves its instance, whatever became of that meanwhile."""

    def expects(self, instance: Instance, step: int) -> bool:
        return instance.step == step and instance.status in ("delivery", "ended")

    def move(self, tx: Transaction, instance: Instance) -> None:
        if instance.status == "ended":
            self.end(tx, instance, "success")
        else:
            super().move(tx, instance)


class HearsRepeatedDeliveries(Process):
    """A delivery moves its instance, whichever message that waits for."""

    def expects(self, instance: Instance, step: int) -> bool:
        return instance.status == "delivery"


class ForgetsHeldTimers(Process):
    """What falls due while paused is passed over, and nothing says that it is to go on."""

    def hold(self, tx: Transaction, instance: Instance) -> None:
        tx.write(partial(self.world.put, Instance(instance.id, "held", instance.step)))


class StopsWalking(Walk):
    """A stop ends the walk: who was not paged yet is told of by nobody."""

    def page(self, tx: Transaction) -> None:
        if self.world.contacts_gate == "stopped":
            tx.write(partial(setattr, self.world, "walked", len(self.world.contacts)))
        else:
            super().page(tx)
