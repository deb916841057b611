"""Launches: asked for, listed, shown."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Query, Response
from pydantic import Field

from contracts.checks import Point
from contracts.crm import LaunchRequest, OptionsGiven, ParticipantsGiven
from contracts.words import LaunchMode, LaunchState, Name
from launcher.api.doors import Asking, Doors
from launcher.api.idempotency import Idempotency, Look, Required
from launcher.api.shapes import (
    Cursor,
    Input,
    Limit,
    Output,
    Page,
    PathWord,
    Time,
    Word,
    granted,
    problem,
)
from launcher.domain.launch import Kind, Launch, Rejected
from launcher.domain.parties import Asker
from launcher.domain.refusals import Denied
from launcher.handlers.launches import LaunchHandlers
from launcher.handlers.unknown import Narrowing
from launcher.handlers.vacancies import Vacancies
from launcher.ports import Launches, LaunchFilter
from runtime.cloudevents import rfc3339
from runtime.ids import derive
from runtime.pages import from_cursor, to_cursor
from runtime.times import GivenTime
from runtime.transaction import Transaction

if TYPE_CHECKING:
    from runtime.process import Resources


class LaunchGiven(Input):
    """`launch.request` as on Kafka; the project is the caller's."""

    project: Name | None = None
    scenario: Name
    participants: ParticipantsGiven
    options: OptionsGiven = Field(default_factory=OptionsGiven)
    context: dict[str, Any] = Field(default_factory=dict)
    count_token: str | None = None


class LaunchAsked(Output):
    launch_id: str
    state: LaunchState
    points: list[Point]
    """What is wrong with a `draft`, why it is `rejected`, or warnings. `validating`: contacts is still checking."""


class LaunchShown(Output):
    launch_id: str
    project: str
    scenario: str
    scenario_version: int | None
    state: LaunchState
    requested_by: str
    participants: dict[str, Any]
    selected: int | None
    """How many contacts were named one by one."""
    options: dict[str, Any]
    context: dict[str, Any]
    points: list[Point]
    targeted_expected: int | None
    command_id: str | None
    command_source: str | None
    drafted_at: Time
    requested_at: Time | None
    ended_at: Time | None
    mode: LaunchMode
    kind: Kind
    retry_of: str | None
    relaunch_of: str | None
    summary: dict[str, Any] | None
    """What was confirmed, and the figures that were."""
    confirmed_by: str | None
    confirmed_at: Time | None
    approved_by: str | None
    approved_at: Time | None
    recounted: dict[str, Any] | None
    """What was counted at the approval, `figures` and `messages` as in `summary`: with these it runs. null: it was not
    approved, or before they were kept."""
    rejected: Rejected | None
    paused_because: str | None
    """Why launcher itself has paused it, such as a user who was disabled; null: it has not, or it was resumed."""
    figures: dict[str, Any] | None
    """The newest absolute counts, as on `log.launches`; null before the first."""


