"""Users: what they may do, and whom scenarios that they created may send to."""

from fastapi import Response
from pydantic import Field

from contracts.checks import Point
from contracts.scenario import Cel
from contracts.words import Permission, Role
from launcher.api.doors import Asking, Doors
from launcher.api.idempotency import Idempotency, Optional
from launcher.api.shapes import (
    Input,
    Output,
    Page,
    PathWord,
    Permitted,
    Time,
    UserName,
    expanded,
    granted,
    problem,
)
from launcher.domain.expressions import Written
from launcher.domain.parties import Asker, User
from launcher.domain.points import blocks
from launcher.domain.refusals import Denied
from launcher.handlers.unknown import unknown_user
from launcher.handlers.users import UserHandlers
from launcher.ports import Conditions, Users
from runtime.entity_tags import IfMatch, seen, tag
from runtime.transaction import Transaction


class UserGiven(Input):
    user: UserName
    grants: list[Permission] = Field(default_factory=list)
    roles: list[Role] = Field(default_factory=list)
    """Names for sets of permissions: granted are the permissions, as the role has them today."""
    restriction: Cel | None = None
    """CEL over `contact`: whom scenarios of this creator may send to. Null: everybody."""


class Granted(Permitted):
    """Exactly these from now on."""


class Restricted(Input):
    where: Cel | None
    """Null: everybody again."""


class UserShown(Output):
    user: str
    project: str
    grants: list[Permission]
    restriction: str | None
    disabled: bool
    revision: int
    created_by: str
    created_at: Time


class UserJudged(UserShown):
    points: list[Point] = Field(default_factory=list)
    """Warnings: of the restriction, by the contacts that there are."""


class UserMade(UserJudged):
    token: str
    """For `slipway login` and HTTP, `<id>.<secret>`; shown once."""


def add(doors: Doors, people: UserHandlers, users: Users, conditions: Conditions, idempotency: Idempotency) -> None:
    resources = doors.resources

    async def judged(asker: Asker, restriction: str | None) -> list[Point]:
        points = await conditions.mistaken(asker, Written({"where": restriction} if restriction else {}))
        if blocks(points):
            raise problem(Denied("invalid", points[0].remedy, "write CEL over `contact`", tuple(points)))
        return points

    @doors("POST", "/v1/users", status_code=201, response_model=UserMade)
    async def make_user(given: UserGiven, asker: Asking, idempotency_key: Optional = None) -> Response:
        """A user with these permissions, at most the caller's own."""

        points = await judged(asker, given.restriction)

        async def work(tx: Transaction) -> tuple[int, UserMade]:
            grants = expanded(given.grants, given.roles)
            made = granted(await people.make_user(tx, asker, given.user, grants, given.restriction))
            return 201, UserMade(**_shown(made.user).model_dump(), points=points, token=made.token)

        asked = ["POST /v1/users", given.model_dump(mode="json")]
        return await idempotency.once(resources, asker, idempotency_key, asked, work)

    @doors("GET", "/v1/users")
    async def list_users(asker: Asking) -> Page[UserShown]:
        """The project's users, disabled ones too."""
        async with resources.pool.acquire() as connection:
            return Page(items=[_shown(user) for user in await users.of_project(connection, asker.project)])

    @doors("GET", "/v1/users/{user}")
    async def show_user(user: PathWord, asker: Asking, response: Response) -> UserShown:
        """One user."""
        async with resources.pool.acquire() as connection:
            found = await users.load(connection, asker.project, user)
            found = granted(found or await unknown_user(users, connection, asker, user))
        tag(response, found.revision)
        return _shown(found)

    @doors("POST", "/v1/users/{user}/disable")
    async def disable_user(user: PathWord, asker: Asking, if_match: IfMatch = None) -> UserShown:
        """Their token is worth nothing any more, and running launches that they asked for, or whose scenario they
        created, pause."""
        async with resources.transaction() as tx:
            return _shown(granted(await people.disable(tx, asker, user, seen(if_match))))

    @doors("POST", "/v1/users/{user}/enable")
    async def enable_user(user: PathWord, asker: Asking, if_match: IfMatch = None) -> UserShown:
        """They may do again what they might. What was paused stays paused until somebody resumes it."""
        async with resources.transaction() as tx:
            return _shown(granted(await people.enable(tx, asker, user, seen(if_match))))

    @doors("POST", "/v1/users/{user}/grant")
    async def grant_user(user: PathWord, given: Granted, asker: Asking, if_match: IfMatch = None) -> UserShown:
        """Sets what a user may do."""
        async with resources.transaction() as tx:
            return _shown(granted(await people.grant(tx, asker, user, given.permissions, seen(if_match))))

    @doors("POST", "/v1/users/{user}/restrict")
    async def restrict_user(user: PathWord, given: Restricted, asker: Asking, if_match: IfMatch = None) -> UserJudged:
        """Restricts whom scenarios of this creator send to."""
        points = await judged(asker, given.where)
        async with resources.transaction() as tx:
            restricted = granted(await people.restrict(tx, asker, user, given.where, seen(if_match)))
        return UserJudged(**_shown(restricted).model_dump(), points=points)


def _shown(user: User) -> UserShown:
    return UserShown(
        user=user.user,
        project=user.project,
        grants=sorted(user.grants),
        restriction=user.restriction,
        disabled=user.disabled,
        revision=user.revision,
        created_by=user.created_by,
        created_at=user.created_at,
    )
