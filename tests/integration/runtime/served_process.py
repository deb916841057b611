"""The ledger service as `runtime.process.run` runs it, with a route of its own; argument `console`: without servers."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import APIRouter, Depends

from runtime.auth import Caller, requires
from runtime.process import Resources, run
from runtime.service import Service
from runtime.settings import Settings

HEAVY = ("aiokafka", "asyncpg", "faststream", "jinja2", "cel_expr_python", "requests")


def console() -> Service:
    def routes(resources: Resources) -> APIRouter:
        router = APIRouter(prefix="/v1")

        @router.get("/loaded")
        async def modules(_: Annotated[Caller, Depends(requires("view"))]) -> list[str]:
            return [name for name in HEAVY if name in sys.modules]

        return router

    return Service("console", migrations=None, routes=routes)


def ledger() -> Service:
    from integration.runtime.harness import OUT, Answered, Ledger, ledger_service
    from runtime.ids import derive
    from runtime.records import Outgoing

    def routes(resources: Resources) -> APIRouter:
        router = APIRouter(prefix="/v1")

        @router.post("/answers", status_code=202)
        async def answer(name: str, _: Annotated[Caller, Depends(requires("view"))]) -> None:
            async with resources.transaction() as tx:
                tx.emit(Outgoing(OUT, 0, name, Answered(name=name), derive("answer", name)))

        return router

    @asynccontextmanager
    async def lifespan(resources: Resources) -> AsyncIterator[None]:
        assert await resources.pool.fetchval("SELECT 1") == 1
        yield
        assert await resources.pool.fetchval("SELECT 2") == 2
        print("lifespan ended while the database was there", flush=True)

    return ledger_service(Ledger(), routes=routes, lifespan=lifespan)


class ConsoleSettings(Settings):
    needs = ("token_key",)


if __name__ == "__main__":
    if sys.argv[1:] == ["console"]:
        run(console(), ConsoleSettings.read())
    else:
        run(ledger(), Settings.read())
