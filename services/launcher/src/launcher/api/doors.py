"""Routes that open only to whom the table of `contracts.access` lets in. There is no other way to add one."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Request

from contracts.access import ROUTES, Access, Door
from contracts.words import Permission
from launcher.api.shapes import problem
from launcher.domain.parties import ADMINISTRATOR, ALL_GRANTS, Asker, Grants
from launcher.domain.refusals import unknown_project
from launcher.handlers.requesters import Requesters
from launcher.ports import Projects
from runtime.auth import ANY_PROJECT, Caller, Requires, requires
from runtime.problems import Problem
from runtime.tokens import EVERYTHING

if TYPE_CHECKING:
    from runtime.process import Resources

Guard = Callable[..., Awaitable[None]]
SERVICE = "launcher"


class Doors:
    def __init__(self, resources: "Resources", projects: Projects, requesters: Requesters) -> None:
        self.resources = resources
        self.router = APIRouter(tags=["launcher"])
        self._projects = projects
        self._requesters = requesters

    def __call__(
        self, method: str, path: str, *, across_projects: bool = False, **options: Any
    ) -> Callable[[Callable[..., Any]], None]:
        """Adds the decorated function as a route. Raises KeyError for one that the table does not give to launcher."""
        access = ROUTES[method, path]
        if SERVICE not in access.services:
            raise KeyError(f"{method} {path} is a route of {access.service}")
        guards = [] if access.permission is Door.CREDENTIALS else [Depends(self._guard(access, across_projects))]

        def register(endpoint: Callable[..., Any]) -> None:
            self.router.add_api_route(path, endpoint, methods=[method], dependencies=guards, **options)

        return register

    def _guard(self, access: Access, across_projects: bool) -> Guard:
        administrators = access.permission is Door.ADMINISTRATOR
        required = requires(
            Permission.USERS_MANAGE if isinstance(access.permission, Door) else access.permission,
            across_projects=across_projects or administrators,
            alternative=access.alternative,
        )

        async def guard(request: Request, caller: Annotated[Caller, Depends(required)]) -> None:
            if administrators and caller.project != ANY_PROJECT:
                detail = f"{caller.subject} is of one project, and this is for the administrator of all"
                raise Problem(403, "forbidden", detail, "ask whoever runs this installation")
            if caller.subject != ADMINISTRATOR:
                request.state.asker = await self._present(caller, required)
                return
            if caller.project != ANY_PROJECT:
                await self._known(caller.project)
            request.state.asker = Asker(caller.project, caller.subject, _grants(caller))

        return guard

    async def _present(self, caller: Caller, required: Requires) -> Asker:
        """With what they may do now: their short token may be older than their disabling."""
        async with self.resources.pool.acquire() as connection:
            asker = await self._requesters.now(connection, caller.project, caller.subject)
        if asker is None:
            detail, remedy = f"{caller.subject} is disabled or revoked", "ask whoever manages the users of this project"
            raise Problem(401, "unauthenticated", detail, remedy, headers={"WWW-Authenticate": "Bearer"})
        required.check(Caller(asker.project, asker.subject, frozenset(asker.grants)))
        return asker

    async def _known(self, project: str) -> None:
        """Others have a project that there is; the administrator names one."""
        async with self.resources.pool.acquire() as connection:
            if await self._projects.load(connection, project) is None:
                raise problem(unknown_project(project))


def asker_of(request: Request) -> Asker:
    asker: Asker = request.state.asker
    return asker


def _grants(caller: Caller) -> Grants:
    if EVERYTHING in caller.grants:
        return ALL_GRANTS
    return frozenset(grant for grant in Permission if grant in caller.grants)


Asking = Annotated[Asker, Depends(asker_of)]
