"""`/internal/conditions`: launcher asks about what others wrote of contacts what only contacts can know."""

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


class TemplateGiven(Passed):
    place: str = Field(max_length=1024)
    reads: list[str] = Field(max_length=MOST)
    """Paths below `contact.attributes`: `first_name`, `home.city`."""


class ConditionsGiven(Passed):
    conditions: list[ConditionGiven] = Field(max_length=MOST)
    templates: list[TemplateGiven] = Field(default=[], max_length=MOST)
    own: list[str] = Field(default=[], max_length=MOST)
    """Attributes that the scenario itself sets: nobody need have them yet."""


class ShownPoints(BaseModel):
    points: list[Point]
    """`condition_type`: a value of another kind than the condition takes it for. `unknown_attribute`: nobody has it."""


def routes(doors: Doors) -> APIRouter:
    router = APIRouter(tags=["conditions"])

    @router.post("/internal/conditions")
    async def look_over(given: ConditionsGiven, caller: Viewer) -> ShownPoints:
        """By the contacts that there are; of one that does not compile nothing is said."""
        templates = {each.place: each.reads for each in given.templates}
        conditions = {each.place: each.where for each in given.conditions}
        async with doors.transaction() as tx:
            points = await mistaken(tx.connection, caller.project, conditions, templates, given.own)
        return ShownPoints(points=points)

    return router
