"""Counts: before anything is asked for, and of a launch that waits."""

from typing import Any

from pydantic import Field, model_validator

from contracts.checks import Point
from contracts.crm import LaunchRequest, OptionsGiven, ParticipantsGiven
from contracts.words import COUNT_REASONS, Figure, Name, StepName
from launcher.api.doors import Asking, Doors
from launcher.api.shapes import Input, Output, Page, Time, granted
from launcher.domain.counting import Listed, Listing
from launcher.handlers.counting import Count, Counts
from runtime.pages import from_cursor, to_cursor


class ListGiven(Input):
    """Which contacts behind a figure.

    A reason alone: whom it keeps out; if that is nobody, whom a message skips for it. With a step: whom that step's
    message skips for it.
    """

    figure: Figure | None = None
    """`excluded` and `skipped` go with a reason, `reached` with a step, `skipped` may."""
    reason: str | None = Field(None, max_length=64)
    step: StepName | None = None
    message_type: Name | None = None
    """Of `no_consent`: only this type's."""
    cursor: str | None = Field(None, max_length=1024)
    """`next` of the page before. A page may have fewer than `limit`, none even, and `next` still go on."""
    limit: int = Field(1000, ge=1, le=1000)

    @model_validator(mode="after")
    def _clear(self) -> "ListGiven":
        if self.reason is not None and self.reason not in COUNT_REASONS:
            raise ValueError(f"there is no reason {self.reason}; there are {', '.join(COUNT_REASONS)}")
        if self.figure is None and self.reason is None:
            raise ValueError("name a reason, or a figure")
        figure = self._figure
        if (self.reason is None) == (figure in (None, Figure.EXCLUDED, Figure.SKIPPED)):
            raise ValueError(f"{figure} has no reasons" if self.reason else f"say the reason: {figure} for what?")
        if figure is Figure.REACHED and self.step is None:
            raise ValueError("say the step: reached by which message?")
        if self.step is not None and figure not in (Figure.REACHED, Figure.SKIPPED):
            raise ValueError(f"{figure} is no step's: leave step out")
        return self

    @property
    def _figure(self) -> Figure | None:
        return Figure.SKIPPED if self.figure is None and self.step is not None else self.figure

    def listing(self) -> Listing:
        """Raises Problem for a cursor that is none of ours."""
        place, contact_id, figure = from_cursor(self.cursor, str, str, Figure) or (None, None, None)
        return Listing(
            reason=self.reason,
            message_type=self.message_type,
            cursor=contact_id or None,
            limit=self.limit,
            place=place or None,
            figure=figure or self._figure,
            step=self.step,
        )


class CountGiven(Input):
    """A launch as it would be asked for; or `launch_id` alone, of one that waits."""

    launch_id: str | None = Field(None, min_length=1, max_length=64)
    scenario: Name | None = None
    participants: ParticipantsGiven | None = None
    options: OptionsGiven = Field(default_factory=OptionsGiven)
    context: dict[str, Any] = Field(default_factory=dict)
    behind: ListGiven | None = Field(None, alias="list")

    @model_validator(mode="after")
    def _one_of_both(self) -> "CountGiven":
        named = {"scenario", "participants", "options", "context"} & self.model_fields_set
        if self.launch_id is not None and named:
            raise ValueError(f"a launch is counted as it is: leave out {', '.join(sorted(named))}, or launch_id")
        if self.launch_id is None and (self.scenario is None or self.participants is None):
            raise ValueError("name scenario and participants, or the launch_id of a launch that waits")
        return self

    def wanted(self, project: str) -> LaunchRequest | str:
        if self.launch_id is not None:
            return self.launch_id
        given = self.model_dump(mode="json", include={"scenario", "participants", "options", "context"})
        return LaunchRequest.model_validate({**given, "project": project})


class MessageShown(Output):
    """Of one `send` step: what becomes of those that start."""

    step: str
    channel: str
    message_type: str
    reached: int
    """How many it reaches if they all come to it."""
    skipped: dict[str, int]
    """How many it would skip, by reason, if they all come to it."""
    at_most: bool
    """Whether fewer may come to it, and be reached or skipped: a branch, a split or another way leads past it."""


class CountShown(Output):
    """Where a point blocks there are no figures and no token."""

    token: str | None
    """Good for 15 minutes, for exactly this selection, version and options."""
    expires_at: Time | None
    scenario: str
    version: int | None
    targeted: int | None
    """`starting` and all of `excluded`."""
    starting: int | None
    excluded: dict[str, int] | None
    no_consent: dict[str, int] | None
    """Those without consent by message type."""
    messages: list[MessageShown] | None
    points: list[Point]


class Behind(Output):
    contact_id: str


class BehindShown(Page[Behind]):
    figure: Figure
    """Which it is that they are behind."""


def add(doors: Doors, counts: Counts) -> None:
    resources = doors.resources

    @doors("POST", "/v1/counts")
    async def count(given: CountGiven, asker: Asking) -> CountShown | BehindShown:
        """Exact, of this moment, by the launch's own rules; with `list` the contacts behind one figure instead."""
        wanted = given.wanted(asker.project)
        if given.behind is not None:
            return _behind(granted(await counts.listed(resources, asker, wanted, given.behind.listing())))
        return _shown(granted(await counts.count(resources, asker, wanted)))


def _behind(listed: Listed) -> BehindShown:
    following = listed.following
    place = following and (following.place or "", following.cursor or "", listed.figure.value)
    return BehindShown(
        figure=listed.figure,
        items=[Behind(contact_id=contact_id) for contact_id in listed.contact_ids],
        next=to_cursor(*place) if place else None,
    )


def _shown(count: Count) -> CountShown:
    counted = count.counted
    figures = counted.figures if counted else None
    return CountShown(
        token=count.token,
        expires_at=count.expires_at,
        scenario=count.scenario,
        version=count.version,
        targeted=figures.targeted if figures else None,
        starting=figures.starting if figures else None,
        excluded=dict(figures.excluded) if figures else None,
        no_consent=dict(counted.no_consent) if counted else None,
        messages=[
            MessageShown(
                step=each.step,
                channel=each.channel,
                message_type=each.message_type,
                reached=each.reached,
                skipped=dict(each.skipped),
                at_most=each.at_most,
            )
            for each in counted.messages
        ]
        if counted
        else None,
        points=list(count.points),
    )