def add(
    doors: Doors,
    handlers: LaunchHandlers,
    launches: Launches,
    narrowing: Narrowing,
    vacancies: Vacancies,
    idempotency: Idempotency,
) -> None:
    resources = doors.resources

    @doors("POST", "/v1/launches", status_code=202, response_model=LaunchAsked)
    async def launch(given: LaunchGiven, asker: Asking, idempotency_key: Required) -> Response:
        """Asks for a launch. What launcher itself finds wrong is said at once, what contacts does a moment later.
        What is wrong in the request itself is refused, with `points`, and nothing is kept of it.

        Whoever lacks `launch:preapproved` then confirms a count (a key's request counts as confirmed) and has it
        approved.
        """
        if given.project not in (None, asker.project):
            remedy = "leave `project` out, or use a key of that project"
            raise problem(Denied("project_mismatch", f"the caller is of project {asker.project}", remedy))
        request = LaunchRequest.model_validate({**given.model_dump(mode="json"), "project": asker.project})

        async def work(tx: Transaction) -> tuple[int, LaunchAsked]:
            launch_id = await new_launch_id(tx, launches, asker, idempotency_key)
            made = await handlers.request(tx, request, asker, launch_id)
            return 202, asked_for(granted(made))

        asked = ["POST /v1/launches", request.model_dump(mode="json")]
        look = somebody(resources, vacancies, asker, request.participants)
        return await idempotency.once(resources, asker, idempotency_key, asked, work, look)

    @doors("GET", "/v1/launches")
    async def list_launches(
        asker: Asking,
        state: LaunchState | None = None,
        scenario: Annotated[Word | None, Query()] = None,
        user: Annotated[Word | None, Query()] = None,
        since: GivenTime | None = None,
        until: GivenTime | None = None,
        mode: LaunchMode = LaunchMode.LIVE,
        cursor: Cursor = None,
        limit: Limit = 50,
    ) -> Page[LaunchShown]:
        """Newest first; rejected ones with their points. Tests and rehearsals only if asked for by `mode`.

        Where none is found, a scenario, user or key that the project does not have is refused.
        """
        before = from_cursor(cursor, datetime, str)
        wanted = LaunchFilter(state, scenario, user, since, before, limit + 1, until, mode)
        async with resources.pool.acquire() as connection:
            found = await launches.listed(connection, asker.project, wanted)
            if not found and before is None and (denied := await narrowing.unknown(connection, asker, wanted)):
                raise problem(denied)
        last = found[limit - 1] if len(found) > limit else None
        following = to_cursor(last.drafted_at, last.launch_id) if last else None
        return Page(items=[_shown(each) for each in found[:limit]], next=following)

    @doors("GET", "/v1/launches/{launch_id}")
    async def show(launch_id: PathWord, asker: Asking) -> LaunchShown:
        """One launch with its newest counts."""
        async with resources.pool.acquire() as connection:
            found = await launches.load(connection, asker.project, launch_id)
        if found is None:
            detail = f"there is no launch {launch_id} in this project"
            raise problem(Denied("unknown_launch", detail, "`GET /v1/launches` lists them"))
        return _shown(found)


def somebody(
    resources: "Resources", vacancies: Vacancies, asker: Asker, participants: ParticipantsGiven | None
) -> Look:
    """Refuses what is for a result set that nobody is in."""

    async def look() -> None:
        granted(await vacancies.denied(resources.pool, asker, participants))

    return look


def asked_for(launch: Launch) -> LaunchAsked:
    return LaunchAsked(launch_id=launch.launch_id, state=launch.state, points=list(launch.points))


async def new_launch_id(tx: Transaction, launches: Launches, asker: Asker, key: str) -> str:
    """Derived from who asked under which key; if that was more than 30 days ago, from the time too."""
    launch_id = derive("launch", asker.project, asker.subject, key)
    if await launches.exists(tx.connection, launch_id):
        launch_id = derive(launch_id, rfc3339(tx.now))
    return launch_id


def _shown(launch: Launch) -> LaunchShown:
    return LaunchShown(
        launch_id=launch.launch_id,
        project=launch.project,
        scenario=launch.scenario,
        scenario_version=launch.version,
        state=launch.state,
        requested_by=launch.requested_by,
        participants=launch.participants,
        selected=launch.selected,
        options=launch.options,
        context=launch.context,
        points=list(launch.points),
        targeted_expected=launch.targeted_expected,
        command_id=launch.origin.id if launch.origin else None,
        command_source=launch.origin.source if launch.origin else None,
        drafted_at=launch.drafted_at,
        requested_at=launch.requested_at,
        ended_at=launch.ended_at,
        mode=launch.mode,
        kind=launch.kind,
        retry_of=launch.retry_of,
        relaunch_of=launch.relaunch_of,
        summary=launch.summary,
        confirmed_by=launch.confirmed_by,
        confirmed_at=launch.confirmed_at,
        approved_by=launch.approved_by,
        approved_at=launch.approved_at,
        recounted=launch.recounted,
        rejected=launch.rejected,
        paused_because=launch.paused_because,
        figures=launch.figures,
    )
