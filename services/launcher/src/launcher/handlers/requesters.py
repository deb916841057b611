"""Who asked for a launch, as they are now: it is judged again with the permissions they have by then."""

from collections.abc import Iterable

from contracts.words import Permission
from launcher.domain.launch import Launch, lacked
from launcher.domain.parties import ADMINISTRATOR, ALL_GRANTS, KEY_PREFIX, Asker
from launcher.ports import Keys, Users
from runtime.transaction import Connection


class Requesters:
    def __init__(self, keys: Keys, users: Users) -> None:
        self._keys = keys
        self._users = users

    async def now(self, connection: Connection, project: str, subject: str) -> Asker | None:
        """None: gone, disabled or revoked."""
        if subject == ADMINISTRATOR:
            return Asker(project, subject, ALL_GRANTS)
        if subject.startswith(KEY_PREFIX):
            key = await self._keys.load(connection, subject)
            valid = key is not None and key.project == project and not key.revoked
            return Asker(project, subject, key.grants) if key and valid else None
        user = await self._users.load(connection, project, subject)
        return Asker(project, subject, user.grants) if user and not user.disabled else None

    async def held(self, connection: Connection, project: str, subject: str) -> Asker | None:
        """The same, and a user stays as they are until this transaction has ended."""
        await self._users.hold(connection, project, subject)
        return await self.now(connection, project, subject)

    async def lacks(self, connection: Connection, launch: Launch) -> Permission | None:
        """What whoever asked for it needs, and has no more; None: nothing, and that stays so until the transaction has
        ended. Who is gone lacks everything."""
        asker = await self.held(connection, launch.project, launch.requested_by)
        return lacked(asker.grants if asker else frozenset(), lifts=launch.lifts_consent)

    async def gone(self, connection: Connection, project: str, subjects: Iterable[str]) -> str | None:
        """Who of them is gone, disabled or revoked; None: nobody, and that stays so until the transaction has ended."""
        for subject in sorted(set(subjects)):
            if await self.held(connection, project, subject) is None:
                return subject
        return None
