"""The lists behind the figures, page by page or whole as CSV."""

import re
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Header, Query
from fastapi.responses import Response
from pydantic import BaseModel

from contracts.words import REASON, REASONS, Outcome
from log.adapters.queries import OpenRow, OutcomeRow, PassedRow, Queries, Wanted
from log.api.launch import LaunchId, Viewer, found
from log.api.streams import Streams
from log.domain.launch import Launch
from log.domain.times import written
from runtime.did_you_mean import did_you_mean
from runtime.exports import csv_line
from runtime.media import CSV, streamed, wants_csv
from runtime.pages import from_cursor, to_cursor
from runtime.problems import Problem

Cursor = Annotated[str | None, Query(max_length=400, description="`next` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=1000)]
Accept = Annotated[str, Header()]


class OutcomeItem(BaseModel):
    contact_id: str
    outcome: Outcome
    reason: str
    started_at: str | None
    ended_at: str


class OutcomePage(BaseModel):
    items: list[OutcomeItem]
    next: str | None


class OpenItem(BaseModel):
    contact_id: str
    since: str


class OpenPage(BaseModel):
    items: list[OpenItem]
    next: str | None


class PassedItem(BaseModel):
    contact_id: str
    times: int
    """How often it came to the step: they add up to the step's figure in `steps`; of an `update_contact`, how often it
    went past it, and who came and did not is listed by `instances?step=`."""
    at: str
    """This and the rest: of the last time."""
    arm: int | None
    """Of a branch or split: which arm it took, from 1."""
    next: str | None
    """Where that leads."""


class PassedPage(BaseModel):
    items: list[PassedItem]
    next: str | None


def _listed(launch: Launch, step: str, towards: str | None) -> None:
    """Raises Problem for a step that the launch's scenario does not have, for one whose list is elsewhere, and for an
    arm (`towards`: where that leads) that the step does not have."""
    id = launch.launch_id
    if launch.steps is not None and step not in launch.steps:
        detail = f"the scenario version of launch {id} has no step {step}{did_you_mean(step, launch.steps)}"
        raise Problem(422, "unknown_step", detail, f"its steps are {', '.join(launch.steps)}")
    if step in (launch.ends or ()):
        detail = f"{step} is an end: who came to it has ended there"
        raise Problem(422, "listed_elsewhere", detail, f"`GET /v1/launches/{id}/instances?step={step}` lists them")
    if step in launch.sends:
        detail = f"{step} sends: who came to it has a message of it"
        raise Problem(422, "listed_elsewhere", detail, f"`GET /v1/launches/{id}/deliveries?step={step}` lists them")
    if towards is not None and launch.arms is not None and towards not in (arms := launch.arms.get(step, ())):
        detail = f"no arm of {step} leads to {towards}{did_you_mean(towards, arms)}"
        remedy = f"they lead to {', '.join(arms)}" if arms else f"{step} is no branch or split: leave `next` out"
        raise Problem(422, "unknown_arm", detail, remedy)


def _possible(reason: str, ends: Sequence[str] | None) -> str:
    """Raises Problem for what no target of the launch ever ends for. `ends`: of its scenario; None: not known."""
    known = ["end:STEP"] if ends is None else [f"end:{step}" for step in ends]
    if reason in known or (re.fullmatch(REASON, reason) and (ends is None or not reason.startswith("end:"))):
        return reason
    known += REASONS
    detail = f"no target of this launch ends for a reason {reason}{did_you_mean(reason, known, most=3)}"
    raise Problem(422, "unknown_reason", detail, f"there is {', '.join(known)}")


def routes(queries: Queries, streams: Streams) -> APIRouter:
    router = APIRouter()

    @router.get("/launches/{launch_id}/outcomes", response_model=OutcomePage, responses=streamed(CSV))
    async def outcomes(
        launch_id: LaunchId,
        caller: Viewer,
        outcome: Outcome | None = None,
        reason: Annotated[str | None, Query(max_length=200)] = None,
        started: Annotated[
            bool | None, Query(description="Only targets that had an instance, or that had none.")
        ] = None,
        cursor: Cursor = None,
        limit: Limit = 100,
        accept: Accept = "*/*",
    ) -> Response | OutcomePage:
        """Targets that have ended, by contact id; with `Accept: text/csv` all of them, streamed."""
        launch = await found(queries, caller, launch_id)
        number = launch.number
        wanted = Wanted(outcome, None if reason is None else _possible(reason, launch.launch.ends), started)
        if wants_csv(accept):
            header = csv_line(["contact_id", "outcome", "reason", "started_at", "ended_at"])
            return streams.answer(queries.all_outcomes(number, wanted), _outcome_line, CSV, header)
        rows = await queries.outcomes(number, _after(cursor), wanted, limit)
        items = [OutcomeItem(contact_id=row.contact_id, **_outcome(row)) for row in rows]
        return OutcomePage(items=items, next=to_cursor(items[-1].contact_id) if len(items) == limit else None)

    @router.get("/launches/{launch_id}/in-progress", response_model=OpenPage, responses=streamed(CSV))
    async def in_progress(
        launch_id: LaunchId, caller: Viewer, cursor: Cursor = None, limit: Limit = 100, accept: Accept = "*/*"
    ) -> Response | OpenPage:
        """Targets that have no outcome yet, by contact id; with `Accept: text/csv` all of them, streamed."""
        number = (await found(queries, caller, launch_id)).number
        if wants_csv(accept):
            header = csv_line(["contact_id", "since"])
            return streams.answer(queries.all_in_progress(number), _open_line, CSV, header)
        rows = await queries.in_progress(number, _after(cursor), limit)
        items = [OpenItem(contact_id=row.contact_id, since=written(row.since)) for row in rows]
        return OpenPage(items=items, next=to_cursor(items[-1].contact_id) if len(items) == limit else None)

    @router.get("/launches/{launch_id}/passed", response_model=PassedPage, responses=streamed(CSV))
    async def passed(
        launch_id: LaunchId,
        caller: Viewer,
        step: Annotated[str, Query(max_length=128, description="A wait, branch, split or update_contact.")],
        next: Annotated[
            str | None, Query(max_length=128, description="Only by the arm of the branch or split that leads there.")
        ] = None,
        cursor: Cursor = None,
        limit: Limit = 100,
        accept: Accept = "*/*",
    ) -> Response | PassedPage:
        """Contacts who came to this step, by contact id; with `Accept: text/csv` all of them, streamed.

        Of an `update_contact` those for whom it was carried out: the others stand at it, or ended there. Who came to a
        `send` has a message of it, and who came to an end has ended: `listed_elsewhere` says where. An arm that it
        does not have is refused with those that it has (`unknown_arm`). Of contacts who are deleted nothing is kept.
        Of a step to which nobody has come so far, and of an arm that nobody has taken, the list is empty.
        """
        launch, after = await found(queries, caller, launch_id), _after(cursor)
        _listed(launch.launch, step, next)
        if wants_csv(accept):
            header = csv_line(["contact_id", "times", "at", "arm", "next"])
            return streams.answer(queries.all_passed(launch.number, step, next), _passed_line, CSV, header)
        rows = await queries.passed(launch.number, after, step, next, limit)
        items = [PassedItem.model_validate(_passed(row)) for row in rows]
        return PassedPage(items=items, next=to_cursor(items[-1].contact_id) if len(items) == limit else None)

    return router


def _passed(row: PassedRow) -> dict[str, str | int | None]:
    return {
        "contact_id": row.contact_id,
        "times": row.times,
        "at": written(row.at),
        "arm": row.arm,
        "next": row.next,
    }


def _passed_line(row: PassedRow) -> str:
    return csv_line([None if value is None else str(value) for value in _passed(row).values()])


def _outcome(row: OutcomeRow) -> dict[str, str | None]:
    return {
        "outcome": row.outcome,
        "reason": row.reason,
        "started_at": None if row.started_at is None else written(row.started_at),
        "ended_at": written(row.ended_at),
    }


def _outcome_line(row: OutcomeRow) -> str:
    return csv_line([row.contact_id, *_outcome(row).values()])


def _open_line(row: OpenRow) -> str:
    return csv_line([row.contact_id, written(row.since)])


def _after(cursor: str | None) -> str:
    """The contact id behind which the page begins."""
    place = from_cursor(cursor, str)
    return place[0] if place else ""
