"""How much of what was targeted executor still has before it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from contacts.domain.audience import MAX_CONTACTS

STUCK_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Reader:
    """How far a partition was read."""

    offset: int
    lag: int
    """Records not read yet."""
    since: float
    """When it last moved or had nothing to read, in seconds of a monotonic clock."""

    def is_stuck(self, now: float) -> bool:
        return self.lag > 0 and now - self.since > STUCK_SECONDS


@dataclass(frozen=True, slots=True)
class Backlog:
    """An observation of all partitions."""

    readers: Mapping[int, Reader] = field(default_factory=dict)
    contacts: int = 0
    """Not read yet, a record counting as MAX_CONTACTS. A partition that nobody moves any more is left out, so
    that it does not hold up the others; if none moves, all count."""


def observe(before: Backlog, ends: Mapping[int, int], committed: Mapping[int, int], now: float) -> Backlog:
    """`committed` lacks what was never read: such a partition counts from its beginning."""
    readers = {
        partition: _seen(before.readers.get(partition), committed.get(partition, 0), end, now)
        for partition, end in ends.items()
    }
    moving = [reader for reader in readers.values() if not reader.is_stuck(now)]
    records = sum(reader.lag for reader in moving or readers.values())
    return Backlog(readers, records * MAX_CONTACTS)


def _seen(before: Reader | None, offset: int, end: int, now: float) -> Reader:
    stands = before is not None and before.lag > 0 and before.offset == offset
    return Reader(offset, max(0, end - offset), before.since if before is not None and stands else now)
