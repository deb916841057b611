"""`/internal/counts`: launcher asks on behalf of who counts; it has judged what is its own."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from contacts.api.doors import Doors, Passed
from contacts.domain.counting import Behind, Counted, MessageFigures
from contacts.handlers.counting import UNREADABLE, Wanted
from contacts.ports.counting import Busy
from contracts.checks import Point
from contracts.launches import Options, Participants, ScenarioVersion
from contracts.words import Figure, Permission
from runtime.auth import Caller, requires
from runtime.problems import Problem

MAX_BYTES = 8 * 1024 * 1024
"""A portion of a result set is a list of up to 2 MiB of ids; JSON may write three bytes for one."""
Starter = Annotated[Caller, Depends(requires(Permission.PROCESS_START))]


class BehindGiven(Passed):
    figure: Figure | None = None
    reason: str | None = Field(None, max_length=64)
    step: str | None = Field(None, max_length=64)
    message_type: str | None = Field(None, max_length=64)
    cursor: str = Field("", max_length=1024)
    limit: int = Field(1000, ge=1, le=1000)


class CountGiven(Passed):
    version: ScenarioVersion
    participants: Participants
    options: Options
    launched_by: str
    launch_id: str | None = None
    retry: bool = False
    approves: bool = False
    behind: BehindGiven | None = None
    """Given: the contacts behind a figure instead of figures."""


class ShownMessage(BaseModel):
    step: str
    channel: str
    message_type: str
    reached: int
    skipped: dict[str, int]


class ShownCount(BaseModel):
    targeted: int
    starting: int
    excluded: dict[str, int]
    no_consent: dict[str, int]
    messages: list[ShownMessage]
    points: list[Point]


class ShownBehind(BaseModel):
    figure: Figure
    items: list[str]
    next: str | None
    points: list[Point]
    """What stands against the launch: then nobody is listed."""


def routes(doors: Doors) -> APIRouter:
    router = APIRouter(tags=["counts"])

    @router.post("/internal/counts", max_body_size=MAX_BYTES)
    async def count(given: CountGiven, caller: Starter) -> ShownCount | ShownBehind:
        """Of one moment, exact; no launch waits for it. 503 `busy`: others are counting, and went on for seconds."""
        if given.version.project != caller.project:
            raise Problem(403, "wrong_project", "the scenario is another project's", "count in your own project")
        wanted = Wanted(
            project=caller.project,
            version=given.version,
            participants=given.participants,
            options=given.options,
            launched_by=given.launched_by,
            launch_id=given.launch_id,
            retry=given.retry,
            approves=given.approves,
        )
        try:
            if given.behind is not None:
                found = await doors.counting.listed(wanted, Behind(**given.behind.model_dump()))
                return ShownBehind(figure=found.figure, items=found.contact_ids, next=found.next, points=found.points)
            return _shown(await doors.counting.count(wanted))
        except Busy as error:
            raise Problem(
                503, "busy", f"not counted: {error}", "ask again in a few seconds", headers={"Retry-After": "2"}
            ) from None
        except UNREADABLE as error:
            raise Problem(422, "broken_scenario", f"the scenario cannot be read: {error}", "push it again") from None

    return router


def _shown(counted: Counted) -> ShownCount:
    return ShownCount(
        targeted=counted.targeted,
        starting=counted.starting,
        excluded=dict(counted.excluded),
        no_consent=dict(counted.no_consent),
        messages=[_message(each) for each in counted.messages],
        points=list(counted.points),
    )


def _message(figures: MessageFigures) -> ShownMessage:
    sending = figures.sending
    return ShownMessage(
        step=sending.step,
        channel=sending.channel,
        message_type=sending.message.message_type,
        reached=figures.reached,
        skipped=dict(figures.skipped),
    )
