"""Launches on their way from the draft to the start: checked again, confirmed, approved, declined."""

from typing import Any

from pydantic import Field

from contracts.checks import Point
from contracts.words import LaunchState
from launcher.adapters.count_tokens import MOST
from launcher.api.doors import Asking, Doors
from launcher.api.shapes import Input, Output, PathWord, Trying, granted
from launcher.domain.launch import Rejected
from launcher.handlers.approving import Approving
from launcher.handlers.flow import Drafts


class CountShown(Trying):
    count_token: str = Field(max_length=MOST)


class ApprovalGiven(Trying):
    count_token: str | None = Field(None, max_length=MOST)
    """Of the approver's own count: judged against that in place of the confirmed one."""


class Declining(Input):
    reason: str = Field(min_length=1, max_length=1000)


class LaunchValidated(Output):
    launch_id: str
    state: LaunchState
    points: list[Point]


class LaunchConfirmed(Output):
    launch_id: str
    state: LaunchState
    summary: dict[str, Any]


class LaunchApproved(Output):
    launch_id: str
    state: LaunchState
    changed: bool
    """False: nothing was done; it was approved before, or only looked at."""
    approved_by: str | None
    """null: nobody had to."""
    targeted: int | None
    """As recounted; null if it was approved before."""


class LaunchDeclined(Output):
    launch_id: str
    state: LaunchState
    rejected: Rejected | None


def add(doors: Doors, drafts: Drafts, approving: Approving) -> None:
    resources = doors.resources

    @doors("POST", "/v1/launches/{launch_id}/validate")
    async def validate(launch_id: PathWord, asker: Asking) -> LaunchValidated:
        """Judges a draft again, with the scenario's active version. `validating`: contacts is still checking."""
        async with resources.transaction() as tx:
            launch = granted(await drafts.validate(tx, asker, launch_id))
        return LaunchValidated(launch_id=launch.launch_id, state=launch.state, points=list(launch.points))

    @doors("POST", "/v1/launches/{launch_id}/confirm")
    async def confirm(launch_id: PathWord, given: CountShown, asker: Asking) -> LaunchConfirmed:
        """Freezes what is to be launched, with the figures that were counted. Again: as it was confirmed first."""
        async with resources.transaction() as tx:
            launch = granted(await drafts.confirm(tx, asker, launch_id, given.count_token, dry_run=given.dry_run))
        return LaunchConfirmed(launch_id=launch.launch_id, state=launch.state, summary=launch.summary or {})

    @doors("POST", "/v1/launches/{launch_id}/approve")
    async def approve(launch_id: PathWord, asker: Asking, given: ApprovalGiven | None = None) -> LaunchApproved:
        """Recounts and lets the launch run; refused (`drift`) if the count is too far from the confirmed one."""
        given = given or ApprovalGiven()
        done = granted(await approving.approve(resources, asker, launch_id, given.count_token, dry_run=given.dry_run))
        return LaunchApproved(
            launch_id=done.launch.launch_id,
            state=done.launch.state,
            changed=done.changed,
            approved_by=done.launch.approved_by,
            targeted=done.targeted,
        )

    @doors("POST", "/v1/launches/{launch_id}/decline")
    async def decline(launch_id: PathWord, given: Declining, asker: Asking) -> LaunchDeclined:
        """An approver's no, or (`cancelled`) that of whoever asked. Nothing of it ever runs."""
        async with resources.transaction() as tx:
            launch = granted(await drafts.decline(tx, asker, launch_id, given.reason))
        return LaunchDeclined(launch_id=launch.launch_id, state=launch.state, rejected=launch.rejected)
