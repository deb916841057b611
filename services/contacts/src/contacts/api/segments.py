"""`/v1/segments`: conditions on contacts with a name. Whoever launches takes the condition over, not the name."""

from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, Field

from contacts.adapters.examining import examine
from contacts.adapters.names import MOST
from contacts.adapters.saved_segments import PostgresSavedSegments, SavedSegment
from contacts.api.doors import After, Doors, Given, Limit, Listed, Viewer, Writer, following
from contacts.domain.segments import segment_points
from contracts.checks import Point
from contracts.words import Name, Severity
from runtime.did_you_mean import did_you_mean
from runtime.entity_tags import IfMatch, Seen, seen, tag
from runtime.problems import Problem

SegmentName = Annotated[str, Path(max_length=63)]


class NewSegment(Given):
    segment: Name
    where: str = Field(min_length=1, max_length=4096)
    """CEL over `contact`."""


class ShownSegment(BaseModel):
    segment: str
    where: str
    revision: int
    """Rises with each change."""


class KeptSegment(ShownSegment):
    points: list[Point]
    """Warnings."""


def routes(doors: Doors) -> APIRouter:
    router = APIRouter(tags=["segments"])

    @router.get("/segments")
    async def list_segments(caller: Viewer, after: After, limit: Limit = 100) -> Listed[ShownSegment]:
        async with doors.transaction() as tx:
            found = await PostgresSavedSegments(tx.connection).listed(caller.project, after, limit)
        return Listed(items=list(map(_shown, found)), next=following([each.segment for each in found], limit))

    @router.post("/segments")
    async def keep_segment(
        new: NewSegment, caller: Writer, response: Response, if_match: IfMatch = None
    ) -> KeptSegment:
        """Makes it, or gives it another condition. What was launched on the one before stays as it is."""
        async with doors.transaction() as tx:
            segments = PostgresSavedSegments(tx.connection)
            before = await segments.locked(caller.project, new.segment)
            _demand(seen(if_match), new.segment, before)
            points = list(segment_points(await examine(tx.connection, caller.project, new.where), "where"))
            if any(point.severity is Severity.ERROR for point in points):
                told = [point.model_dump(mode="json") for point in points]
                raise Problem(422, "segment_invalid", points[0].remedy, "correct the condition", points=told)
            await segments.save(caller.project, new.segment, new.where)
            kept = await segments.one(caller.project, new.segment)
            assert kept is not None
            if before != kept:
                await doors.note(tx, caller, "segment.kept", f"segment/{new.segment}", revision=kept.revision)
        tag(response, kept.revision)
        return KeptSegment(**kept._asdict(), points=points)

    @router.get("/segments/{segment}")
    async def show_segment(segment: SegmentName, caller: Viewer, response: Response) -> ShownSegment:
        async with doors.transaction() as tx:
            segments = PostgresSavedSegments(tx.connection)
            found = await segments.one(caller.project, segment)
            if found is None:
                raise await _unknown(segments, caller.project, segment)
        tag(response, found.revision)
        return _shown(found)

    @router.delete("/segments/{segment}", status_code=204)
    async def delete_segment(segment: SegmentName, caller: Writer, if_match: IfMatch = None) -> None:
        """The name; what was launched on it stays as it is."""
        async with doors.transaction() as tx:
            segments = PostgresSavedSegments(tx.connection)
            found = await segments.locked(caller.project, segment)
            if found is None:
                raise await _unknown(segments, caller.project, segment)
            _demand(seen(if_match), segment, found)
            await segments.delete(caller.project, segment)
            await doors.note(tx, caller, "segment.deleted", f"segment/{segment}")

    return router


def _demand(seen: Seen, segment: str, found: SavedSegment | None) -> None:
    """That it still is what was seen. Raises Problem."""
    if seen is None or (found is not None and found.revision in seen):
        return
    now = f"it has revision {found.revision}" if found else "there is none"
    detail, remedy = (
        f"segment {segment} was changed meanwhile: {now}",
        "look at it again, and name the revision it has now with `If-Match`",
    )
    raise Problem(412, "changed_meanwhile", detail, remedy)


def _shown(found: SavedSegment) -> ShownSegment:
    return ShownSegment(**found._asdict())


async def _unknown(segments: PostgresSavedSegments, project: str, segment: str) -> Problem:
    close = did_you_mean(segment, [each.segment for each in await segments.listed(project, "", MOST)])
    return Problem(404, "unknown_segment", f"there is no segment {segment}{close}", "`GET /v1/segments` lists them")
