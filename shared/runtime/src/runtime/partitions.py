"""Where a key lies: Kafka's own partitioner, so that any client that keeps to it agrees with us."""

from functools import lru_cache

from aiokafka.partitioner import murmur2


@lru_cache(maxsize=4_096)
def partition_of(key: str, partitions: int) -> int:
    """`murmur2(key as UTF-8) % partitions`, as the Java client and librdkafka's `murmur2_random` compute it."""
    return int((murmur2(key.encode()) & 0x7FFFFFFF) % partitions)
