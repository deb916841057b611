"""Stands where contacts cannot be asked to count: what needs a count is refused, and says so."""

from launcher.domain.counting import Counted, Listing, Selected
from launcher.domain.parties import Asker
from launcher.domain.refusals import Denied

_DENIED = Denied("unavailable", "nobody can count here yet", "give the asker launch:preapproved, or wait for the count")


class NoCounting:
    async def count(self, asker: Asker, selected: Selected) -> Counted | Denied:
        return _DENIED

    async def listed(self, asker: Asker, selected: Selected, listing: Listing) -> tuple[list[str], str | None] | Denied:
        return _DENIED
