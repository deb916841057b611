"""Users: made, granted, restricted, disabled and enabled over HTTP, told to everybody on `launcher.projects`."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from contracts.projects import UserSet
from launcher.domain.expressions import unknown_variables
from launcher.domain.language import Broken, Language
from launcher.domain.parties import TOKEN_PREFIX, Asker, Grants, User, passing_on, reserved
from launcher.domain.refusals import Denied, Seen, changed_meanwhile
from launcher.handlers.disabling import Disabling
from launcher.handlers.outgoing import on_projects
from launcher.handlers.unknown import unknown_user
from launcher.ports import Credentials, Users
from runtime.audit import Audit
from runtime.transaction import Transaction


@dataclass(frozen=True, slots=True)
class MadeUser:
    """The token is in nobody's hands but the caller's after this."""

    user: User
    token: str


class UserHandlers:
    def __init__(
        self, users: Users, audit: Audit, credentials: Credentials, language: Language, disabling: Disabling
    ) -> None:
        self._users = users
        self._audit = audit
        self._credentials = credentials
        self._language = language
        self._disabling = disabling

    async def make_user(
        self, tx: Transaction, asker: Asker, name: str, grants: Grants, restriction: str | None
    ) -> MadeUser | Denied:
        if reserved(name):
            return Denied("invalid", f"no user can be called {name}", "take another name")
        if denied := passing_on(grants, asker) or self._unusable(restriction):
            return denied
        secret = self._credentials.new_secret()
        user = User(
            project=asker.project,
            user=name,
            token_id=self._credentials.new_id(TOKEN_PREFIX),
            secret_hash=self._credentials.hashed(secret),
            grants=grants,
            restriction=restriction,
            disabled=False,
            revision=1,
            created_by=asker.subject,
            created_at=tx.now,
        )
        if not await self._users.insert(tx.connection, user):
            return Denied("conflict", f"there is a user {name} already", "take another name, or change that user")
        tx.emit(on_projects(_user_set(user), tx.partitions))
        await self._note(tx, asker, "user.made", f"user/{name}", grants=sorted(grants), restriction=restriction)
        return MadeUser(user, f"{user.token_id}.{secret}")

    async def disable(self, tx: Transaction, asker: Asker, name: str, seen: Seen = None) -> User | Denied:
        """Nothing of theirs begins from now on, and what runs for them pauses. Again is harmless."""
        await self._disabling.wait_for_launches(tx, asker.project, name)
        found = await self._users.lock(tx.connection, asker.project, name)
        disabled = await self._change(tx, asker, name, "user.disabled", seen, lambda user: replace(user, disabled=True))
        if isinstance(disabled, User) and found and not found.disabled:
            await self._disabling.pause(tx, disabled)
        return disabled

    async def enable(self, tx: Transaction, asker: Asker, name: str, seen: Seen = None) -> User | Denied:
        """They may do again what they might. What was paused stays paused until somebody resumes it."""
        found = await self._users.lock(tx.connection, asker.project, name)
        if found and (denied := passing_on(found.grants, asker)):
            return denied
        enabled = await self._change(tx, asker, name, "user.enabled", seen, lambda user: replace(user, disabled=False))
        if isinstance(enabled, User):
            await self._users.pausing(tx.connection, asker.project, name, left=False)
        return enabled

    async def grant(self, tx: Transaction, asker: Asker, name: str, grants: Grants, seen: Seen = None) -> User | Denied:
        """Exactly these from now on."""
        found = await self._users.load(tx.connection, asker.project, name)
        if denied := passing_on(grants - (found.grants if found else frozenset()), asker):
            return denied
        return await self._change(tx, asker, name, "user.granted", seen, lambda user: replace(user, grants=grants))

    async def restrict(
        self, tx: Transaction, asker: Asker, name: str, where: str | None, seen: Seen = None
    ) -> User | Denied:
        """Scenarios that this user created send to contacts for which `where` holds, and to nobody else."""
        if denied := self._unusable(where):
            return denied
        return await self._change(
            tx, asker, name, "user.restricted", seen, lambda user: replace(user, restriction=where)
        )

    async def _change(
        self, tx: Transaction, asker: Asker, name: str, action: str, seen: Seen, change: Callable[[User], User]
    ) -> User | Denied:
        user = await self._users.lock(tx.connection, asker.project, name)
        if user is None:
            return await unknown_user(self._users, tx.connection, asker, name)
        if denied := changed_meanwhile(seen, user.revision, f"user {name}"):
            return denied
        changed = change(user)
        if changed == user:
            return user
        changed = replace(changed, revision=user.revision + 1)
        await self._users.update(tx.connection, changed)
        tx.emit(on_projects(_user_set(changed), tx.partitions))
        await self._note(
            tx, asker, action, f"user/{name}", grants=sorted(changed.grants), restriction=changed.restriction
        )
        return changed

    def _unusable(self, restriction: str | None) -> Denied | None:
        """A restriction is a condition over `contact` alone."""
        if restriction is None:
            return None
        reads = self._language.condition(restriction)
        if isinstance(reads, Broken):
            return Denied("invalid", f"the restriction cannot be read: {reads.message}", "write CEL over `contact`")
        if points := unknown_variables("where", reads, frozenset()):
            return Denied("invalid", points[0].remedy, "write CEL over `contact`", tuple(points))
        return None

    async def _note(self, tx: Transaction, asker: Asker, action: str, thing: str, **details: object) -> None:
        await self._audit.note(tx.connection, tx.now, asker.project, asker.subject, action, thing, details=details)


def _user_set(user: User) -> UserSet:
    return UserSet(
        project=user.project,
        user=user.user,
        revision=user.revision,
        disabled=user.disabled,
        grants=sorted(user.grants),
        restriction=user.restriction,
    )
