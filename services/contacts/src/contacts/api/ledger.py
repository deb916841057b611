"""`/v1/launches/{id}/ledger`: every target of a launch as contacts decided it, for the recount."""

from collections.abc import AsyncIterator

import orjson
from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from contacts.adapters.reading import Entry
from contacts.api.doors import Doors, Viewer
from runtime.media import NDJSON, streamed
from runtime.problems import Problem


def routes(doors: Doors) -> APIRouter:
    router = APIRouter(tags=["launches"])

    @router.get("/launches/{launch_id}/ledger", response_class=StreamingResponse, responses=streamed(NDJSON))
    async def ledger(launch_id: str, caller: Viewer) -> StreamingResponse:
        """NDJSON in byte order of the contact ids: `{"contact_id", "state": "admitted" | "excluded", "reason"}`."""
        if not await doors.reading.has_launch(caller.project, launch_id):
            raise Problem(
                404, "unknown_launch", f"there is no launch {launch_id[:64]}", "`GET /v1/launches` lists them"
            )
        lines = _lines(doors.reading.ledger(caller.project, launch_id))
        return StreamingResponse(lines, media_type=NDJSON)

    return router


async def _lines(pages: AsyncIterator[list[Entry]]) -> AsyncIterator[bytes]:
    async for page in pages:
        yield b"".join(
            orjson.dumps(
                {
                    "contact_id": entry.contact_id,
                    "state": "admitted" if entry.reason is None else "excluded",
                    "reason": entry.reason,
                },
                option=orjson.OPT_APPEND_NEWLINE,
            )
            for entry in page
        )
