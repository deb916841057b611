"""Short tokens for the other services' HTTP, minted for console on behalf of each caller."""

from typing import Annotated

from fastapi import Header

from launcher.api.doors import Doors
from launcher.api.shapes import Output, granted, problem
from launcher.domain.refusals import Denied
from launcher.handlers.tokens import TokenHandlers
from runtime import walls
from runtime.auth import mint
from runtime.guards import PUBLIC
from runtime.tokens import SECONDS


class TokenMade(Output):
    token: str
    expires_in: int
    """Seconds."""
    project: str
    """`*` for an administrator."""
    subject: str
    grants: list[str]


def add(doors: Doors, tokens: TokenHandlers) -> None:
    @doors("POST", "/internal/tokens", response_model=TokenMade, openapi_extra=PUBLIC)
    async def make_token(
        authorization: Annotated[str, Header()] = "",
        slipway_project: Annotated[str | None, Header()] = None,
        slipway_as: Annotated[str | None, Header()] = None,
    ) -> TokenMade:
        """For `Authorization: Bearer <id>.<secret>` of a key, a user or the local administrator."""
        scheme, _, bearer = authorization.partition(" ")
        if scheme.lower() != "bearer" or not bearer.strip():
            raise problem(Denied("unauthenticated", "nobody is named", "send Authorization: Bearer <id>.<secret>"))
        walls.narrow(walls.EVERYWHERE)  # the credentials say which project it is
        async with doors.resources.pool.acquire() as connection:
            caller = granted(await tokens.identify(connection, bearer.strip(), slipway_project, slipway_as))
        return TokenMade(
            token=mint(caller, doors.resources.settings.token_key),
            expires_in=SECONDS,
            project=caller.project,
            subject=caller.subject,
            grants=sorted(caller.grants),
        )
