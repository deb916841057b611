"""Single targets: the ledger that a recount reads, and why one contact did or did not get a message."""

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from log.adapters.queries import LedgerRow, Queries
from log.api.launch import LaunchId, Viewer, found
from log.api.streams import Streams
from log.domain.timeline import timeline
from log.domain.times import written
from runtime.media import NDJSON, streamed


class TimelineEntry(BaseModel):
    at: str
    what: str
    detail: dict[str, Any]
    event_id: str


class Timeline(BaseModel):
    items: list[TimelineEntry]


def routes(queries: Queries, streams: Streams) -> APIRouter:
    router = APIRouter()

    @router.get("/launches/{launch_id}/ledger", response_class=StreamingResponse, responses=streamed(NDJSON))
    async def ledger(launch_id: LaunchId, caller: Viewer) -> StreamingResponse:
        """NDJSON, one line per target by contact id (bytewise): open, or ended with outcome and reason."""
        launch = await found(queries, caller, launch_id)
        return streams.answer(queries.ledger(launch.number), _ledger_line, NDJSON)

    @router.get("/contacts/{contact_id:path}/timeline")
    async def contact_timeline(
        contact_id: Annotated[str, Path(min_length=1, max_length=128)],
        caller: Viewer,
        launch: Annotated[str, Query(max_length=64, description="Of this launch.")],
    ) -> Timeline:
        """Why this contact did or did not get a message: what happened to it in this launch, the waits that it entered
        and left, the arm of each branch and split that it took, its updates, and what people decided about it and the
        launch, in the order in which one led to the other, each with the event that says so. Empty: it is no target."""
        known = await found(queries, caller, launch)
        said = await queries.said(known.number, contact_id)
        controls, _ = await queries.controls(known.number)
        entries = timeline(said, await queries.result(known, contact_id), controls)
        return Timeline(
            items=[
                TimelineEntry(at=written(each.at), what=each.what, detail=dict(each.detail), event_id=each.event_id)
                for each in entries
            ]
        )

    return router


def _ledger_line(row: LedgerRow) -> str:
    state = "open" if row.outcome is None else "ended"
    line = {"contact_id": row.contact_id, "state": state, "outcome": row.outcome, "reason": row.reason}
    return orjson.dumps(line).decode() + "\n"
