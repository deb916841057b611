"""Who may ask for something: projects, the keys of programs, users, and whoever asks right now."""

from dataclasses import dataclass
from datetime import datetime

from contracts.words import Permission
from launcher.domain.refusals import Denied

ADMINISTRATOR = "admin"
"""Subject of the local platform's administrator. No user is called so."""
SELF = "launcher"
"""Who does what nobody has asked for."""
GUARD = "messaging"
"""Who pauses a launch that would send more than planned."""
KEY_PREFIX, TOKEN_PREFIX = "key_", "usr_"
"""How ids begin by which HTTP callers name themselves: a key's own, and that of a user's token."""

Grants = frozenset[Permission]
ALL_GRANTS: Grants = frozenset(Permission)


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, in which project, with which permissions. By HTTP or by Kafka makes no difference."""

    project: str
    subject: str
    """A user's name, a key's id, or `admin`."""
    grants: Grants


@dataclass(frozen=True, slots=True)
class Project:
    project: str
    zone: str
    revision: int
    created_at: datetime
    second_approver_above: int | None = None
    """Launches of more targets are approved by somebody else than who asked or confirmed; None: nobody else has to."""
    launches_per_hour: int | None = None
    """How many may be asked for, by all together; None: as many as each may."""


@dataclass(frozen=True, slots=True)
class Key:
    key_id: str
    project: str
    name: str
    grants: Grants
    secret_hash: bytes
    """Of the bearer secret."""
    sealed_secret: str
    """The signing secret."""
    revoked: bool
    revision: int
    created_by: str
    created_at: datetime
    launches_per_hour: int | None = None
    """How many it may ask for; None: as many as everybody."""


@dataclass(frozen=True, slots=True)
class User:
    project: str
    user: str
    token_id: str
    secret_hash: bytes
    grants: Grants
    restriction: str | None
    disabled: bool
    revision: int
    created_by: str
    created_at: datetime


def reserved(user: str) -> bool:
    """Names that would be taken for something else in the audit."""
    return user in (ADMINISTRATOR, SELF, GUARD) or user.startswith((KEY_PREFIX, TOKEN_PREFIX))


def beyond(wanted: Grants, own: Grants) -> list[Permission]:
    """What somebody would pass on without having it."""
    return sorted(wanted - own)


def passing_on(grants: Grants, asker: Asker) -> Denied | None:
    """Nobody makes somebody mightier than themselves."""
    missing = beyond(grants, asker.grants)
    if not missing:
        return None
    detail = f"{asker.subject} cannot pass on what they lack: {', '.join(missing)}"
    return Denied("forbidden", detail, "ask somebody who holds these permissions")
