"""What a process can tell about partitions: for `/metrics` every few seconds, for `/v1/partitions` when asked."""

import asyncio
from collections.abc import Mapping
from typing import Any

import asyncpg
import structlog

from runtime import cursor, parked
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
        """Of every number its owner, epoch, next offset and lag per topic, what is parked and the service's own
        figures; state and problem only of those that this process owns."""
        name = self._service.name
        positions = await cursor.positions(pool, name)
        ends = {} if stream is None else await stream.ends(self._settings.partitions)
        stuck = await parked.counted(pool, name)
        figures = {gauge.name: await gauge.read(pool, sorted(positions)) for gauge in self._service.gauges}
        own = {view["number"]: view for view in self.of_process(stream)}
        return [
            {
                "service": name,
                "number": number,
                "owner": position.owner.removeprefix(f"{name}/"),
                "epoch": position.epoch,
                "state": own.get(number, {}).get("state"),
                "problem": own.get(number, {}).get("problem"),
                "offsets": position.offsets,
                "lag": sum(max(0, ends.get((topic, number), at) - at) for topic, at in position.offsets.items()),
                "parked": stuck.get(number, 0),
                **{gauge: values.get(number, 0) for gauge, values in figures.items()},
            }
            for number, position in sorted(positions.items())
        ]
