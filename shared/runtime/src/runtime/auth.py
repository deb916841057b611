"""Who may ask what over HTTP: the dependency that every route names.

    caller: Annotated[Caller, Depends(requires("view"))]

A process does not start with a route that has none, unless the route says that it is public (`runtime.guards`).
"""

from typing import Annotated, Final

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from runtime import walls
from runtime.problems import Problem
from runtime.tokens import LEEWAY, Caller, InvalidToken, UntimelyToken, mint, verify

__all__ = ["ANY_PROJECT", "PROJECT_HEADER", "Caller", "Requires", "mint", "of_one_project", "requires"]

PROJECT_HEADER: Final = "slipway-project"
ANY_PROJECT: Final = "*"
"""Project of an administrator's token: the request says in `Slipway-Project` which one is meant."""

_bearer = HTTPBearer(auto_error=False, description="Token of launcher's `POST /internal/tokens`, ten minutes long.")


class Requires:
    """The caller, if their token is good and holds `permission` or `alternative`; 401, 403 or 400 otherwise."""

    def __init__(self, permission: str, *, across_projects: bool, alternative: str | None = None) -> None:
        self.permission = permission
        self.alternative = alternative
        self.across_projects = across_projects

    async def __call__(
        self, request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
    ) -> Caller:
        caller = _authenticated(given, request.app.state.settings.token_key)
        self.check(caller)
        if not self.across_projects:
            caller = of_one_project(caller, request.headers.get(PROJECT_HEADER))
        walls.narrow(caller.project)
        return caller

    def check(self, caller: Caller) -> None:
        """Raises Problem for who may not."""
        if not (caller.may(self.permission) or (self.alternative and caller.may(self.alternative))):
            raise Problem(
                403,
                "forbidden",
                f"{caller.subject} lacks the permission {self.permission}",
                _how_to_get(caller, self.permission),
            )


def _how_to_get(caller: Caller, permission: str) -> str:
    """`user grant` sets all that a user may do, so it names what they may already."""
    if caller.subject.startswith("key_"):
        return f"""a key keeps what it was made with: make another, `POST /v1/keys {{"grants": ["{permission}"]}}`"""
    grants = ", ".join(f'"{each}"' for each in sorted({*caller.grants, permission}))
    return f"""somebody who manages users grants it: `POST /v1/users/{caller.subject}/grant {{"grants": [{grants}]}}`"""


def requires(permission: str, *, across_projects: bool = False, alternative: str | None = None) -> Requires:
    """For `Depends`. The `Caller` it gives has one project, unless the route is not about one (`across_projects`).

    With an `alternative` the route looks closer at who has only that.
    """
    return Requires(permission, across_projects=across_projects, alternative=alternative)


def _authenticated(given: HTTPAuthorizationCredentials | None, token_key: str) -> Caller:
    detail, remedy = "no valid token", "send Authorization: Bearer <key id>.<secret> to the public address"
    if given is not None and token_key:
        try:
            return verify(given.credentials, token_key)
        except UntimelyToken:
            detail = "the token has expired, or was issued in the future"
            remedy = f"ask again; if that does not help, set the clocks right: they may differ by {LEEWAY} s"
        except InvalidToken:
            pass
    raise Problem(401, "unauthenticated", detail, remedy, headers={"WWW-Authenticate": "Bearer"})


def of_one_project(caller: Caller, named: str | None) -> Caller:
    """Of the project that they name, or that they are of. Raises Problem if that is none, or another one."""
    if caller.project != ANY_PROJECT:
        if named not in (None, caller.project):
            raise Problem(
                403, "wrong_project", f"this key belongs to another project than {named}", "use a key of that project"
            )
        return caller
    if not named or named == ANY_PROJECT:
        raise Problem(400, "project_missing", "which project is meant?", "send the header Slipway-Project: <key>")
    return Caller(named, caller.subject, caller.grants)
