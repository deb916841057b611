"""Who is it? A key's or a user's bearer secret, or the local administrator's, becomes a short token."""

import hmac
from collections.abc import Callable

from launcher.domain.parties import ADMINISTRATOR, KEY_PREFIX
from launcher.domain.refusals import Denied, unknown_project
from launcher.ports import Credentials, Keys, Projects, Users
from runtime.tokens import EVERYTHING, Caller
from runtime.transaction import Connection

ANY_PROJECT = "*"
_UNKNOWN = Denied(
    "unauthenticated",
    "this key or token is not known, or no longer valid",
    "send Authorization: Bearer <id>.<secret> as it was shown when it was made",
)


class TokenHandlers:
    def __init__(
        self, projects: Projects, keys: Keys, users: Users, credentials: Credentials, admin_token: str | None
    ) -> None:
        """`admin_token`: `admin.<secret>`, on a local platform only; elsewhere None, and nobody is administrator."""
        self._projects = projects
        self._keys = keys
        self._users = users
        self._credentials = credentials
        self._admin_token = admin_token

    async def identify(
        self, connection: Connection, bearer: str, project: str | None, as_user: str | None
    ) -> Caller | Denied:
        """`project` and `as_user` are what the headers Slipway-Project and Slipway-As say."""
        if self._is_administrator(bearer):
            return await self._administrator(connection, project, as_user)
        if as_user is not None:
            detail = "nobody but the local platform's administrator can act as somebody else"
            return Denied("forbidden", detail, "leave out `Slipway-As`")
        id, _, secret = bearer.rpartition(".")
        if id.startswith(KEY_PREFIX):
            return await self._key(connection, id, secret)
        return await self._user(connection, id, secret)

    async def _key(self, connection: Connection, key_id: str, secret: str) -> Caller | Denied:
        key = await self._keys.load(connection, key_id)
        if key is None or key.revoked or not self._right(secret, key.secret_hash):
            return _UNKNOWN
        return Caller(key.project, key.key_id, frozenset(key.grants))

    async def _user(self, connection: Connection, token_id: str, secret: str) -> Caller | Denied:
        user = await self._users.by_token(connection, token_id)
        if user is None or user.disabled or not self._right(secret, user.secret_hash):
            return _UNKNOWN
        return Caller(user.project, user.user, frozenset(user.grants))

    async def _administrator(self, connection: Connection, project: str | None, as_user: str | None) -> Caller | Denied:
        """Nobody else says who may name a project that is not theirs, so here is where one has to be there."""
        named = None if project == ANY_PROJECT else project
        if named is not None and await self._projects.load(connection, named) is None:
            return unknown_project(named)
        if as_user is None:
            return Caller(ANY_PROJECT, ADMINISTRATOR, frozenset({EVERYTHING}))
        if project is None:
            return Denied("project_missing", "in which project?", "name it in the header Slipway-Project")
        user = await self._users.load(connection, project, as_user)
        if user is None:
            remedy = "`GET /v1/users` lists them, `POST /v1/users` makes one"
            return Denied("unknown_user", f"there is no user {as_user} in project {project}", remedy)
        if user.disabled:
            return Denied("forbidden", f"user {as_user} is disabled", "act as another user")
        return Caller(user.project, user.user, frozenset(user.grants))

    def _is_administrator(self, bearer: str) -> bool:
        return bool(self._admin_token) and _same(bearer.encode(), (self._admin_token or "").encode())

    def _right(self, secret: str, hashed: bytes) -> bool:
        return _same(self._credentials.hashed(secret), hashed)


_same: Callable[[bytes, bytes], bool] = hmac.compare_digest
