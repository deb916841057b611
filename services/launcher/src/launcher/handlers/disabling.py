"""A user is disabled in the middle of launches: what runs for them pauses, and says why.

Of a launch that they asked for, or whose scenario they created. A launch that is about to begin looks at its people
under a lock that disabling waits for (`Requesters.held`): it is found running here, or it finds them disabled there.
"""

from launcher.domain.parties import User
from launcher.handlers.pausing import Pausing
from launcher.ports import Launches, Users
from runtime.transaction import Connection, Transaction

AT_ONCE = 500


class Disabling:
    def __init__(self, users: Users, launches: Launches, pausing: Pausing) -> None:
        self._users = users
        self._launches = launches
        self._pausing = pausing

    async def wait_for_launches(self, tx: Transaction, project: str, user: str) -> None:
        """Before the user's row is locked: who holds one of the launches may be waiting for that row."""
        await self._launches.running_of(tx.connection, project, user, AT_ONCE, free=False)

    async def pause(self, tx: Transaction, user: User) -> None:
        """Of a user whose (locked) row says that they are disabled. What is left, `settle` pauses a moment later."""
        because = f"user {user.user} is disabled"
        for launch in await self._launches.running_of(tx.connection, user.project, user.user, AT_ONCE, free=True):
            await self._pausing.because(tx, launch, because)
        left = await self._launches.any_running_of(tx.connection, user.project, user.user)
        await self._users.pausing(tx.connection, user.project, user.user, left=left)

    async def waits(self, connection: Connection) -> bool:
        """Whether there is something to `settle`."""
        return await self._users.any_pausing(connection)

    async def settle(self, tx: Transaction, most: int) -> int:
        """How many users had launches left, which others had locked or which were too many at once."""
        found = await self._users.still_pausing(tx.connection, most)
        for user in found:
            await self.pause(tx, user)
        return len(found)
