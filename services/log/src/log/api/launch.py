"""The launch that a path names, if it is of the caller's project."""

from typing import Annotated

from fastapi import Depends, Path

from contracts.words import Permission
from log.adapters.queries import Found, Queries
from runtime.auth import Caller, requires
from runtime.problems import Problem

Viewer = Annotated[Caller, Depends(requires(Permission.VIEW))]
LaunchId = Annotated[str, Path(min_length=1, max_length=64)]


async def found(queries: Queries, caller: Caller, launch_id: str) -> Found:
    """Raises the 404 that a foreign launch gets as well."""
    launch = await queries.launch(caller.project, launch_id)
    if launch is None:
        raise Problem(
            404,
            "unknown_launch",
            f"no launch {launch_id} is known here",
            "look at GET /v1/launches; one requested a moment ago is here within a second",
        )
    return launch
