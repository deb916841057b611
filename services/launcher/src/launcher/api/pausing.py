"""Launches paused and resumed."""

from contracts.words import LaunchState
from launcher.api.doors import Asking, Doors
from launcher.api.shapes import Output, PathWord, Trying, granted
from launcher.handlers.pausing import Pausing, Turned


class LaunchTurned(Output):
    launch_id: str
    state: LaunchState
    changed: bool
    """False: it was so already, nothing was done."""
    lifted: str | None
    """Resumed although it was held, because it would have sent more than planned: what was held is sent now."""


def add(doors: Doors, handlers: Pausing) -> None:
    resources = doors.resources

    @doors("POST", "/v1/launches/{launch_id}/pause")
    async def pause(launch_id: PathWord, asker: Asking) -> LaunchTurned:
        """No step starts from now on; targets are still chosen, what the provider has comes to its end."""
        async with resources.transaction() as tx:
            return _shown(granted(await handlers.pause(tx, asker, launch_id)))

    @doors("POST", "/v1/launches/{launch_id}/resume")
    async def resume(launch_id: PathWord, asker: Asking, given: Trying | None = None) -> LaunchTurned:
        """What became due meanwhile goes on, once per contact. Lifts the hold of a launch that is held."""
        async with resources.transaction() as tx:
            tried = given is not None and given.dry_run
            return _shown(granted(await handlers.resume(tx, asker, launch_id, dry_run=tried)))


def _shown(turned: Turned) -> LaunchTurned:
    launch = turned.launch
    return LaunchTurned(launch_id=launch.launch_id, state=launch.state, changed=turned.changed, lifted=turned.lifted)
