"""OpenTelemetry: who makes spans and where they go. `runtime.spans` carries the trace through records.

Without a collector nothing is recorded, but a trace that somebody else began still passes through.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased, TraceIdRatioBased

from runtime.settings import Settings

EXPORT_MS = 2_000


def configure(service: str, settings: Settings) -> TracerProvider:
    """Once per process. The caller shuts the provider down at the end: that sends what is left."""
    provider = _provider(service, settings.trace_ratio if settings.otlp_endpoint else 0.0, settings.slot)
    if settings.otlp_endpoint:
        provider.add_span_processor(_exporting(settings.otlp_endpoint))
    trace.set_tracer_provider(provider)
    return provider


@contextmanager
def recorded(service: str = "test") -> Iterator[InMemorySpanExporter]:
    """For tests: every span made inside is kept in memory (`.get_finished_spans()`).

    Works as often as wanted in one process, although OpenTelemetry lets its global provider be set only once.
    """
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


def _provider(service: str, ratio: float, slot: str) -> TracerProvider:
    instance = {"service.namespace": "slipway", "service.name": service} | (
        {"service.instance.id": slot} if slot else {}
    )
    root = TraceIdRatioBased(ratio) if ratio else ALWAYS_OFF
    return TracerProvider(sampler=ParentBased(root), resource=Resource.create(instance), shutdown_on_exit=False)


def _exporting(endpoint: str) -> SpanProcessor:
    """The exporter is loaded only where it is used: it brings an HTTP client along."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    exporter = OTLPSpanExporter(endpoint=endpoint.rstrip("/") + "/v1/traces", timeout=5)
    return BatchSpanProcessor(exporter, schedule_delay_millis=EXPORT_MS)
