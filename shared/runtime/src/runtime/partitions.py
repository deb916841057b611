"""Where a key lies: Kafka's own partitioner, so that any client that keeps to it agrees with us."""

from collections.abc import Iterable
from functools import lru_cache

from aiokafka.partitioner import murmur2


@lru_cache(maxsize=4_096)
def partition_of(key: str, partitions: int) -> int:
    """`murmur2(key as UTF-8) % partitions`, as the Java client and librdkafka's `murmur2_random` compute it."""
    return int((murmur2(key.encode()) & 0x7FFFFFFF) % partitions)


def each_partition(select: str, partitions: Iterable[int], *, order: str) -> str:
    """`select`, with each number in the place of `:partition`, as one.

    `order` is what follows the partition in the key. Ordered by it as a whole PostgreSQL merges them, and reads no more
    rows than it gives; it does so only if each is ordered, too.
    """
    return " UNION ALL ".join(
        f"({select.replace(':partition', str(number))} ORDER BY {order})" for number in partitions
    )
