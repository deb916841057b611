"""`launcher.ports.Progress` without log."""

from contracts.crm import LaunchFigures
from launcher.domain.parties import Asker
from launcher.domain.refusals import Denied

UNKNOWN = Denied("unknown_launch", "no such launch is known here", "ask again in a second")


class FakeProgress:
    def __init__(self) -> None:
        self.now()
        self.asked: list[tuple[Asker, str]] = []

    def now(self, *figures: LaunchFigures) -> None:
        """From here on these launches are known, and so far."""
        self._known = {each.launch_id: each for each in figures}

    async def of(self, asker: Asker, launch_id: str) -> LaunchFigures | Denied:
        self.asked.append((asker, launch_id))
        return self._known.get(launch_id, UNKNOWN)
