"""One trace from a command through the services behind it: records carry it, spans link to what caused them."""

import subprocess
import sys
from collections.abc import Mapping

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanContext

from runtime import tracing
from runtime.records import Record
from runtime.spans import HEADER, following, handling, traceparent

COMMAND = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def record(headers: Mapping[str, str | None]) -> Record:
    raw = {name: value.encode() for name, value in headers.items() if value is not None}
    return Record("topic", 0, 0, 0, None, None, raw)


def context(span: ReadableSpan) -> SpanContext:
    found = span.get_span_context()
    assert found is not None
    return found


def service(name: str, *causes: str | None) -> str | None:
    """A service handles records caused by these spans and emits: what its own records carry."""
    with handling([record({HEADER: cause}) for cause in causes], name):
        return traceparent()


def test_a_trace_can_be_followed_from_the_command_through_all_services() -> None:
    with tracing.recorded() as exporter:
        carried: str | None = COMMAND
        for name in ("launcher", "contacts", "executor", "messaging", "log"):
            carried = service(name, carried)
    spans = exporter.get_finished_spans()
    assert [span.name for span in spans] == ["launcher", "contacts", "executor", "messaging", "log"]
    assert {f"{context(span).trace_id:032x}" for span in spans} == {COMMAND.split("-")[1]}
    came_from = [f"{span.links[0].context.span_id:016x}" for span in spans]
    assert came_from == ["b7ad6b7169203331", *(f"{context(span).span_id:016x}" for span in spans[:-1])]


def test_work_that_goes_on_later_stays_in_its_trace() -> None:
    with tracing.recorded() as exporter:
        with handling([record({HEADER: COMMAND})], "launch"):
            stored = traceparent()
        with following(stored, "walk"):
            carried = traceparent()
        with following(None, "sweep"):
            pass
    walked, swept = exporter.get_finished_spans()[1:]
    assert carried is not None
    assert carried.split("-")[1] == COMMAND.split("-")[1] == f"{context(walked).trace_id:032x}"
    assert context(swept).trace_id != context(walked).trace_id


def test_a_transaction_of_several_traces_links_to_each_cause_once() -> None:
    other = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    with tracing.recorded() as exporter:
        service("log", COMMAND, other, COMMAND, "nonsense", None)
    (span,) = exporter.get_finished_spans()
    assert sorted(f"{link.context.span_id:016x}" for link in span.links) == ["00f067aa0ba902b7", "b7ad6b7169203331"]
    assert span.parent is None


def test_outside_a_span_nothing_is_carried() -> None:
    assert traceparent() is None


def test_recording_ends_with_the_block() -> None:
    with tracing.recorded() as exporter:
        pass
    service("later")
    assert exporter.get_finished_spans() == ()


def test_without_a_collector_the_trace_passes_through_and_no_sdk_is_loaded() -> None:
    program = f"""
import sys
from runtime import process, tracing
from runtime.records import Record
from runtime.settings import Settings
from runtime.spans import HEADER, handling, traceparent
tracing.configure("executor", Settings())()
command = {COMMAND!r}
with handling([Record("topic", 0, 0, 0, None, None, {{HEADER: command.encode()}})], "executor"):
    assert traceparent() == command
assert not [name for name in sys.modules if name.startswith(("opentelemetry.sdk", "opentelemetry.exporter", "rich"))]
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_a_collector_gets_the_spans_of_the_service() -> None:
    provider = tracing._provider("executor", 1.0, "executor-1")
    assert provider.resource.attributes["service.name"] == "executor"
    assert provider.resource.attributes["service.instance.id"] == "executor-1"
    assert provider.get_tracer("x").start_span("root").is_recording()
