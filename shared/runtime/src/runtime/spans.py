"""The trace between services: `traceparent` rides in the records, a transaction's span links to what caused it.

Where work goes on later (a fan-out, a timer), store `traceparent()` with it and do it inside `following(…)`.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Link, Span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from runtime.records import Record

HEADER = "traceparent"
tracer = trace.get_tracer("slipway")
_propagator = TraceContextTextMapPropagator()


def traceparent() -> str | None:
    """Of the current span, as text to be stored or sent; None when nothing is traced."""
    if not trace.get_current_span().get_span_context().is_valid:
        return None
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    return carrier.get(HEADER)


@contextmanager
def following(parent: str | None, name: str) -> Iterator[Span]:
    """A span that goes on with the trace of a stored `traceparent()`; without one, a trace of its own."""
    with tracer.start_as_current_span(name, context=_context(parent)) as span:
        yield span


@contextmanager
def handling(records: Sequence[Record], name: str) -> Iterator[Span]:
    """The span of a transaction: linked to every span that published one of its records, and part of their trace if
    that is one."""
    texts = sorted({text for record in records if (text := record.header(HEADER)) is not None})
    contexts = [trace.get_current_span(_context(text)).get_span_context() for text in texts]
    traces = {context.trace_id for context in contexts if context.is_valid}
    with tracer.start_as_current_span(
        name,
        context=_context(texts[0]) if len(traces) == 1 else Context(),
        links=[Link(context) for context in contexts if context.is_valid],
        attributes={"messaging.batch.message_count": len(records)},
    ) as span:
        yield span


def _context(parent: str | None) -> Context:
    return Context() if parent is None else _propagator.extract({HEADER: parent}, Context())
