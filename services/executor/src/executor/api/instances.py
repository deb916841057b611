"""Process instances of a contact, of a scenario and of a launch."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Query
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel

from contracts.words import Name, Outcome, Permission
from executor.adapters.queries import InstanceRow, Queries, Wanted
from executor.domain.cohort import Status
from runtime.auth import Caller, requires
from runtime.cloudevents import rfc3339
from runtime.did_you_mean import did_you_mean
from runtime.exports import csv_line
from runtime.media import CSV, streamed, wants_csv
from runtime.pages import from_cursor, to_cursor
from runtime.problems import Problem

Viewer = Annotated[Caller, Depends(requires(Permission.VIEW))]
Cursor = Annotated[str | None, Query(max_length=800, description="`next` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=1000)]
AT_STEP = (
    "Only those that stand or ended at this step. Of an end: who ended by it, as many as its figure in `steps` says;"
    " while the launch is paused also who stands before it."
)
COLUMNS = ("contact_id", "status", "step", "due_at", "started_at", "ended_at", "outcome", "reason")


class Instance(BaseModel):
    launch_id: str
    contact_id: str
    scenario: str
    version: int
    status: Status
    step: str
    due_at: str | None
    started_at: str
    ended_at: str | None
    outcome: Outcome | None
    reason: str | None


class Instances(BaseModel):
    items: list[Instance]
    next: str | None


def routes(queries: Queries) -> APIRouter:
    router = APIRouter()

    @router.get("/contacts/{contact_id:path}/instances")
    async def of_contact(
        contact_id: Annotated[str, Path(min_length=1, max_length=128)],
        caller: Viewer,
        cursor: Cursor = None,
        limit: Limit = 100,
    ) -> Instances:
        """All process instances of a contact, newest first."""
        before = from_cursor(cursor, datetime, str)
        rows = await queries.of_contact(caller.project, contact_id, before, limit)
        full = len(rows) == limit
        following = to_cursor(rows[-1].started_at, rows[-1].launch_id) if full else None
        return Instances(items=list(map(_instance, rows)), next=following)

    @router.get("/scenarios/{key}/instances")
    async def of_scenario(key: Name, caller: Viewer, cursor: Cursor = None, limit: Limit = 100) -> Instances:
        """Contacts in process of a scenario, by launch and contact id; 404 of one that the project does not have."""
        rows = await queries.in_process(caller.project, key, from_cursor(cursor, str, str), limit)
        return Instances(items=list(map(_instance, rows)), next=_next(rows, limit))

    @router.get("/launches/{launch_id}/instances", response_model=Instances, responses=streamed(CSV))
    async def of_launch(
        launch_id: Annotated[str, Path(min_length=1, max_length=64)],
        caller: Viewer,
        status: Annotated[Status | None, Query(description="Only those that stand so; `ended`: have ended.")] = None,
        step: Annotated[str | None, Query(max_length=128, description=AT_STEP)] = None,
        cursor: Cursor = None,
        limit: Limit = 100,
        accept: Annotated[str, Header()] = "*/*",
    ) -> Response | Instances:
        """Targets of a launch that started, by contact id: as many as `started` says. With `Accept: text/csv` all."""
        if not await queries.knows(caller.project, launch_id):
            remedy = "`GET /v1/launches` lists them"
            raise Problem(404, "unknown_launch", f"no launch {launch_id} is known here", remedy)
        steps = {} if step is None else await queries.steps(launch_id)
        if step is not None and steps and step not in steps:
            detail = f"the scenario version of launch {launch_id} has no step {step}{did_you_mean(step, steps)}"
            raise Problem(422, "unknown_step", detail, f"its steps are {', '.join(steps)}")
        wanted = Wanted(status, step, end=step is not None and steps.get(step, False))
        if wants_csv(accept):
            lines = _lines(queries.all_of_launch(launch_id, wanted))
            return StreamingResponse(lines, media_type=f"{CSV}; charset=utf-8")
        after = from_cursor(cursor, str, str)
        rows = await queries.of_launch(launch_id, wanted, "" if after is None else after[1], limit)
        return Instances(items=list(map(_instance, rows)), next=_next(rows, limit))

    return router


async def _lines(pages: AsyncGenerator[list[InstanceRow], None]) -> AsyncGenerator[bytes, None]:
    yield csv_line(COLUMNS).encode()
    async with aclosing(pages):
        async for page in pages:
            shown = (_instance(row).model_dump(mode="json") for row in page)
            yield "".join(csv_line([each[column] for column in COLUMNS]) for each in shown).encode()


def _next(rows: list[InstanceRow], limit: int) -> str | None:
    return to_cursor(rows[-1].launch_id, rows[-1].contact_id) if len(rows) == limit else None


def _instance(row: InstanceRow) -> Instance:
    return Instance(
        launch_id=row.launch_id,
        contact_id=row.contact_id,
        scenario=row.scenario,
        version=row.version,
        status=Status(row.status),
        step=row.step,
        due_at=None if row.due_at is None else rfc3339(row.due_at),
        started_at=rfc3339(row.started_at),
        ended_at=None if row.ended_at is None else rfc3339(row.ended_at),
        outcome=None if row.outcome is None else Outcome(row.outcome),
        reason=row.reason,
    )
