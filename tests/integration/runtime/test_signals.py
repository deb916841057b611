"""What a process tells about itself: metrics by their fixed names, and a trace that goes through it."""

from collections.abc import Mapping, Sequence
from typing import Any

from prometheus_client import generate_latest

from integration.runtime.harness import IN, Bench, Ledger, Noted, headers, until
from runtime import tracing
from runtime.service import Gauge

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

LINES = (
    'slipway_lag_records{partition="1",service="ledger",topic="ledger.in"} 0.0',
    'slipway_things_open{partition="3",service="ledger"} 13.0',
    'slipway_parked_records{service="ledger"} 1.0',
    'slipway_parked_total{service="ledger",topic="ledger.in"} 1.0',
    'slipway_fenced_total{service="ledger"} 0.0',
    'slipway_rebalances_total{service="ledger"} 1.0',
    'slipway_leases_total{service="ledger"} 4.0',
    'slipway_batch_records_sum{service="ledger",topic="ledger.in"} 3.0',
    'slipway_outbox_oldest_seconds{service="ledger"}',
    'slipway_outbox_rows{service="ledger"}',
    'slipway_partitions_stopped{service="ledger"} 0.0',
)


async def test_metrics_have_their_names_and_the_services_own_gauges_are_among_them(bench: Bench) -> None:
    async def read(pool: Any, numbers: Sequence[int]) -> Mapping[int, float]:
        return {number: 10.0 + number for number in numbers}

    async with bench.engine(Ledger(), gauges=[Gauge("slipway_things_open", "Things.", read)]) as engine:
        await bench.note(3, partition=1)
        await bench.note(1, partition=2, fails="permanent")
        missing: list[str] = []

        async def complete() -> bool:
            await engine.figures.read(engine.pool, engine.stream)
            text = generate_latest(engine.metrics.registry).decode()
            missing[:] = [line for line in LINES if line not in text]
            return not missing

        await until(complete, 20, lambda: f"in the metrics: {missing}")


async def test_an_answer_is_part_of_the_trace_of_its_cause(bench: Bench) -> None:
    with tracing.recorded("ledger") as exporter:
        async with bench.engine(Ledger()):
            traced = [*headers(Noted.TYPE, "traced"), ("traceparent", PARENT.encode())]
            await bench.send(Noted(name="x").model_dump_json().encode(), traced)
            await bench.until_noted(1)
        [answer] = await bench.answers()
        spans = [span for span in exporter.get_finished_spans() if span.name == f"ledger {IN}"]
    assert dict(answer.headers)["traceparent"].split(b"-")[1] == PARENT.split("-")[1].encode()
    [span] = spans
    assert [f"{link.context.span_id:016x}" for link in span.links] == [PARENT.split("-")[2]]
    assert dict(answer.headers)["traceparent"].split(b"-")[2] == f"{span.context.span_id:016x}".encode()
