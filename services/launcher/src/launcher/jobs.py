"""Between records: what was asked more than 30 days ago is forgotten, so that its ids are free again."""

from datetime import timedelta

from launcher.ports import Commands
from runtime.transaction import Lease

KEPT = timedelta(days=30)
PORTION = 1000


class Forgetting:
    def __init__(self, commands: Commands) -> None:
        self._commands = commands

    async def run(self, lease: Lease) -> bool:
        """One lease does it for all; true while a whole portion was found."""
        if lease.number != 0:
            return False
        async with lease.transaction() as tx:
            return await self._commands.forget(tx.connection, tx.now - KEPT, PORTION) >= PORTION
