"""How many launches may be asked for in an hour: by one who asks, and in a project by all together."""

from datetime import timedelta

from launcher.domain.parties import KEY_PREFIX, Asker
from launcher.domain.refusals import Denied
from launcher.ports import Keys, Launches, Projects
from runtime.transaction import Connection, Transaction

HOUR = timedelta(hours=1)


class Quotas:
    def __init__(self, projects: Projects, keys: Keys, launches: Launches, each: int) -> None:
        """`each`: how many everybody may ask for whose key says nothing else."""
        self._projects = projects
        self._keys = keys
        self._launches = launches
        self._each = each

    async def hold(self, connection: Connection, project: str) -> None:
        """Launches of the project are counted one after the other: until this transaction has ended, by it alone."""
        await self._projects.lock(connection, project)

    async def exceeded(self, tx: Transaction, asker: Asker) -> Denied | None:
        """Refused and rejected requests were asked for, too; those over the quota were not."""
        project = await self._projects.lock(tx.connection, asker.project)
        together = project.launches_per_hour if project else None
        if together is not None and (denied := await self._over(tx, asker, None, together)):
            return denied
        return await self._over(tx, asker, asker.subject, await self._allowed(tx.connection, asker))

    async def _allowed(self, connection: Connection, asker: Asker) -> int:
        key = await self._keys.load(connection, asker.subject) if asker.subject.startswith(KEY_PREFIX) else None
        return self._each if key is None or key.launches_per_hour is None else key.launches_per_hour

    async def _over(self, tx: Transaction, asker: Asker, subject: str | None, allowed: int) -> Denied | None:
        wait = None
        if allowed:
            nth = await self._launches.asked_at(tx.connection, asker.project, subject, tx.now - HOUR, allowed)
            if nth is None:
                return None
            wait = int((nth + HOUR - tx.now).total_seconds()) + 1
        who = f"by {subject}" if subject else f"in project {asker.project}"
        detail = f"no more than {allowed} launches an hour may be asked for {who}"
        remedy = f"ask again in {wait} s" if wait else "have the quota raised (slipway project set)"
        return Denied("quota", detail, remedy, retry_after=wait)
