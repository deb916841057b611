"""Shapes that several routes share: times, ids, pages, problems."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Generic, TypeVar

from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, StringConstraints

from contracts.words import ROLES, Permission, Role
from launcher.domain.parties import Grants
from launcher.domain.refusals import Denied, Refusal
from runtime.cloudevents import rfc3339
from runtime.problems import Problem

T = TypeVar("T")

Time = Annotated[datetime, PlainSerializer(rfc3339, return_type=str)]
"""RFC 3339, UTC, milliseconds, `Z`."""
Word = Annotated[str, StringConstraints(max_length=128, pattern=r"^[^\x00-\x1f\x7f]+$")]
PathWord = Annotated[str, Path(max_length=128, pattern=r"^[^\x00-\x1f\x7f]+$")]
UserName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.@+-]{0,62}$")]
"""A user's name: lower case, may be a mail address."""
VersionNumber = Annotated[int, Field(ge=1, le=2**31 - 1)]
"""Of a scenario."""
Limit = Annotated[int, Query(ge=1, le=500, description="At most so many items.")]
Cursor = Annotated[str | None, Query(max_length=400, description="`next` of the page before.")]

_STATUS = {
    "unauthenticated": 401,
    "forbidden": 403,
    "unknown_project": 404,
    "unknown_key": 404,
    "unknown_user": 404,
    "unknown_scenario": 404,
    "unknown_version": 404,
    "unknown_launch": 404,
    "conflict": 409,
    "wrong_state": 409,
    "scenario_inactive": 409,
    "points": 409,
    "second_approver": 409,
    "user_disabled": 409,
    "requester_forbidden": 409,
    "drift": 409,
    "count_token_expired": 409,
    "count_token_mismatch": 409,
    "changed_meanwhile": 412,
    "quota": 429,
    "busy": 503,
    "unavailable": 503,
    "project_missing": 400,
}


class Input(BaseModel):
    """What somebody sends: nothing unknown. That it can be kept is looked at before (`runtime.bodies`)."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Trying(Input):
    dry_run: bool = False
    """Only whether it would be done: refused as it would be, and nothing changes."""


class Permitted(Input):
    """What somebody is granted: single permissions, and those of roles."""

    grants: list[Permission]
    roles: list[Role] = Field(default_factory=list)
    """Names for sets of permissions: granted are the permissions, as the role has them today."""

    @property
    def permissions(self) -> Grants:
        return expanded(self.grants, self.roles)


class Output(BaseModel):
    model_config = ConfigDict(frozen=True)


class Page(Output, Generic[T]):
    items: list[T]
    next: str | None = None
    """Cursor of the next page; null: this is the last."""


def expanded(grants: Iterable[Permission], roles: Iterable[Role]) -> Grants:
    return frozenset(grants).union(*(ROLES[role] for role in roles))


def problem(why: Denied | Refusal) -> Problem:
    if isinstance(why, Refusal):
        return Problem(_STATUS.get(why.code, 422), why.code, why.detail, "`GET /v1/launches` shows the state of each")
    headers = {"WWW-Authenticate": "Bearer"} if why.code == "unauthenticated" else {}
    headers |= {} if why.retry_after is None else {"Retry-After": str(why.retry_after)}
    extra = {"points": [point.model_dump(mode="json") for point in why.points]} if why.points else {}
    return Problem(
        _STATUS.get(why.code, 422), why.code, why.detail, why.remedy, headers=headers, **extra, **why.details
    )


def granted(answer: T | Denied | Refusal) -> T:
    """The answer, or the problem that it is: raised inside the transaction, so that nothing of it stays."""
    if isinstance(answer, Denied | Refusal):
        raise problem(answer)
    return answer
