"""What a process tells Prometheus about its stream. Services add gauges of their own (`runtime.service.Gauge`)."""

from collections.abc import Iterable

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram

SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)


class StreamMetrics:
    """One per process. `service` is set once; the other labels are few and fixed (topics, partition numbers)."""

    def __init__(self, service: str, registry: CollectorRegistry = REGISTRY) -> None:
        self.service = service
        self.registry = registry
        self.lag = Gauge(
            "slipway_lag_records",
            "Records on the topic that are not handled yet.",
            ["service", "topic", "partition"],
            registry=registry,
        )
        self._batch_records = Histogram(
            "slipway_batch_records",
            "Records handled in one transaction.",
            ["service", "topic"],
            buckets=(1, 2, 4, 8),
            registry=registry,
        )
        self._batch_seconds = Histogram(
            "slipway_batch_seconds",
            "One transaction of records, from decoding to publication.",
            ["service", "topic"],
            buckets=SECONDS,
            registry=registry,
        )
        self._job_seconds = Histogram(
            "slipway_job_seconds", "One run of an idle job.", ["service", "job"], buckets=SECONDS, registry=registry
        )
        self._outbox_rows = Gauge(
            "slipway_outbox_rows", "Rows decided and not yet deleted as published.", ["service"], registry=registry
        )
        self._outbox_oldest = Gauge(
            "slipway_outbox_oldest_seconds", "Age of the oldest of them.", ["service"], registry=registry
        )
        self._parked = Gauge(
            "slipway_parked_records", "Records that nobody could handle.", ["service"], registry=registry
        )
        self._parked_total = Counter(
            "slipway_parked_total", "Records parked by this process.", ["service", "topic"], registry=registry
        )
        self._rebalances = Counter(
            "slipway_rebalances_total", "Assignments of partitions to this process.", ["service"], registry=registry
        )
        self._fenced = Counter(
            "slipway_fenced_total", "Times this process found that another one owns a partition.", ["service"],
            registry=registry,
        )  # fmt: skip
        self._leases = Counter(
            "slipway_leases_total",
            "Partition numbers taken. A steady rate means two processes with one slot.",
            ["service"],
            registry=registry,
        )
        self._stopped = Gauge(
            "slipway_partitions_stopped", "Partition numbers that wait for a person.", ["service"], registry=registry
        )
        self._own: dict[str, Gauge] = {}
        for plain in (self._outbox_rows, self._outbox_oldest, self._parked, self._stopped):
            plain.labels(service).set(0)
        for counter in (self._rebalances, self._fenced, self._leases):
            counter.labels(service)

    def batch(self, topic: str, records: int, seconds: float) -> None:
        self._batch_records.labels(self.service, topic).observe(records)
        self._batch_seconds.labels(self.service, topic).observe(seconds)

    def job(self, name: str, seconds: float) -> None:
        self._job_seconds.labels(self.service, name).observe(seconds)

    def parked(self, topic: str) -> None:
        self._parked_total.labels(self.service, topic).inc()

    def rebalanced(self) -> None:
        self._rebalances.labels(self.service).inc()

    def fenced(self) -> None:
        self._fenced.labels(self.service).inc()

    def leased(self) -> None:
        self._leases.labels(self.service).inc()

    def stopped(self, numbers: int) -> None:
        self._stopped.labels(self.service).set(numbers)

    def lags(self, lags: Iterable[tuple[str, int, int]]) -> None:
        """(topic, partition, records) of everything owned now; what is no longer owned disappears."""
        self.lag.clear()
        for topic, partition, records in lags:
            self.lag.labels(self.service, topic, str(partition)).set(records)

    def database(self, *, outbox_rows: int, outbox_oldest: float, parked: int) -> None:
        self._outbox_rows.labels(self.service).set(outbox_rows)
        self._outbox_oldest.labels(self.service).set(outbox_oldest)
        self._parked.labels(self.service).set(parked)

    def own(self, name: str, text: str, values: Iterable[tuple[int, float]]) -> None:
        """A service's gauge, per partition number."""
        gauge = self._own.get(name)
        if gauge is None:
            gauge = self._own[name] = Gauge(name, text, ["service", "partition"], registry=self.registry)
        gauge.clear()
        for number, value in values:
            gauge.labels(self.service, str(number)).set(value)
