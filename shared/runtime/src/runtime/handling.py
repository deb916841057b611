"""From records to a handler's transaction: decode, one compare-and-set, the handler, a span with links; isolation."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog
from pydantic import BaseModel

from runtime import failpoints, parked, spans
from runtime.cloudevents import decode, record_of
from runtime.cursor import Stopped
from runtime.errors import Permanent, Unsupported
from runtime.feed import Raw
from runtime.lease import Emitting, OwnedNumber
from runtime.metrics import StreamMetrics
from runtime.poison import Poison
from runtime.records import Received, Record
from runtime.service import RawSubscription, Subscription

TRIES = 3
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Handling:
    """What the workers of a process share."""

    consumer: str
    subscriptions: Mapping[str, Subscription | RawSubscription]
    metrics: StreamMetrics
    breaker: int
    """So many records parked in a row stop a partition number: then it is probably our own bug."""

    async def transact(self, lease: OwnedNumber, topic: str, records: Sequence[Record]) -> None:
        """All of these records in one transaction. Raises Poison, Unsupported, or the world's error."""
        began = time.perf_counter()
        subscription = self.subscriptions[topic]
        with spans.handling(records, f"{self.consumer} {topic}"):
            failpoints.hit("stream.fetched")
            async with lease.advance(topic, records[-1].offset + 1) as tx:
                await _handle(subscription, tx, records, _decoded(subscription, records))
        seconds = time.perf_counter() - began
        self.metrics.batch(topic, len(records), seconds)
        log.info(
            "batch", topic=topic, number=lease.number, records=len(records), until=records[-1].offset, seconds=seconds
        )

    async def park(self, lease: OwnedNumber, record: Record, reason: str) -> None:
        async with lease.advance(record.topic, record.offset + 1) as tx:
            id_ = await parked.park(tx.connection, self.consumer, record, reason, tx.now)
        self.metrics.parked(record.topic)
        log.error("record parked", id=id_, topic=record.topic, number=lease.number, offset=record.offset, reason=reason)

    async def replay(self, lease: OwnedNumber, id_: str) -> None:
        """Hand a parked record to its handler once more; if that fails, it is parked with the new reason."""
        try:
            async with lease.transaction() as tx:
                record = await parked.claim(tx.connection, id_)
                if record is None:
                    return
                subscription = self.subscriptions.get(record.topic)
                if subscription is None:
                    raise Permanent(f"{record.topic} is no longer consumed")
                with spans.handling([record], f"{self.consumer} replay"):
                    await _handle(subscription, tx, [record], _decoded(subscription, [record]))
                await parked.replayed(tx.connection, id_, tx.now)
        except (Poison, Unsupported) as error:
            async with lease.transaction() as tx:
                await parked.refused(tx.connection, id_, str(error))
            log.error("replay failed", id=id_, reason=str(error))
        else:
            log.info("record replayed", id=id_)


def records_of(topic: str, raw: Sequence[Raw], next_offset: int) -> list[Record]:
    """Those not handled yet: what lies below the cursor came from a position of before."""
    return [record_of(one, topic) for one in raw if one.offset >= next_offset]


def _decoded(
    subscription: Subscription | RawSubscription, records: Sequence[Record]
) -> list[Received[BaseModel]] | None:
    if isinstance(subscription, RawSubscription):
        return None
    try:
        return [decode(record, subscription.events) for record in records]
    except Permanent as error:
        raise Poison(str(error)) from error


async def _handle(
    subscription: Subscription | RawSubscription,
    tx: Emitting,
    records: Sequence[Record],
    events: list[Received[BaseModel]] | None,
) -> None:
    if isinstance(subscription, RawSubscription):
        await subscription.handler(tx, records)
    else:
        await subscription.handler(tx, events or [])


class Isolation:
    """Finds the record that is to blame: each alone, three tries, then it is parked and the next one has its turn."""

    def __init__(self, handling: Handling) -> None:
        self._handling = handling
        self._in_a_row = 0

    def passed(self) -> None:
        """A batch went through."""
        self._in_a_row = 0

    async def one_by_one(self, lease: OwnedNumber, topic: str, records: Sequence[Record]) -> None:
        """Raises Stopped when the breaker trips, and at a record newer than this code."""
        for record in records:
            poison = await self._tried(lease, topic, record)
            if poison is None:
                self.passed()
                continue
            await self._handling.park(lease, record, str(poison))
            if self._strangers(topic, poison):
                continue
            self._in_a_row += 1
            if self._in_a_row >= self._handling.breaker:
                self._in_a_row = 0
                raise Stopped(
                    f"{self._handling.breaker} records in a row were parked, the last from {topic}: {poison}. "
                    "Look at `slipway parked`, mend what is wrong, restart the service, then replay them"
                )

    def _strangers(self, topic: str, poison: Poison) -> bool:
        """Refused on purpose, on a topic that others write: however many of them, it is no bug of ours."""
        return isinstance(self._handling.subscriptions[topic], RawSubscription) and isinstance(
            poison.__cause__, Permanent
        )

    async def _tried(self, lease: OwnedNumber, topic: str, record: Record) -> Poison | None:
        poison = None
        for attempt in range(TRIES):
            try:
                await self._handling.transact(lease, topic, [record])
            except Poison as error:
                poison = error
                bug = attempt == 0 and not isinstance(error.__cause__, Permanent)
                log.warning("record failed", topic=topic, offset=record.offset, reason=str(error), exc_info=bug)
            except Unsupported as error:
                raise Stopped(f"{topic}, partition {record.partition}, offset {record.offset}: {error}") from error
            else:
                return None
        return poison
