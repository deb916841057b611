"""`/internal/conditions`: launcher asks about conditions of branches and restrictions what only contacts can know."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from contacts.adapters.examining import mistaken
from contacts.api.doors import Doors, Passed, Viewer
from contracts.checks import Point

MOST = 2000


class ConditionGiven(Passed):
    place: str = Field(max_length=1024)
    where: str = Field(max_length=4096)
    """CEL over `contact` and perhaps `context`."""


class ConditionsGiven(Passed):
    conditions: list[ConditionGiven] = Field(max_length=MOST)


class ShownPoints(BaseModel):
    points: list[Point]
    """`condition_type`: a value of another kind than the condition takes it for."""


def routes(doors: Doors) -> APIRouter:
    router = APIRouter(tags=["conditions"])

    @router.post("/internal/conditions")
    async def look_over(given: ConditionsGiven, caller: Viewer) -> ShownPoints:
        """By the contacts that there are; of one that does not compile nothing is said."""
        conditions = {each.place: each.where for each in given.conditions}
        async with doors.transaction() as tx:
            return ShownPoints(points=await mistaken(tx.connection, caller.project, conditions))

    return router
