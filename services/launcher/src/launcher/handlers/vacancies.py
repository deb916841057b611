"""Launches for a result set that nobody is in: refused before anything is kept of them."""

import asyncpg

from contracts.crm import ParticipantsGiven, ResultsGiven
from launcher.domain.parties import Asker
from launcher.domain.refusals import Denied
from launcher.domain.results import closed, unclear
from launcher.ports import Launches, Results


class Vacancies:
    def __init__(self, launches: Launches, results: Results) -> None:
        self._launches = launches
        self._results = results

    async def denied(
        self, pool: "asyncpg.Pool[asyncpg.Record]", asker: Asker, wanted: ParticipantsGiven | None
    ) -> Denied | None:
        """None: somebody is in it, it is no result set, something else is to be said of it, or whoever keeps it does
        not answer: then it is looked at when it is collected. Over the network, so never inside a transaction."""
        if not isinstance(wanted, ResultsGiven) or unclear(wanted) is not None:
            return None
        async with pool.acquire() as connection:
            earlier = await self._launches.load(connection, asker.project, wanted.launch_id)
        if earlier is None or closed(earlier) is not None:
            return None
        cursor = None
        while True:
            page = await self._results.page(asker, wanted, cursor)
            if isinstance(page, Denied) or page.contact_ids:
                return None
            if page.next is None:
                return _nobody(wanted)
            cursor = page.next


def _nobody(wanted: ResultsGiven) -> Denied:
    [(what, said)] = wanted.model_dump(mode="json", exclude={"kind", "launch_id"}, exclude_none=True).items()
    detail = f"no target of launch {wanted.launch_id} has {what} {said}: there is nobody to launch for"
    remedy = f"`GET /v1/launches/{wanted.launch_id}/progress` shows what became of its targets"
    return Denied("empty_selection", detail, remedy)
