"""How many launches may be asked for in an hour: by one who asks, and in a project by all together."""

from datetime import datetime, timedelta

from launcher.domain.parties import KEY_PREFIX, Asker, Project
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
        """Rejected requests were asked for, too; those that were refused were not."""
        project = await self._projects.lock(tx.connection, asker.project)
        return await self._reached(tx.connection, asker, project, tx.now)

    async def reached(self, connection: Connection, asker: Asker, now: datetime) -> Denied | None:
        """As it is at the moment, for whoever only wants to know: nothing is held."""
        return await self._reached(connection, asker, await self._projects.load(connection, asker.project), now)

    async def _reached(
        self, connection: Connection, asker: Asker, project: Project | None, now: datetime
    ) -> Denied | None:
        together = project.launches_per_hour if project else None
        if together is not None and (denied := await self._over(connection, asker, None, together, now)):
            return denied
        return await self._over(connection, asker, asker.subject, await self._allowed(connection, asker), now)

    async def _allowed(self, connection: Connection, asker: Asker) -> int:
        key = await self._keys.load(connection, asker.subject) if asker.subject.startswith(KEY_PREFIX) else None
        return self._each if key is None or key.launches_per_hour is None else key.launches_per_hour

    async def _over(
        self, connection: Connection, asker: Asker, subject: str | None, allowed: int, now: datetime
    ) -> Denied | None:
        wait = None
        if allowed:
            nth = await self._launches.asked_at(connection, asker.project, subject, now - HOUR, allowed)
            if nth is None:
                return None
            wait = int((nth + HOUR - now).total_seconds()) + 1
        who = f"by {subject}" if subject else f"in project {asker.project}"
        detail = f"no more than {allowed} launches an hour may be asked for {who}"
        remedy = f"ask again in {wait} s" if wait else _without_any(asker, subject)
        return Denied("quota", detail, remedy, retry_after=wait)


def _without_any(asker: Asker, subject: str | None) -> str:
    """Waiting does not help where nothing is allowed at all."""
    if subject is None:
        return f"""have the quota raised: `POST /v1/projects {{"key": "{asker.project}", "launches_per_hour": …}}`"""
    return "ask with another key, made with a quota: `POST /v1/keys`"
