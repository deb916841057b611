"""The trace between services: `traceparent` rides in the records, a transaction's span links to what caused it."""

from collections.abc import Iterable

from opentelemetry import trace
from opentelemetry.trace import Link
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from runtime.records import Record

HEADER = "traceparent"
tracer = trace.get_tracer("slipway")
_propagator = TraceContextTextMapPropagator()


def traceparent() -> str | None:
    """Of the current span; None when nothing is traced."""
    if not trace.get_current_span().get_span_context().is_valid:
        return None
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    return carrier.get(HEADER)


def links(records: Iterable[Record]) -> list[Link]:
    """One per distinct span that published one of these records."""
    found = {text for record in records if (text := record.header(HEADER)) is not None}
    contexts = (
        trace.get_current_span(_propagator.extract({HEADER: text})).get_span_context() for text in sorted(found)
    )
    return [Link(context) for context in contexts if context.is_valid]
