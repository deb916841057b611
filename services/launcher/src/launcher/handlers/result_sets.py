"""Counts of result sets: read page by page from whoever keeps them, their contacts counted as if they were named."""

from collections.abc import AsyncIterator
from dataclasses import replace

from contracts.crm import ResultsGiven
from contracts.launches import Contacts
from contracts.words import Figure
from launcher.domain.counting import Counted, Figures, Listed, Listing, Selected, merged
from launcher.domain.launch import Collected
from launcher.domain.parties import Asker
from launcher.domain.refusals import Denied
from launcher.domain.results import empty, gathered
from launcher.ports import Counting, Results

PORTION = 50_000
"""Contacts that are counted at once, and up to a page of the result set more: each count looks at everybody's place in
the scenario, so few large ones are quicker than many."""
PORTION_BYTES = 2 * 1024 * 1024
"""Of their ids, as well: what contacts takes at once is bounded."""
PAGES = 20
"""Of the result set, for one page of a list: where few are behind a figure, a page of the list may have few or none."""


class ResultSets:
    def __init__(self, results: Results, counting: Counting) -> None:
        self._results = results
        self._counting = counting

    async def count(self, asker: Asker, selected: Selected, wanted: ResultsGiven) -> Counted | Denied:
        """Each contact once. Portions are counted one after the other, so not quite of one moment."""
        parts: list[Counted] = []
        async for portion in self._portions(asker, wanted):
            part = portion if isinstance(portion, Denied) else await self._counting.count(asker, _of(selected, portion))
            if isinstance(part, Denied):
                return part
            parts.append(part)
        return merged(parts) if parts else Counted(Figures(0, 0, {}), {}, points=(empty(wanted.launch_id),))

    async def listed(self, asker: Asker, selected: Selected, wanted: ResultsGiven, listing: Listing) -> Listed | Denied:
        """A page of the contacts behind a figure. Which a reason means, the whole set decides, not the page."""
        if (figure := listing.figure) is None:
            counted = await self.count(asker, selected, wanted)
            if isinstance(counted, Denied):
                return counted
            figure = Figure.EXCLUDED if counted.figures.excluded.get(listing.reason or "") else Figure.SKIPPED
            listing = replace(listing, figure=figure)
        found: list[str] = []
        for _ in range(PAGES):
            page = await self._results.page(asker, wanted, listing.place)
            if isinstance(page, Denied):
                return page
            named = list(dict.fromkeys(page.contact_ids))
            rest = replace(listing, limit=listing.limit - len(found))
            if named:
                part = await self._counting.listed(asker, _of(selected, named), rest)
                if isinstance(part, Denied):
                    return part
                found += part.contact_ids
                if part.next is not None:
                    return Listed(figure, found, replace(listing, cursor=part.next))
            if page.next is None:
                return Listed(figure, found)
            listing = replace(listing, place=page.next, cursor=named[-1] if named else listing.cursor)
            if len(found) == listing.limit:
                break
        return Listed(figure, found, listing)

    async def _portions(self, asker: Asker, wanted: ResultsGiven) -> AsyncIterator[list[str] | Denied]:
        read, portion, size = Collected(), list[str](), 0
        while not read.done:
            page = await self._results.page(asker, wanted, read.cursor)
            if isinstance(page, Denied):
                yield page
                return
            read, chunks = gathered(read, page)
            for _, chunk in chunks:
                portion += chunk
                size += sum(len(contact_id.encode()) for contact_id in chunk)
            if len(portion) >= PORTION or size >= PORTION_BYTES or (portion and read.done):
                yield portion
                portion, size = [], 0


def _of(selected: Selected, contacts: list[str]) -> Selected:
    return replace(selected, participants=Contacts(contacts=contacts))
