"""OpenTelemetry: who makes spans and where they go. `runtime.spans` carries the trace through records.

Without a collector nothing is recorded and the SDK is not even loaded; a trace that somebody else began still passes
through to the records that follow.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from opentelemetry import trace

from runtime.settings import Settings

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

EXPORT_MS = 2_000


def configure(service: str, settings: Settings) -> Callable[[], None]:
    """Once per process. Call what it gives at the end: that sends what is left."""
    if not settings.otlp_endpoint:
        return _nothing
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    exporter = OTLPSpanExporter(endpoint=settings.otlp_endpoint.rstrip("/") + "/v1/traces", timeout=5)
    provider = _provider(service, settings.trace_ratio, settings.slot)
    provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=EXPORT_MS))
    trace.set_tracer_provider(provider)
    return provider.shutdown


@contextmanager
def recorded(service: str = "test") -> "Iterator[InMemorySpanExporter]":
    """For tests: every span made inside is kept in memory (`.get_finished_spans()`).

    Works as often as wanted in one process, although OpenTelemetry lets its global provider be set only once.
    """
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    exporter = InMemorySpanExporter()
    processor = SimpleSpanProcessor(exporter)
    provider = trace.get_tracer_provider()
    if not isinstance(provider, TracerProvider):
        provider = _provider(service, 1.0, "")
        trace.set_tracer_provider(provider)
    provider.add_span_processor(processor)
    try:
        yield exporter
    finally:
        processors = provider._active_span_processor
        processors._span_processors = tuple(each for each in processors._span_processors if each is not processor)


def _provider(service: str, ratio: float, slot: str) -> "TracerProvider":
    """A trace that somebody else began is followed whenever they follow it; of ours, `ratio` are."""
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

    instance = {"service.namespace": "slipway", "service.name": service}
    if slot:
        instance["service.instance.id"] = slot
    sampler = ParentBased(TraceIdRatioBased(ratio))
    return TracerProvider(sampler=sampler, resource=Resource.create(instance), shutdown_on_exit=False)


def _nothing() -> None:
    """There is nothing to send."""
