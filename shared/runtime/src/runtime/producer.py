"""The one producer of a process: idempotent, acknowledged by all replicas, and dead with the process if it fails.

A record that is refused, or lost after its sequence number was drawn, makes every later send to that partition fail:
so a failed send ends the process. The outbox still has the row; the next owner publishes it again.
"""

import asyncio
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError, KafkaTimeoutError
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from isal import igzip

from runtime import kafka
from runtime.cloudevents import RECORD_LIMIT, Row
from runtime.database import pause
from runtime.errors import Transient
from runtime.packed_batch import PackedBatch
from runtime.service import Expander
from runtime.settings import Settings

LINGER_MS = 2
BATCH_BYTES = 2 * 1024 * 1024
"""Of values, before they are compressed: two chunks that belong together."""
PUBLIC_BATCH_BYTES = 512 * 1024
SEND_SECONDS = 20.0
EXIT_CODE = 70
GZIP = 1
"""Kafka's number for it."""
GZIP_LEVEL = 1
"""Public records are much alike: level 9 makes them a tenth smaller, for three times the work."""
log = structlog.get_logger()


def _gzip_encode(payload: bytes, level: int | None = None) -> bytes:
    return igzip.compress(payload, level or GZIP_LEVEL, mtime=0)


# aiokafka itself compresses at level 9 and takes no setting for it; isal does it seven times as fast as zlib's level 1
sys.modules[DefaultRecordBatchBuilder.__module__].__dict__["gzip_encode"] = _gzip_encode


def die(reason: str) -> None:
    """End this process at once: its state is safe in the database, the supervisor starts it again in its slot."""
    log.critical("ending this process", reason=reason)
    os._exit(EXIT_CODE)


class Publisher:
    """Sends outbox rows. Rows given one after the other keep their order per topic partition."""

    def __init__(
        self,
        settings: Settings,
        *,
        client_id: str,
        expanders: Mapping[str, Expander],
        fatal: Callable[[str], None] = die,
    ) -> None:
        self._settings = settings
        self._client_id = client_id
        self.expanders = expanders
        self._fatal = fatal
        self._producer: AIOKafkaProducer | None = None
        self._waiting: set[asyncio.Future[None]] = set()
        self._blocked: str | None = None

    async def start(self) -> None:
        """Returns when a broker answers; tries for ever."""
        attempt = 0
        while True:
            producer = AIOKafkaProducer(
                client_id=self._client_id,
                acks="all",
                enable_idempotence=True,
                linger_ms=LINGER_MS,
                max_request_size=2 * RECORD_LIMIT,
                request_timeout_ms=30_000,
                **kafka.client_options(self._settings),
            )
            # a batch waits for its partition's leader as long as it takes: giving up would leave a gap in the sequence
            producer._message_accumulator._batch_ttl = float("inf")
            producer._message_accumulator.create_builder = partial(  # type: ignore[method-assign]
                PackedBatch, BATCH_BYTES
            )
            try:
                await producer.start()
            except (KafkaError, OSError) as error:
                await producer.stop()
                log.warning("kafka is not reachable: trying again", error=str(error) or type(error).__name__)
                await pause(attempt)
                attempt += 1
            except BaseException:
                await producer.stop()
                raise
            else:
                self._producer = producer
                return

    async def stop(self) -> None:
        """Gives what is under way a moment; what is not acknowledged then stays in the outbox."""
        if self._producer is None:
            return
        producer, self._producer = self._producer, None
        try:
            await asyncio.wait_for(producer.stop(), 5)
        except TimeoutError:
            log.warning("kafka did not take everything before the stop; the outbox has it")
        for acknowledged in list(self._waiting):
            acknowledged.cancel()

    def block(self, reason: str) -> None:
        """Send nothing more: what is decided stays in the outbox until a person has looked."""
        self._blocked = reason

    @property
    def client(self) -> AIOKafkaClient:
        """For questions about topics."""
        return self._running.client

    @property
    def _running(self) -> AIOKafkaProducer:
        if self._producer is None:
            raise Transient("the producer is not running")
        return self._producer

    async def send(self, row: Row) -> "asyncio.Future[None]":
        """Hand a row over; the future ends when all of it is acknowledged. Raises Transient if it was not queued."""
        if self._blocked is not None:
            raise Transient(self._blocked)
        try:
            async with asyncio.timeout(SEND_SECONDS):
                futures = await (self._send_one(row) if row.expand is None else self._send_many(row))
        except (KafkaError, OSError, AssertionError, TimeoutError) as error:
            if isinstance(error, KafkaError) and not error.retriable and not isinstance(error, KafkaTimeoutError):
                self._fatal(f"{row.topic} cannot be written: {error!r}")
            raise Transient(f"{row.topic} cannot be written now: {error!r}") from error
        acknowledged = asyncio.ensure_future(self._acknowledged(row.topic, futures))
        self._waiting.add(acknowledged)
        acknowledged.add_done_callback(self._waiting.discard)
        return acknowledged

    async def _send_one(self, row: Row) -> "list[asyncio.Future[object]]":
        return [
            await self._running.send(
                self._settings.topic(row.topic),
                row.packed,
                key=row.key,
                partition=row.partition,
                timestamp_ms=_milliseconds(row),
                headers=row.pairs,
            )
        ]

    async def _send_many(self, row: Row) -> "list[asyncio.Future[object]]":
        """One row, many records: batches built here, because a send for each would cost six times as much."""
        expand = self.expanders[str(row.expand)]
        headers = {name: value.decode() for name, value in row.pairs}
        producer, topic, timestamp = self._running, self._settings.topic(row.topic), _milliseconds(row)
        futures: list[asyncio.Future[object]] = []
        batch = _public_batch()
        for made in expand(row.value, headers, self._settings.partitions):
            record: dict[str, Any] = {
                "timestamp": timestamp,
                "key": made.key,
                "value": made.value,
                "headers": list(made.headers),
            }
            if batch.append(**record) is None:
                futures.append(await producer.send_batch(batch, topic, partition=row.partition))
                batch = _public_batch()
                batch.append(**record)
        if batch.record_count():
            batch.close()
            futures.append(await producer.send_batch(batch, topic, partition=row.partition))
        return futures

    async def _acknowledged(self, topic: str, futures: "Sequence[asyncio.Future[object]]") -> None:
        try:
            for future in futures:
                await future
        except Exception as error:
            if self._producer is not None:
                self._fatal(f"{topic}: a record was not taken by kafka: {error!r}")
            raise


def _public_batch() -> BatchBuilder:
    """Compressed as the public topics are, so that the broker has nothing to do over."""
    return BatchBuilder(PUBLIC_BATCH_BYTES, GZIP)


def _milliseconds(row: Row) -> int:
    return int(row.at.timestamp() * 1000)
