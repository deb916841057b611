"""The figures of a launch as they are now, once or as they change."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Header
from fastapi.responses import Response, StreamingResponse
from pydantic import Field

from contracts.crm import LaunchFigures
from log.adapters.queries import Found, Queries
from log.api.launch import LaunchId, Viewer, expected
from log.domain.pace import pace
from log.domain.snapshot import figures
from runtime.cloudevents import dump
from runtime.media import EVENTS, streamed

LOOK_SECONDS = 0.3
LOOK_SECONDS_AFTER_END = 2.0
HEARTBEAT_SECONDS = 15.0


class Progress(LaunchFigures):
    """The figures as `log.launches` has them, and what only HTTP tells."""

    steps: dict[str, int] = Field(description="How many instances entered each step.")
    stuck: int = Field(description="Targets with an open incident: they need a person.")
    rate: float = Field(description="Targets that ended per second since it was requested, pauses not counted.")
    estimated_end: datetime | None = Field(
        description="If it goes on so; null while that cannot be said, as of a scenario with waits."
    )


def routes(queries: Queries, patience: float) -> APIRouter:
    router = APIRouter()

    @router.get("/launches/{launch_id}/progress", response_model=Progress)
    async def progress(launch_id: LaunchId, caller: Viewer) -> Response:
        """The figures now. Always targeted = success + failure + abandon + other + in_progress."""
        launch = await expected(queries, caller, launch_id, patience)
        return Response(dump(await _progress(queries, launch)), media_type="application/json")

    @router.get("/launches/{launch_id}/events", response_class=StreamingResponse, responses=streamed(EVENTS))
    async def events(
        launch_id: LaunchId, caller: Viewer, last_event_id: Annotated[int | None, Header(ge=0)] = None
    ) -> StreamingResponse:
        """Server-sent events: the figures whenever they change, from after revision `Last-Event-ID`."""
        await expected(queries, caller, launch_id, patience)
        changes = _changes(queries, caller.project, launch_id, last_event_id)
        return StreamingResponse(
            changes,
            media_type=EVENTS,
            headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"},
        )

    return router


async def _progress(queries: Queries, launch: Found) -> Progress:
    known = figures(launch.launch)
    assert known is not None  # its request was read
    steps, stuck = await queries.steps(launch.number), await queries.stuck(launch.number)
    controls, now = await queries.controls(launch.number)
    going = pace(launch.launch, controls, now)
    return Progress(
        **dict(known),
        steps=dict(sorted(steps.items())),
        stuck=stuck,
        rate=going.rate,
        estimated_end=going.estimated_end,
    )


async def _changes(queries: Queries, project: str, launch_id: str, last: int | None) -> AsyncIterator[bytes]:
    """Ends only with the reader: figures of deliveries move after the end, too."""
    steps: dict[str, int] | None = None
    silent = 0.0
    yield b"retry: 2000\n\n"
    while True:
        launch = await queries.launch(project, launch_id)
        if launch is None:
            return
        now = await _progress(queries, launch)
        if now.revision != last or (steps is not None and now.steps != steps):
            yield _event(now)
            silent = 0.0
        last, steps = now.revision, now.steps
        seconds = LOOK_SECONDS if now.ended_at is None else LOOK_SECONDS_AFTER_END
        silent += seconds
        if silent >= HEARTBEAT_SECONDS:
            yield b": nothing new\n\n"
            silent = 0.0
        await asyncio.sleep(seconds)


def _event(progress: Progress) -> bytes:
    name = "progressed" if progress.ended_at is None else progress.state.value
    return b"id: %d\nevent: launch.%s\ndata: %s\n\n" % (progress.revision, name.encode(), dump(progress))
