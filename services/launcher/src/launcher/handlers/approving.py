"""Approval: a person's word, after a recount, against what was confirmed. Only then a launch that waits may run."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from typing import Protocol

import asyncpg

from contracts.words import LaunchState
from launcher.domain.counting import Counted, Figures, Selected, Tolerance, drift
from launcher.domain.launch import Launch
from launcher.domain.parties import Asker
from launcher.domain.points import blocks
from launcher.domain.records import drafted
from launcher.domain.refusals import Denied, Refusal
from launcher.domain.requests import mismatched
from launcher.domain.states import Advance, Answer, LaunchEvent, answer
from launcher.domain.summaries import confirmed_figures, recounted, shown
from launcher.handlers.deciding import Deciding
from launcher.handlers.flow import asked, other_count, refusal, unknown
from launcher.handlers.requesters import Requesters
from launcher.handlers.versions import Versions
from launcher.ports import Counting, CountTokens, Launches, Projects
from runtime.transaction import Connection, Transaction


class Resources(Protocol):
    """Of `runtime.process.Resources`: approval reads, counts with no transaction open, and then decides."""

    @property
    def pool(self) -> "asyncpg.Pool[asyncpg.Record]": ...

    def transaction(self) -> AbstractAsyncContextManager[Transaction]: ...


@dataclass(frozen=True, slots=True)
class Approved:
    launch: Launch
    changed: bool
    """False: somebody was quicker, or it was only asked whether it may be."""
    targeted: int | None
    """As recounted; None: it was not, for it is approved already."""


class Approving:
    def __init__(
        self,
        launches: Launches,
        versions: Versions,
        projects: Projects,
        requesters: Requesters,
        counting: Counting,
        tokens: CountTokens,
        deciding: Deciding,
        tolerance: Tolerance,
    ) -> None:
        self._launches = launches
        self._versions = versions
        self._projects = projects
        self._requesters = requesters
        self._counting = counting
        self._tokens = tokens
        self._deciding = deciding
        self._tolerance = tolerance

    async def approve(
        self, resources: Resources, asker: Asker, launch_id: str, count_token: str | None, *, dry_run: bool = False
    ) -> Approved | Denied | Refusal:
        """`count_token`: of the approver's own count, to be judged against in place of the confirmed one. `dry_run`:
        only refused as it would be."""
        async with resources.pool.acquire() as connection:
            selected = await self._selected(connection, asker, launch_id)
        if not isinstance(selected, Selected):
            return selected
        counted = await self._counting.count(asker, selected)
        if isinstance(counted, Denied):
            return counted
        if blocks(counted.points):
            remedy = "decline it, or mend what `points` name and approve again"
            return Denied("points", f"launch {launch_id} could not run as it is", remedy, counted.points)
        async with resources.transaction() as tx:
            return await self._settle(tx, asker, launch_id, count_token, selected, counted, dry_run=dry_run)

    async def _selected(self, connection: Connection, asker: Asker, launch_id: str) -> Selected | Approved | Refusal:
        launch = await self._launches.load(connection, asker.project, launch_id)
        if launch is None:
            return unknown(launch_id)
        if (early := _early(launch)) is not None:
            return early
        draft = drafted(launch, await self._versions.of_launch(connection, launch))
        return Selected(
            version=draft.version,
            participants=draft.participants,
            options=draft.options,
            context=draft.context,
            launched_by=draft.launched_by,
            launch_id=launch_id,
            retry=draft.retry_of is not None,
            approves=True,
        )

    async def _settle(
        self,
        tx: Transaction,
        asker: Asker,
        launch_id: str,
        count_token: str | None,
        selected: Selected,
        counted: Counted,
        *,
        dry_run: bool,
    ) -> Approved | Denied | Refusal:
        """Everything is looked at again: the count took its time, and others decide as well."""
        launch = (await self._launches.lock(tx.connection, [launch_id])).get(launch_id)
        if launch is None:
            return unknown(launch_id)
        if (early := _early(launch)) is not None:
            return early
        against = await self._against(tx, asker, launch, counted.figures.targeted)
        if against is None:
            against = await self._drifted(tx, launch, count_token, counted.figures)
        if against is not None:
            return against
        targeted = counted.figures.targeted
        if dry_run:
            return Approved(launch, changed=False, targeted=targeted)
        again = recounted(counted, selected.version)
        launch = replace(launch, approved_by=asker.subject, approved_at=tx.now, recounted=again)
        launch = replace(launch, targeted_expected=targeted)
        launch = await self._deciding.release(tx, launch)
        await self._deciding.note(tx, launch, asker.subject, "launch.approved", targeted=targeted)
        return Approved(launch, changed=True, targeted=targeted)

    async def _against(self, tx: Transaction, asker: Asker, launch: Launch, targeted: int) -> Denied | None:
        """What keeps this person from approving it, or anybody."""
        if not await self._versions.active(tx.connection, launch):
            detail = f"scenario {launch.scenario} is not active any more"
            return Denied("scenario_inactive", detail, "activate it and approve again, or decline the launch")
        people = (asker.subject, launch.requested_by, launch.creator or launch.requested_by)
        if gone := await self._requesters.gone(tx.connection, launch.project, people):
            detail = f"{gone} is disabled or revoked: nothing of theirs begins"
            return Denied("user_disabled", detail, f"enable {gone}, or decline the launch and ask for it anew")
        if lacked := await self._requesters.lacks(tx.connection, launch):
            detail = f"{launch.requested_by}, who asked for it, has the permission {lacked} no more"
            remedy = f"grant {launch.requested_by} {lacked}, or decline the launch and let somebody else ask for it"
            return Denied("requester_forbidden", detail, remedy)
        project = await self._projects.load(tx.connection, launch.project)
        above = project.second_approver_above if project else None
        if above is not None and targeted > above and asker.subject in (launch.requested_by, launch.confirmed_by):
            detail = f"{asker.subject} asked for it or confirmed it, and it has {targeted} targets"
            return Denied("second_approver", detail, f"above {above} targets another person approves: ask one")
        return None

    async def _drifted(self, tx: Transaction, launch: Launch, count_token: str | None, now: Figures) -> Denied | None:
        """Counted is what the approver has seen, else who confirmed; if nobody has: what is now."""
        basis = confirmed_figures(launch)
        if count_token is not None:
            seen = self._tokens.read(count_token, launch.project, tx.now)
            if isinstance(seen, Denied):
                return seen
            if what := mismatched(seen, await asked(self._launches, tx.connection, launch), launch.version or 0):
                return other_count(launch, seen, what)
            basis = seen.figures
        if basis is None or not drift(basis, now, self._tolerance):
            return None
        detail = (
            f"of launch {launch.launch_id} {basis.targeted} targets and {basis.starting} starts were counted;"
            f" now {now.targeted} and {now.starting}"
        )
        details = {"counted": shown(basis), "now": shown(now)}
        remedy = (
            f"""approve a count of your own (`POST /v1/launches/{launch.launch_id}/approve {{"count_token": …}}`),"""
            f" or decline it (`POST /v1/launches/{launch.launch_id}/decline`)"
        )
        return Denied("drift", detail, remedy, details=details)


def _early(launch: Launch) -> Approved | Refusal | None:
    """Where nothing is to be decided any more, or not yet."""
    match answer(launch.state, LaunchEvent.APPROVE):
        case Answer.IGNORE:
            return Approved(launch, changed=False, targeted=None)
        case Answer.REFUSE:
            why = "only one that awaits approval can be approved"
            if launch.state is LaunchState.AWAITING_CONFIRMATION:
                why += "; whoever asked for it confirms it first"
            return refusal(launch, why)
        case Advance():
            return None
