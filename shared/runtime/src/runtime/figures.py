"""What a process can tell about partitions: for `/metrics` every few seconds, for `/v1/partitions` when asked."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg
import structlog
from aiokafka.errors import KafkaError

from runtime import cursor, parked
from runtime.holding import why_not_taken
from runtime.metrics import StreamMetrics
from runtime.service import Service
from runtime.settings import Settings
from runtime.stream import Stream
from runtime.worker import State

EVERY_SECONDS = 5.0
_DATABASE = """
SELECT count(*) AS rows, coalesce(extract(epoch FROM clock_timestamp() - min(at)), 0)::float8 AS oldest,
    (SELECT count(*) FROM parked WHERE consumer = $1 AND partition = ANY($2::int[]) AND state <> 'replayed') AS parked
FROM (SELECT at FROM outbox WHERE consumer = $1 AND lease_partition = ANY($2::int[])
    UNION ALL SELECT at FROM http_outbox) AS waiting
"""
log = structlog.get_logger()


class Figures:
    def __init__(self, service: Service, settings: Settings, owner: str, metrics: StreamMetrics) -> None:
        self._service, self._settings, self._owner, self._metrics = service, settings, owner, metrics
        self._own: dict[str, Mapping[int, float]] = {}
        """The service's gauges by name and partition number, as last read."""

    async def watch(self, pool: "asyncpg.Pool[asyncpg.Record]", stream: Stream | None) -> None:
        """Endless."""
        while True:
            try:
                await self.read(pool, stream)
            except Exception as error:
                log.warning("figures could not be read", error=repr(error))
            await asyncio.sleep(EVERY_SECONDS)

    async def read(self, pool: "asyncpg.Pool[asyncpg.Record]", stream: Stream | None) -> None:
        """Into the metrics, now."""
        numbers = [] if stream is None else sorted(stream.workers)
        if stream is not None:
            self._metrics.lags(stream.lags())
            self._metrics.stopped(sum(worker.state is State.STOPPED for worker in stream.workers.values()))
        row = await pool.fetchrow(_DATABASE, self._service.name, numbers)
        if row is not None:
            self._metrics.database(outbox_rows=row["rows"], outbox_oldest=row["oldest"], parked=row["parked"])
        for gauge in self._service.gauges:
            values = await gauge.read(pool, numbers)
            self._own[gauge.name] = values
            self._metrics.own(gauge.name, gauge.text, values.items())

    def of_process(self, stream: Stream | None) -> list[dict[str, Any]]:
        """Of every number of this process its state, epoch, lag per topic and the service's gauges."""
        if stream is None:
            return []
        lags: dict[int, dict[str, int]] = {}
        for topic, number, records in stream.lags():
            lags.setdefault(number, {})[topic] = records
        return [
            {
                "service": self._service.name,
                "number": number,
                "owner": self._owner,
                "state": str(worker.state),
                "problem": worker.problem,
                "epoch": None if worker.lease is None else worker.lease.epoch,
                "lag": lags.get(number, {}),
                **{name: values.get(number, 0) for name, values in self._own.items()},
            }
            for number, worker in sorted(stream.workers.items())
        ]

    async def of_service(self, pool: "asyncpg.Pool[asyncpg.Record]", stream: Stream | None) -> list[dict[str, Any]]:
        """Of every number its owner (null: nobody ever had it), epoch, next offset and lag per topic, what is parked
        and the service's own figures; state only of those that this process owns, and why nobody works on it."""
        name = self._service.name
        positions = await cursor.positions(pool, name)
        joined = stream if stream is not None and stream.joined else None
        ends = {} if joined is None else await joined.ends(self._settings.partitions)
        stuck = await parked.counted(pool, name)
        numbers = sorted({*positions, *range(self._settings.partitions)})
        figures = {gauge.name: await gauge.read(pool, numbers) for gauge in self._service.gauges}
        own = {view["number"]: view for view in self.of_process(stream)}
        reasons = await self._reasons(joined, positions, [number for number in numbers if number not in own])
        return [
            {
                "service": name,
                "number": number,
                "owner": position.owner.removeprefix(f"{name}/") if position else None,
                "epoch": position.epoch if position else None,
                "state": own.get(number, {}).get("state"),
                "problem": own[number]["problem"] if number in own else reasons.get(number),
                "offsets": position.offsets if position else {},
                "lag": sum(max(0, ends.get((topic, number), at) - at) for topic, at in position.offsets.items())
                if position
                else 0,
                "parked": stuck.get(number, 0),
                **{gauge: values.get(number, 0) for gauge, values in figures.items()},
            }
            for number in numbers
            for position in [positions.get(number)]
        ]

    async def _reasons(
        self, stream: Stream | None, positions: Mapping[int, cursor.Owned], numbers: Sequence[int]
    ) -> Mapping[int, str | None]:
        """Why nobody works on these numbers, which are not this process's."""
        if stream is None:
            return dict.fromkeys(numbers, "this process has not joined the group yet, so it does not know")
        if not numbers:
            return {}
        try:
            found = await stream.holding()
        except (KafkaError, TimeoutError) as error:
            log.warning("kafka did not say who has which partition", error=repr(error))
            return {}
        topics = [self._settings.topic(subscription.topic) for subscription in self._service.subscriptions]
        owners = {number: position.owner for number, position in positions.items()}
        return {number: why_not_taken(number, topics, owners.get(number), found) for number in numbers}
