"""Between records: what is old is forgotten or expires, what the disabled run pauses, result sets and trials get on."""

from collections.abc import Iterable
from datetime import timedelta

import structlog

from launcher.domain.launch import Launch
from launcher.domain.parties import Asker
from launcher.domain.refusals import Denied
from launcher.handlers.collecting import Collecting
from launcher.handlers.disabling import Disabling
from launcher.handlers.flow import Drafts
from launcher.handlers.launches import LaunchHandlers
from launcher.ports import Commands, Launches, Progress
from runtime import failpoints
from runtime.partitions import partition_of
from runtime.transaction import Lease

KEPT = timedelta(days=30)
PORTION = 1000
LATE_PORTION = 100
PEOPLE = 10
AT_ONCE = 100
"""Result sets that are read at the same time, a page of each in turn; trials that are watched."""
log = structlog.get_logger()


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


class Reading:
    """Result sets, page by page, each by the home of its launch."""

    def __init__(self, launches: Launches, collecting: Collecting) -> None:
        self._launches = launches
        self._collecting = collecting

    async def run(self, lease: Lease) -> bool:
        """A page of each; true while one got on."""
        async with lease.pool.acquire() as connection:
            found = await self._launches.collecting(connection, AT_ONCE)
        got_on = False
        for launch in _at_home(found, lease):
            page = await self._collecting.page(launch)
            if isinstance(page, Denied):
                log.warning("a result set cannot be read just now", launch_id=launch.launch_id, code=page.code)
                continue
            async with lease.transaction() as tx:
                await self._collecting.take(tx, launch, page)
            failpoints.hit("launcher.page_collected")
            got_on = True
        return got_on


class Watching:
    """Figures of tests and rehearsals, each by the home of its launch: log publishes them nowhere."""

    def __init__(self, launches: Launches, control: LaunchHandlers, progress: Progress) -> None:
        self._launches = launches
        self._control = control
        self._progress = progress

    async def run(self, lease: Lease) -> bool:
        async with lease.pool.acquire() as connection:
            found = await self._launches.trials(connection, AT_ONCE)
        for launch in _at_home(found, lease):
            figures = await self._progress.of(Asker(launch.project, launch.requested_by, frozenset()), launch.launch_id)
            if isinstance(figures, Denied):
                log.warning("figures of a trial are not known just now", launch_id=launch.launch_id, code=figures.code)
                continue
            async with lease.transaction() as tx:
                await self._control.take_figures(tx, figures)
        return False


def _at_home(launches: Iterable[Launch], lease: Lease) -> list[Launch]:
    return [launch for launch in launches if partition_of(launch.launch_id, lease.partitions) == lease.number]
