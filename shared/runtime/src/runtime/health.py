"""`/healthz` (alive), `/readyz` (does its work, or why not) and `/metrics` (Prometheus) of every process."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest

CHECK_SECONDS = 3.0

Check = Callable[[], Awaitable[str | None]]
"""None: fine; otherwise why not and, where somebody must act, what to do. May raise, may hang."""


class Readiness:
    """What has to hold for this process to be ready. Zero partitions is ready."""

    def __init__(self, service: str) -> None:
        self._service = service
        self._checks: dict[str, Check] = {}

    def add(self, name: str, check: Check) -> None:
        self._checks[name] = check

    async def document(self) -> dict[str, Any]:
        """`{"ready", "service", "problems": {check: why}}`."""
        names = list(self._checks)
        answers = await asyncio.gather(*(_asked(self._checks[name]) for name in names))
        problems = {name: why for name, why in zip(names, answers, strict=True) if why is not None}
        return {"ready": not problems, "service": self._service, "problems": problems}


def routes(readiness: Readiness, registry: CollectorRegistry = REGISTRY) -> APIRouter:
    router = APIRouter(tags=["process"])

    @router.get("/healthz")
    async def healthz() -> dict[str, str]:
        """The event loop turns. Says nothing about Kafka or PostgreSQL: a restart would not bring them back."""
        return {"status": "alive"}

    @router.get("/readyz")
    async def readyz() -> JSONResponse:
        """200 or 503; the body names what is not ready and why."""
        document = await readiness.document()
        return JSONResponse(document, 200 if document["ready"] else 503)

    @router.get("/metrics")
    async def metrics() -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return router


async def _asked(check: Check) -> str | None:
    try:
        return await asyncio.wait_for(check(), CHECK_SECONDS)
    except TimeoutError:
        return f"no answer in {CHECK_SECONDS:g} s"
    except Exception as error:
        return str(error) or type(error).__name__
