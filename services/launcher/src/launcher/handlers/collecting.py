"""A result set becomes the participants of a launch: page by page, then contacts judges it like any other."""

from dataclasses import replace

from contracts.crm import ResultsGiven
from contracts.words import LaunchState
from launcher.domain.launch import Flow, Launch, Rejected
from launcher.domain.parties import Asker
from launcher.domain.records import listed
from launcher.domain.refusals import Denied
from launcher.domain.results import ResultPage, empty, gathered
from launcher.domain.states import Advance, LaunchEvent, answer
from launcher.handlers.deciding import Deciding
from launcher.handlers.outgoing import on_launches
from launcher.handlers.versions import Versions
from launcher.ports import Launches, Results
from runtime.transaction import Transaction


class Collecting:
    def __init__(self, launches: Launches, versions: Versions, results: Results, deciding: Deciding) -> None:
        self._launches = launches
        self._versions = versions
        self._results = results
        self._deciding = deciding

    async def page(self, launch: Launch) -> ResultPage | Denied:
        """The next page of the launch's result set, over the network: never inside a transaction."""
        assert launch.collected is not None
        wanted = ResultsGiven.model_validate(launch.participants)
        asker = Asker(launch.project, launch.requested_by, frozenset())
        return await self._results.page(asker, wanted, launch.collected.cursor)

    async def take(self, tx: Transaction, before: Launch, page: ResultPage) -> None:
        """The page's contacts go out with the cursor behind them, or not at all. `before`: what it was asked for."""
        launch = (await self._launches.lock(tx.connection, [before.launch_id]))[before.launch_id]
        if not launch.collecting or launch.collected is None or launch.collected != before.collected:
            return  # declined meanwhile, or somebody else has taken this page
        after, chunks = gathered(launch.collected, page)
        tx.emit(*(on_launches(listed(launch, index, chunk), tx.partitions) for index, chunk in chunks))
        launch = replace(launch, collected=after, participants_chunks=after.chunks)
        if not after.done:
            await self._launches.update(tx.connection, launch)
        elif after.targets:
            await self._pass(tx, launch, after.targets)
        else:
            await self._refuse(tx, launch)

    async def _refuse(self, tx: Transaction, launch: Launch) -> None:
        """There is nobody in it."""
        launch = replace(launch, points=(*launch.points, empty(launch.participants["launch_id"])))
        event = LaunchEvent.FAULTED if launch.flow is Flow.PERSON else LaunchEvent.REFUSED
        if isinstance(move := answer(launch.state, event), Advance):
            launch = replace(launch, state=move.to, rejected=Rejected.POINTS, ended_at=tx.now)
        await self._launches.update(tx.connection, launch)
        if launch.state is LaunchState.REJECTED:
            await self._deciding.answer(tx, launch)

    async def _pass(self, tx: Transaction, launch: Launch, targets: int) -> None:
        move = answer(launch.state, LaunchEvent.PASSED)
        assert isinstance(move, Advance)
        summary = {**launch.summary, "selected": targets} if launch.summary else None
        launch = replace(launch, state=move.to, selected=targets, summary=summary)
        await self._launches.update(tx.connection, launch)
        await self._deciding.have_checked(tx, launch, await self._versions.of_launch(tx.connection, launch))
        action = "launch.retried" if launch.retry_of else "launch.collected"
        wanted = {name: value for name, value in launch.participants.items() if name not in ("kind", "launch_id")}
        said = {"of": launch.participants["launch_id"], "filter": wanted, "targets": targets}
        await self._deciding.note(tx, launch, launch.requested_by, action, **said)
