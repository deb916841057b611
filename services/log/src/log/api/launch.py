"""The launch that a path names, if it is of the caller's project."""

import asyncio
from typing import Annotated

from fastapi import Depends, Path

from contracts.words import Permission
from log.adapters.queries import Found, Queries
from runtime.auth import Caller, requires
from runtime.problems import Problem

Viewer = Annotated[Caller, Depends(requires(Permission.VIEW))]
LaunchId = Annotated[str, Path(min_length=1, max_length=64)]


PATIENCE_SECONDS = 2.0
"""A launch that launcher has just accepted is known here a moment later: whoever asks meanwhile need not ask again."""
LOOK_SECONDS = 0.05


async def expected(queries: Queries, caller: Caller, launch_id: str, patience: float) -> Found:
    """A launch whose request was read here; waited for a moment. Raises Problem like `found`."""
    launch = await queries.launch(caller.project, launch_id)
    while patience > 0 and (launch is None or launch.launch.request is None):
        await asyncio.sleep(LOOK_SECONDS)
        patience -= LOOK_SECONDS
        launch = await queries.launch(caller.project, launch_id)
    if launch is None or launch.launch.request is None:
        raise _unknown(launch_id)
    return launch


async def found(queries: Queries, caller: Caller, launch_id: str) -> Found:
    """Raises the 404 that a foreign launch gets as well."""
    launch = await queries.launch(caller.project, launch_id)
    if launch is None:
        raise _unknown(launch_id)
    return launch


def _unknown(launch_id: str) -> Problem:
    remedy = (
        "`GET /v1/launches` lists them; one that has not been requested has no targets"
        f" (`GET /v1/launches/{launch_id}` shows it), and one requested a moment ago is here within a second"
    )
    return Problem(404, "unknown_launch", f"no launch {launch_id} is known here", remedy)
