"""Process instances that cannot go on without a person, and what the person decides."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from contracts.words import Permission
from executor.adapters.incidents import PostgresDecisions, ResolutionRow
from executor.adapters.queries import Queries
from executor.domain.incidents import Decision
from runtime.auth import Caller, requires
from runtime.cloudevents import rfc3339
from runtime.pages import from_cursor, to_cursor
from runtime.problems import Problem

IncidentId = Annotated[str, Path(min_length=1, max_length=64)]
Starter = Annotated[Caller, Depends(requires(Permission.PROCESS_START))]
Stopper = Annotated[Caller, Depends(requires(Permission.LAUNCH_STOP))]


class Incident(BaseModel):
    id: str
    launch_id: str
    contact_id: str
    step: str
    detail: str
    retriable: bool = Field(description="Whether its step may be tried again; otherwise it can only be failed.")
    at: str


class Deciding(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    dry_run: bool = False
    """Only whether it would be done: refused as it would be, and nothing changes."""


class Incidents(BaseModel):
    items: list[Incident]
    next: str | None


class Resolution(BaseModel):
    id: str
    launch_id: str
    contact_id: str
    decision: Decision
    state: Literal["open", "resolving", "resolved"]
    """`open`: nobody has decided, this was only looked at."""


def routes(queries: Queries, decisions: PostgresDecisions) -> APIRouter:
    router = APIRouter(prefix="/incidents")

    @router.get("")
    async def listed(
        caller: Annotated[Caller, Depends(requires(Permission.VIEW))],
        cursor: Annotated[str | None, Query(max_length=800, description="`next` of the page before.")] = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> Incidents:
        """Open instances that cannot go on without a person."""
        rows = await queries.incidents(caller.project, from_cursor(cursor, str, str), limit)
        items = [
            Incident(
                id=row.id,
                launch_id=row.launch_id,
                contact_id=row.contact_id,
                step=row.step,
                detail=row.detail,
                retriable=row.retriable,
                at=rfc3339(row.at),
            )
            for row in rows
        ]
        following = to_cursor(rows[-1].launch_id, rows[-1].contact_id) if len(rows) == limit else None
        return Incidents(items=items, next=following)

    @router.post("/{id}/retry", status_code=202)
    async def retry(id: IncidentId, caller: Starter, given: Deciding | None = None) -> Resolution:
        """The instance tries its step again. Should that fail, it is a new incident. Repeating this is harmless."""
        return await _decide(decisions, caller, id, Decision.RETRY, given)

    @router.post("/{id}/fail", status_code=202)
    async def fail(id: IncidentId, caller: Stopper, given: Deciding | None = None) -> Resolution:
        """The instance ends: failure, `error:internal`. Repeating this is harmless."""
        return await _decide(decisions, caller, id, Decision.FAIL, given)

    return router


async def _decide(
    decisions: PostgresDecisions, caller: Caller, id: str, decision: Decision, given: Deciding | None
) -> Resolution:
    """Raises the 404 of an unknown incident and the 409 of one that is decided otherwise or cannot be retried."""
    if given is not None and given.dry_run:
        found = await decisions.look(caller.project, id, decision)
    else:
        found = await decisions.decide(caller.project, id, decision, caller.subject)
    if found is None:
        raise await _impossible(decisions, caller.project, id)
    if found.decision not in (None, decision):
        remedy = "look at the contact's instances for what became of it"
        raise Problem(409, "wrong_state", f"it was decided already: {found.decision}", remedy)
    return _resolution(found, decision)


async def _impossible(decisions: PostgresDecisions, project: str, id: str) -> Problem:
    if await decisions.is_open(project, id):
        detail = "part of its step has been done already, so it cannot be tried again"
        return Problem(409, "wrong_state", detail, f"end it as failed: `POST /v1/incidents/{id}/fail`")
    return Problem(404, "unknown_incident", f"no incident {id} is open", "`GET /v1/incidents` lists them")


def _resolution(row: ResolutionRow, decision: Decision) -> Resolution:
    decided = "resolving" if row.carried_out_at is None else "resolved"
    return Resolution(
        id=row.incident_id,
        launch_id=row.launch_id,
        contact_id=row.contact_id,
        decision=decision,
        state="open" if row.decision is None else decided,
    )
