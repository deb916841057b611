"""Counts: before anything is asked for, and of a launch that waits."""

from typing import Any

from pydantic import Field, model_validator

from contracts.checks import Point
from contracts.crm import LaunchRequest, OptionsGiven, ParticipantsGiven
from contracts.words import Name
from launcher.api.doors import Asking, Doors
from launcher.api.shapes import Input, Output, Page, Time, granted
from launcher.domain.counting import Listing
from launcher.handlers.counting import Count, Counts
from runtime.pages import from_cursor, to_cursor


class ListGiven(Input):
    """Which contacts behind a figure."""

    reason: str = Field(max_length=64)
    message_type: Name | None = None
    """Of `no_consent`: only this type's."""
    cursor: str | None = Field(None, max_length=1024)
    """`next` of the page before. A page may have fewer than `limit`, none even, and `next` still go on."""
    limit: int = Field(1000, ge=1, le=1000)

    def listing(self) -> Listing:
        """Raises Problem for a cursor that is none of ours."""
        place, contact_id = from_cursor(self.cursor, str, str) or (None, None)
        return Listing(self.reason, self.message_type, contact_id or None, self.limit, place or None)


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
    """Of one `send` step: how many of those that start it reaches if they all come to it."""

    step: str
    channel: str
    message_type: str
    reached: int
    skipped: dict[str, int]


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


def add(doors: Doors, counts: Counts) -> None:
    resources = doors.resources

    @doors("POST", "/v1/counts")
    async def count(given: CountGiven, asker: Asking) -> CountShown | Page[Behind]:
        """Exact, of this moment, by the launch's own rules; with `list` the contacts behind one figure instead."""
        wanted = given.wanted(asker.project)
        if given.behind is not None:
            ids, following = granted(await counts.listed(resources, asker, wanted, given.behind.listing()))
            items = [Behind(contact_id=contact_id) for contact_id in ids]
            return Page(items=items, next=following and to_cursor(following.place or "", following.cursor or ""))
        return _shown(granted(await counts.count(resources, asker, wanted)))


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
            )
            for each in counted.messages
        ]
        if counted
        else None,
        points=list(count.points),
    )
