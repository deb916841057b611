"""Projects and keys: made and changed over HTTP, told to everybody on `launcher.projects`."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from contracts.projects import KeySet, ProjectSet
from launcher.domain.parties import KEY_PREFIX, Asker, Grants, Key, Project, passing_on
from launcher.domain.refusals import Denied, Seen, changed_meanwhile
from launcher.handlers.outgoing import on_projects
from launcher.ports import Credentials, Keys, Projects, Seals
from runtime.audit import Audit
from runtime.transaction import Transaction


@dataclass(frozen=True, slots=True)
class MadeKey:
    """Both secrets are in nobody's hands but the caller's after this."""

    key: Key
    token: str
    signing_secret: str


class ProjectHandlers:
    def __init__(self, projects: Projects, keys: Keys, audit: Audit, seals: Seals, credentials: Credentials) -> None:
        self._projects = projects
        self._keys = keys
        self._audit = audit
        self._seals = seals
        self._credentials = credentials

    async def set_project(
        self, tx: Transaction, by: str, key: str, settings: Mapping[str, Any], seen: Seen = None
    ) -> Project | Denied:
        """Makes the project, or changes what `settings` name of it; as it is already is fine."""
        zone = settings.get("zone", "UTC")
        if not _known(zone):
            return Denied("invalid", f"there is no time zone {zone}", "name one of IANA's, such as Europe/Vienna")
        before = await self._projects.lock(tx.connection, key)
        if denied := changed_meanwhile(seen, before.revision if before else None, f"project {key}"):
            return denied
        if before is None:
            project = replace(Project(key, "UTC", 1, tx.now), **settings)
            if not await self._projects.insert(tx.connection, project):  # somebody else's was quicker
                return await self.set_project(tx, by, key, settings, seen)
        else:
            project = replace(before, **settings)
            if project == before:
                return before
            project = replace(project, revision=before.revision + 1)
            await self._projects.update(tx.connection, project)
        tx.emit(on_projects(_project_set(project), tx.partitions))
        said = {name: getattr(project, name) for name in ("zone", "second_approver_above", "launches_per_hour")}
        said = {name: value for name, value in said.items() if value is not None}
        await self._note(tx, Asker(key, by, frozenset()), "project.set", f"project/{key}", **said)
        return project

    async def make_key(
        self, tx: Transaction, asker: Asker, name: str, grants: Grants, launches_per_hour: int | None = None
    ) -> MadeKey | Denied:
        if denied := passing_on(grants, asker):
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
            launches_per_hour=launches_per_hour,
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
            return Denied("unknown_key", f"there is no key {key_id} in this project", "`GET /v1/keys` lists them")
        return found

    async def _note(self, tx: Transaction, asker: Asker, action: str, thing: str, **details: object) -> None:
        await self._audit.note(tx.connection, tx.now, asker.project, asker.subject, action, thing, details=details)


def _known(zone: str) -> bool:
    try:
        return zone == "UTC" or bool(ZoneInfo(zone))
    except (KeyError, ValueError, OSError):
        return False


def _project_set(project: Project) -> ProjectSet:
    return ProjectSet(
        project=project.project,
        revision=project.revision,
        zone=project.zone,
        second_approver_above=project.second_approver_above,
    )


def _key_set(key: Key) -> KeySet:
    return KeySet(
        project=key.project,
        key_id=key.key_id,
        revision=key.revision,
        grants=sorted(key.grants),
        revoked=key.revoked,
        sealed_secret=key.sealed_secret,
    )
