"""Between records: what was asked long ago is forgotten, late launches expire, what runs for the disabled pauses."""

from datetime import timedelta

from launcher.handlers.disabling import Disabling
from launcher.handlers.flow import Drafts
from launcher.ports import Commands
from runtime.transaction import Lease

KEPT = timedelta(days=30)
PORTION = 1000
LATE_PORTION = 100
PEOPLE = 10


class Forgetting:
    def __init__(self, commands: Commands) -> None:
        self._commands = commands

    async def run(self, lease: Lease) -> bool:
        """One lease does it for all; true while a whole portion was found."""
        if lease.number != 0:
            return False
        async with lease.transaction() as tx:
            return await self._commands.forget(tx.connection, tx.now - KEPT, PORTION) >= PORTION


class Expiry:
    def __init__(self, drafts: Drafts, after: timedelta) -> None:
        self._drafts = drafts
        self._after = after

    async def run(self, lease: Lease) -> bool:
        """Likewise: launches that nobody has decided for so long are rejected, and the CRM hears it."""
        if lease.number != 0:
            return False
        async with lease.transaction() as tx:
            return await self._drafts.expire(tx, tx.now - self._after, LATE_PORTION) >= LATE_PORTION


class Settling:
    def __init__(self, disabling: Disabling) -> None:
        self._disabling = disabling

    async def run(self, lease: Lease) -> bool:
        """Likewise: what could not be paused in the moment in which its user was disabled."""
        if lease.number != 0:
            return False
        async with lease.pool.acquire() as connection:
            if not await self._disabling.waits(connection):
                return False
        async with lease.transaction() as tx:
            return await self._disabling.settle(tx, PEOPLE) >= PEOPLE
