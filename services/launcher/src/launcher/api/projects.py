"""Projects: the tenants of an installation."""

from fastapi import Response

from contracts.words import Name
from launcher.api.doors import Asking, Doors
from launcher.api.idempotency import Idempotency, Optional
from launcher.api.shapes import Input, Output, Page, Time, Word, granted
from launcher.domain.parties import Project
from launcher.handlers.projects import ProjectHandlers
from launcher.ports import Projects
from runtime.auth import ANY_PROJECT
from runtime.transaction import Transaction


class ProjectGiven(Input):
    key: Name
    zone: Word | None = None
    """Of contacts that have none of their own; left out: stays as it is, UTC at first."""


class ProjectShown(Output):
    key: str
    zone: str
    created_at: Time


def add(doors: Doors, parties: ProjectHandlers, projects: Projects, idempotency: Idempotency) -> None:
    resources = doors.resources

    @doors("POST", "/v1/projects", response_model=ProjectShown)
    async def set_project(given: ProjectGiven, asker: Asking, idempotency_key: Optional = None) -> Response:
        """Makes a project, or changes it. As it is already is fine."""

        async def work(tx: Transaction) -> tuple[int, ProjectShown]:
            project = granted(await parties.set_project(tx, asker.subject, given.key, given.zone))
            return 200, _shown(project)

        asked = ["POST /v1/projects", given.model_dump(mode="json")]
        return await idempotency.once(resources, asker, idempotency_key, asked, work)

    @doors("GET", "/v1/projects", across_projects=True)
    async def list_projects(asker: Asking) -> Page[ProjectShown]:
        """All of them for an administrator, else the caller's own."""
        async with resources.pool.acquire() as connection:
            found = await projects.all(connection)
        own = [project for project in found if asker.project in (ANY_PROJECT, project.project)]
        return Page(items=[_shown(project) for project in own])


def _shown(project: Project) -> ProjectShown:
    return ProjectShown(key=project.project, zone=project.zone, created_at=project.created_at)
