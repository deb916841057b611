"""The ledger of a launch, for a recount."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

import orjson
from fastapi import APIRouter, Depends, Path
from fastapi.responses import StreamingResponse

from contracts.words import Permission
from executor.adapters.queries import LedgerRow, Queries
from runtime.auth import Caller, requires
from runtime.media import NDJSON, streamed
from runtime.problems import Problem

LINES_AT_ONCE = 500


def routes(queries: Queries) -> APIRouter:
    router = APIRouter()

    @router.get("/launches/{launch_id}/ledger", response_class=StreamingResponse, responses=streamed(NDJSON))
    async def ledger(
        launch_id: Annotated[str, Path(min_length=1, max_length=64)],
        caller: Annotated[Caller, Depends(requires(Permission.VIEW))],
    ) -> StreamingResponse:
        """NDJSON, one line per target executor has decided on, by contact id (bytewise)."""
        if not await queries.knows(caller.project, launch_id):
            raise Problem(
                404, "unknown_launch", f"no launch {launch_id} is known here", "`GET /v1/launches` lists them"
            )
        return StreamingResponse(_lines(queries.ledger(launch_id)), media_type=NDJSON)

    return router


async def _lines(rows: AsyncGenerator[LedgerRow, None]) -> AsyncGenerator[bytes, None]:
    lines: list[bytes] = []
    async with aclosing(rows):
        async for row in rows:
            lines.append(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
            if len(lines) == LINES_AT_ONCE:
                yield b"".join(lines)
                lines = []
    yield b"".join(lines)
