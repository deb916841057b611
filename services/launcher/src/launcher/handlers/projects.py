"""Projects, keys and users: made and changed over HTTP, told to everybody on `launcher.projects`."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from contracts.projects import KeySet, ProjectSet, UserSet
from launcher.domain.expressions import unknown_variables
from launcher.domain.language import Broken, Language
from launcher.domain.parties import KEY_PREFIX, TOKEN_PREFIX, Asker, Grants, Key, Project, User, beyond, reserved
from launcher.domain.refusals import Denied
from launcher.handlers.outgoing import on_projects
from launcher.ports import Audit, Credentials, Keys, Projects, Seals, Users
from runtime.transaction import Transaction


@dataclass(frozen=True, slots=True)
class MadeKey:
    """Both secrets are in nobody's hands but the caller's after this."""

    key: Key
    token: str
    signing_secret: str


@dataclass(frozen=True, slots=True)
class MadeUser:
    user: User
    token: str


class ProjectHandlers:
    def __init__(
        self,
        projects: Projects,
        keys: Keys,
        users: Users,
        audit: Audit,
        seals: Seals,
        credentials: Credentials,
        language: Language,
    ) -> None:
        self._projects = projects
        self._keys = keys
        self._users = users
        self._audit = audit
        self._seals = seals
        self._credentials = credentials
        self._language = language

    async def set_project(self, tx: Transaction, by: str, project: str, zone: str | None) -> Project | Denied:
        """Makes the project, or changes it; as it is already is fine. Without a zone only a new one gets one: UTC."""
        if zone is not None and not _known(zone):
            return Denied("invalid", f"there is no time zone {zone}", "name one of IANA's, such as Europe/Vienna")
        changed = await self._projects.save(tx.connection, project, zone, tx.now)
        if changed:
            tx.emit(
                on_projects(ProjectSet(project=project, revision=changed.revision, zone=changed.zone), tx.partitions)
            )
            await self._note(
                tx, Asker(project, by, frozenset()), "project.set", f"project/{project}", zone=changed.zone
            )
            return changed
        found = await self._projects.load(tx.connection, project)
        assert found is not None  # the statement before this one has seen it, and projects are never deleted
        return found

    async def make_key(self, tx: Transaction, asker: Asker, name: str, grants: Grants) -> MadeKey | Denied:
        if denied := _passing_on(grants, asker):
            return denied
        token_secret, signing_secret = self._credentials.new_secret(), self._credentials.new_secret()
        key = Key(
            key_id=self._credentials.new_id(KEY_PREFIX),
            project=asker.project,
            name=name,
            grants=grants,
            secret_hash=self._credentials.hashed(token_secret),
            sealed_secret=self._seals.seal(signing_secret),
            revoked=False,
            revision=1,
            created_by=asker.subject,
            created_at=tx.now,
        )
        await self._keys.insert(tx.connection, key)
        tx.emit(on_projects(_key_set(key), tx.partitions))
        await self._note(tx, asker, "key.made", f"key/{key.key_id}", grants=sorted(grants))
        return MadeKey(key, f"{key.key_id}.{token_secret}", signing_secret)

    async def revoke_key(self, tx: Transaction, asker: Asker, key_id: str) -> Key | Denied:
        """Again is harmless. Whatever was signed with it and is not read yet is refused."""
        revoked = await self._keys.revoke(tx.connection, asker.project, key_id)
        if revoked:
            tx.emit(on_projects(_key_set(revoked), tx.partitions))
            await self._note(tx, asker, "key.revoked", f"key/{key_id}")
            return revoked
        found = await self._keys.load(tx.connection, key_id)
        if found is None or found.project != asker.project:
            return Denied("unknown_key", f"there is no key {key_id} in this project", "`slipway key list` shows them")
        return found

    async def make_user(
        self, tx: Transaction, asker: Asker, name: str, grants: Grants, restriction: str | None
    ) -> MadeUser | Denied:
        if reserved(name):
            return Denied("invalid", f"no user can be called {name}", "take another name")
        if denied := _passing_on(grants, asker) or self._unusable(restriction):
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

    async def disable(self, tx: Transaction, asker: Asker, name: str) -> User | Denied:
        return await self._change(tx, asker, name, "user.disabled", lambda user: replace(user, disabled=True))

    async def grant(self, tx: Transaction, asker: Asker, name: str, grants: Grants) -> User | Denied:
        """Exactly these from now on."""
        found = await self._users.load(tx.connection, asker.project, name)
        if denied := _passing_on(grants - (found.grants if found else frozenset()), asker):
            return denied
        return await self._change(tx, asker, name, "user.granted", lambda user: replace(user, grants=grants))

    async def restrict(self, tx: Transaction, asker: Asker, name: str, where: str | None) -> User | Denied:
        """Scenarios that this user created send to contacts for which `where` holds, and to nobody else."""
        if denied := self._unusable(where):
            return denied
        return await self._change(tx, asker, name, "user.restricted", lambda user: replace(user, restriction=where))

    async def _change(
        self, tx: Transaction, asker: Asker, name: str, action: str, change: Callable[[User], User]
    ) -> User | Denied:
        user = await self._users.lock(tx.connection, asker.project, name)
        if user is None:
            return Denied("unknown_user", f"there is no user {name} in this project", "`slipway user list` shows them")
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
        await self._audit.note(tx.connection, tx.now, asker.project, asker.subject, action, thing, details)


def _passing_on(grants: Grants, asker: Asker) -> Denied | None:
    """Nobody makes somebody mightier than themselves."""
    missing = beyond(grants, asker.grants)
    if not missing:
        return None
    detail = f"{asker.subject} cannot pass on what they lack: {', '.join(missing)}"
    return Denied("forbidden", detail, "ask somebody who holds these permissions")


def _known(zone: str) -> bool:
    try:
        return zone == "UTC" or bool(ZoneInfo(zone))
    except (KeyError, ValueError, OSError):
        return False


def _key_set(key: Key) -> KeySet:
    return KeySet(
        project=key.project,
        key_id=key.key_id,
        revision=key.revision,
        grants=sorted(key.grants),
        revoked=key.revoked,
        sealed_secret=key.sealed_secret,
    )


def _user_set(user: User) -> UserSet:
    return UserSet(
        project=user.project,
        user=user.user,
        revision=user.revision,
        disabled=user.disabled,
        grants=sorted(user.grants),
        restriction=user.restriction,
    )
