"""Ways to get it wrong. A test that does not find them proves nothing."""

from collections.abc import Iterator

from unit.model.delivery.protocol import BATCH, Lease
from unit.model.delivery.world import Record, World


class CountsDeliveries(Lease):
    """`count += 1` for every delivery: duplicates on the topic are counted."""

    def handle(self, ids: list[int]) -> list[Record]:
        known = sum(id_ in self.database.effects for id_ in ids)
        results = super().handle(ids)
        self.database.count += known
        return results


class WithoutEpoch(Lease):
    """The cursor is compared, but not who owns it: an owner of before still commits, and dies before it publishes."""

    def owned(self) -> bool:
        return True


class LooksOnlyAtWork(Lease):
    """An idle owner does not notice that a late zombie took the number over, worked and died: what that one left
    behind is published when there is work again, perhaps never."""

    def look_after(self) -> bool:
        return super().look_after() if self.acknowledged else False


class ForgetsLeftovers(Lease):
    """A new owner goes on from the cursor, but what its predecessor had decided stays unpublished."""

    def leftovers(self) -> None:
        pass


class DeletesEarly(Lease):
    """An outbox row is deleted when it was handed to the producer, not when Kafka has it."""

    def delete(self) -> None:
        self.acknowledged |= self.open
        super().delete()


class AnswersAgain(Lease):
    """A duplicate is answered again, with another time in it."""

    def handle(self, ids: list[int]) -> list[Record]:
        repeated = [(id_, self.world.now) for id_ in ids if id_ in self.database.effects]
        return super().handle(ids) + repeated


class Plain:
    """Without lease, cursor and outbox: Kafka's committed offset says where to go on."""

    def __init__(self, world: World, stage: int, number: int) -> None:
        self.world, self.stage, self.number = world, stage, number
        self.database = world.databases[stage]
        self._task = self.run()

    def step(self) -> bool:
        return next(self._task)

    def run(self) -> Iterator[bool]:
        log, offset = self.world.logs[self.stage][self.number], self.database.offset[self.number]
        while True:
            fetched = log[offset : offset + BATCH]
            yield not fetched
            if fetched:
                yield from self.work(fetched, offset + len(fetched))
                offset += len(fetched)

    def work(self, records: list[Record], next_offset: int) -> Iterator[bool]:
        raise NotImplementedError

    def transact(self, records: list[Record]) -> list[Record]:
        """The state, in one transaction; what is seen already is passed over."""
        database = self.database
        new = [id_ for id_ in dict.fromkeys(id_ for id_, _ in records) if id_ not in database.effects]
        for id_ in new:
            database.effects[id_] = 1
        database.count += len(new)
        return [(id_, self.world.now) for id_ in new]

    def publish(self, results: list[Record]) -> Iterator[bool]:
        for record in results:
            yield False
            self.world.append(self.stage, (self.world.destination(self.stage, record[0]), record))


class AcknowledgesFirst(Plain):
    """The offset is committed before the work: whoever dies in between has lost it."""

    def work(self, records: list[Record], next_offset: int) -> Iterator[bool]:
        self.database.offset[self.number] = next_offset
        yield False
        yield from self.publish(self.transact(records))


class InboxThenPublish(Plain):
    """An inbox passes over what was seen, and results are published after the commit: whoever dies in between finds
    the id in the inbox when the record comes again, returns early and never publishes."""

    def work(self, records: list[Record], next_offset: int) -> Iterator[bool]:
        yield from self.publish(self.transact(records))
        yield False
        self.database.offset[self.number] = next_offset
