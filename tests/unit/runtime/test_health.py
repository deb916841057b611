"""Health: alive is not ready, and what is not ready says why."""

import asyncio

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client import CollectorRegistry, Gauge

from runtime import health
from runtime.health import Readiness


def client(readiness: Readiness, registry: CollectorRegistry | None = None) -> httpx.AsyncClient:
    app = FastAPI()
    app.include_router(health.routes(readiness, registry or CollectorRegistry()))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service")


async def fine() -> None:
    return None


async def test_a_process_without_complaints_is_ready() -> None:
    readiness = Readiness("executor")
    readiness.add("postgres", fine)
    async with client(readiness) as http:
        assert (await http.get("/healthz")).json() == {"status": "alive"}
        answer = await http.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"ready": True, "service": "executor", "problems": {}})


async def test_what_is_not_ready_is_named_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "CHECK_SECONDS", 0.05)

    async def refused() -> str | None:
        raise ConnectionRefusedError("connection refused")

    async def hanging() -> str | None:
        await asyncio.Event().wait()
        return None

    async def paused() -> str | None:
        return "partition 3 waits: deadlock"

    readiness = Readiness("executor")
    for name, check in (("postgres", refused), ("kafka", hanging), ("stream", paused), ("fine", fine)):
        readiness.add(name, check)
    async with client(readiness) as http:
        answer = await http.get("/readyz")
        alive = await http.get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["problems"] == {
        "postgres": "connection refused",
        "kafka": "no answer in 0.05 s",
        "stream": "partition 3 waits: deadlock",
    }
    assert alive.status_code == 200


async def test_metrics_are_served_as_prometheus_reads_them() -> None:
    registry = CollectorRegistry()
    Gauge("slipway_timers_due", "Timers due.", registry=registry).set(3)
    async with client(Readiness("executor"), registry) as http:
        answer = await http.get("/metrics")
    assert "slipway_timers_due 3.0" in answer.text
    assert answer.headers["content-type"].startswith("text/plain")
