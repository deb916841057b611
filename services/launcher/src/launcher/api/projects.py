"""Projects: the tenants of an installation, and what is set for each."""

from typing import Annotated

from fastapi import Path, Response
from pydantic import Field

from contracts.words import Name
from launcher.api.doors import Asking, Doors
from launcher.api.idempotency import Idempotency, Optional
from launcher.api.shapes import Input, Output, Page, Time, Word, granted, problem
from launcher.domain.parties import Project
from launcher.domain.refusals import Denied
from launcher.handlers.projects import ProjectHandlers
from launcher.ports import Projects
from runtime.auth import ANY_PROJECT
from runtime.entity_tags import IfMatch, seen, tag
from runtime.transaction import Transaction


class ProjectGiven(Input):
    """What is left out stays as it is."""

    key: Name
    zone: Word | None = None
    """Of contacts that have none of their own; UTC at first."""
    second_approver_above: int | None = Field(None, ge=0, le=2**53)
    """Launches of more targets are approved by another person than who asked or confirmed; null: nobody else has to."""
    launches_per_hour: int | None = Field(None, ge=0, le=1_000_000)
    """How many launches may be asked for by all together; null: as many as each user and key may."""


class ProjectShown(Output):
    key: str
    zone: str
    second_approver_above: int | None
    launches_per_hour: int | None
    revision: int
    created_at: Time


def add(doors: Doors, parties: ProjectHandlers, projects: Projects, idempotency: Idempotency) -> None:
    resources = doors.resources

    @doors("POST", "/v1/projects", response_model=ProjectShown)
    async def set_project(
        given: ProjectGiven, asker: Asking, idempotency_key: Optional = None, if_match: IfMatch = None
    ) -> Response:
        """Makes a project, or changes it. As it is already is fine."""
        settings = given.model_dump(exclude={"key"}, exclude_unset=True)
        if settings.get("zone", "") is None:
            del settings["zone"]

        async def work(tx: Transaction) -> tuple[int, ProjectShown]:
            made = await parties.set_project(tx, asker.subject, given.key, settings, seen(if_match))
            return 200, _shown(granted(made))

        asked = ["POST /v1/projects", given.key, settings]
        return await idempotency.once(resources, asker, idempotency_key, asked, work)

    @doors("GET", "/v1/projects", across_projects=True)
    async def list_projects(asker: Asking) -> Page[ProjectShown]:
        """All of them for an administrator, else the caller's own."""
        async with resources.pool.acquire() as connection:
            found = await projects.all(connection)
        own = [project for project in found if asker.project in (ANY_PROJECT, project.project)]
        return Page(items=[_shown(project) for project in own])

    @doors("GET", "/v1/projects/{key}")
    async def show_project(key: Annotated[Name, Path()], asker: Asking, response: Response) -> ProjectShown:
        """One's own project and what is set for it."""
        async with resources.pool.acquire() as connection:
            found = await projects.load(connection, key) if asker.project == key else None
        if found is None:
            raise problem(Denied("unknown_project", f"there is no project {key}", "`GET /v1/projects` lists them"))
        tag(response, found.revision)
        return _shown(found)


def _shown(project: Project) -> ProjectShown:
    return ProjectShown(
        key=project.project,
        zone=project.zone,
        second_approver_above=project.second_approver_above,
        launches_per_hour=project.launches_per_hour,
        revision=project.revision,
        created_at=project.created_at,
    )
