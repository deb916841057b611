"""What people do with a launch before it runs: have it checked again, confirm a count, decline it; or let it expire."""

from dataclasses import replace
from datetime import datetime

from contracts.crm import LaunchRequest, ResultsGiven
from contracts.words import LaunchState, Permission
from launcher.domain.counting import Basis
from launcher.domain.launch import Collected, Launch, Rejected
from launcher.domain.parties import SELF, Asker
from launcher.domain.points import blocks
from launcher.domain.records import select
from launcher.domain.refusals import Denied, Refusal
from launcher.domain.requests import judge, mismatched
from launcher.domain.states import Advance, Answer, LaunchEvent, answer
from launcher.domain.summaries import summary
from launcher.handlers.deciding import Deciding
from launcher.handlers.requesters import Requesters
from launcher.handlers.versions import Versions
from launcher.ports import CountTokens, Launches
from runtime.cloudevents import rfc3339
from runtime.errors import Permanent
from runtime.transaction import Connection, Transaction

NOBODY = Asker("", "", frozenset())


class Drafts:
    def __init__(
        self, launches: Launches, versions: Versions, requesters: Requesters, tokens: CountTokens, deciding: Deciding
    ) -> None:
        self._launches = launches
        self._versions = versions
        self._requesters = requesters
        self._tokens = tokens
        self._deciding = deciding

    async def validate(self, tx: Transaction, asker: Asker, launch_id: str) -> Launch | Refusal:
        """A draft is judged again, with the active version and what whoever asked for it may do now."""
        launch = await self._locked(tx, asker, launch_id)
        if isinstance(launch, Refusal) or launch.collecting:
            return launch
        match answer(launch.state, LaunchEvent.VALIDATE):
            case Answer.IGNORE:
                return launch
            case Answer.REFUSE:
                return refusal(launch, "only one that waits for its confirmation, or has points, is checked again")
            case Advance():
                launch = await self._judged_again(tx, launch)
        await self._launches.update(tx.connection, launch)
        await self._deciding.note(tx, launch, asker.subject, "launch.validated", state=launch.state)
        return launch

    async def confirm(
        self, tx: Transaction, asker: Asker, launch_id: str, count_token: str, *, dry_run: bool = False
    ) -> Launch | Denied | Refusal:
        """What is to be launched is frozen, with the figures that were counted. Again: as it was confirmed first.
        `dry_run`: only refused as it would be."""
        launch = await self._locked(tx, asker, launch_id)
        if isinstance(launch, Refusal):
            return launch
        match answer(launch.state, LaunchEvent.CONFIRM):
            case Answer.IGNORE:
                return launch
            case Answer.REFUSE:
                return refusal(launch, "only one that awaits its confirmation can be confirmed")
            case Advance(to=to):
                pass
        version = await self._versions.of_launch(tx.connection, launch)
        counted = self._tokens.read(count_token, launch.project, tx.now)
        if not isinstance(counted, Denied):
            what = mismatched(counted, await asked(self._launches, tx.connection, launch), version.version)
            counted = other_count(launch, counted, what) if what else counted
        if isinstance(counted, Denied):
            return counted
        if dry_run:
            return launch
        frozen = summary(launch, version, counted, asker.subject, rfc3339(tx.now))
        launch = replace(launch, state=to, summary=frozen, confirmed_by=asker.subject, confirmed_at=tx.now)
        await self._launches.update(tx.connection, launch)
        targeted = counted.figures.targeted
        await self._deciding.note(tx, launch, asker.subject, "launch.confirmed", targeted=targeted)
        return launch

    async def decline(self, tx: Transaction, asker: Asker, launch_id: str, reason: str) -> Launch | Denied | Refusal:
        """An approver says no, or who asked takes it back. Again is harmless."""
        launch = await self._locked(tx, asker, launch_id)
        if isinstance(launch, Refusal):
            return launch
        own = launch.requested_by == asker.subject
        if not own and Permission.LAUNCH_APPROVE not in asker.grants:
            detail = f"launch {launch_id} was asked for by {launch.requested_by}, and {asker.subject} cannot approve"
            return Denied(
                "forbidden", detail, f"ask somebody with {Permission.LAUNCH_APPROVE}, or {launch.requested_by}"
            )
        match answer(launch.state, LaunchEvent.DECLINE):
            case Answer.IGNORE:
                return launch
            case Answer.REFUSE:
                return refusal(launch, f"it runs or has run: `POST /v1/launches/{launch_id}/stop` stops it")
            case Advance():
                why = Rejected.CANCELLED if own else Rejected.DECLINED
        launch = await self._deciding.reject(tx, launch, why, asker.subject, f"{asker.subject}: {reason}")
        await self._deciding.note(tx, launch, asker.subject, f"launch.{why}", reason=reason)
        return launch

    async def expire(self, tx: Transaction, before: datetime, most: int) -> int:
        """How many were drafted before then, undecided, and are rejected now."""
        late = await self._launches.undecided(tx.connection, before, most)
        for launch in late:
            assert isinstance(answer(launch.state, LaunchEvent.EXPIRE), Advance)
            remedy = "Nobody decided in time: ask for it again."
            await self._deciding.reject(tx, launch, Rejected.APPROVAL_EXPIRED, SELF, remedy)
            await self._deciding.note(tx, launch, SELF, "launch.expired")
        return len(late)

    async def _judged_again(self, tx: Transaction, launch: Launch) -> Launch:
        """In the next round; contacts' answers to earlier ones come late."""
        request = await asked(self._launches, tx.connection, launch)
        requester = await self._requesters.now(tx.connection, launch.project, launch.requested_by) or NOBODY
        candidate = await self._versions.candidate(tx.connection, launch.project, launch.scenario)
        earlier = None
        if isinstance(request.participants, ResultsGiven):
            earlier = await self._launches.load(tx.connection, launch.project, request.participants.launch_id)
        points = judge(request, requester.grants, candidate, launch.kind, earlier=earlier)
        launch = replace(launch, check_round=launch.check_round + 1, points=tuple(points), targeted_expected=None)
        if candidate.version is None or blocks(points):
            return replace(launch, state=LaunchState.DRAFT)
        version = candidate.version
        launch = replace(launch, version=version.version, creator=version.creator, zone=version.zone)
        if isinstance(request.participants, ResultsGiven) and not launch.participants_chunks:
            return replace(launch, state=LaunchState.DRAFT, collected=Collected())
        launch = replace(launch, state=LaunchState.VALIDATING)
        await self._deciding.have_checked(tx, launch, version, select(request).chunks)
        return launch

    async def _locked(self, tx: Transaction, asker: Asker, launch_id: str) -> Launch | Refusal:
        launch = (await self._launches.lock(tx.connection, [launch_id])).get(launch_id)
        return launch if launch and launch.project == asker.project else unknown(launch_id)


async def asked(launches: Launches, connection: Connection, launch: Launch) -> LaunchRequest:
    """The request of a launch that waits for somebody, as it was given."""
    kept = await launches.asked(connection, launch.launch_id)
    if kept is None:
        raise Permanent(f"launch {launch.launch_id} waits for somebody, and what was asked for is gone")
    return LaunchRequest.model_validate(kept)


def unknown(launch_id: str) -> Refusal:
    return Refusal("unknown_launch", f"There is no launch {launch_id} in this project.")


def refusal(launch: Launch, why: str) -> Refusal:
    return Refusal("wrong_state", f"The launch is {launch.state}: {why}.")


def other_count(launch: Launch, counted: Basis, what: str) -> Denied:
    detail = f"another {what} was counted than launch {launch.launch_id} has"
    approval = launch.state is LaunchState.AWAITING_APPROVAL  # its version stays, and it is not confirmed again
    remedy = f"give a count of it as it is now: `POST /v1/launches/{launch.launch_id}/confirm`"
    if approval:
        remedy = (
            f"""give a count of it as it is now: `POST /v1/launches/{launch.launch_id}/approve {{"count_token": …}}`"""
        )
    if what == "version" and counted.version < (launch.version or 0):
        detail = (
            f"the count was of version {counted.version}; launch {launch.launch_id} has a later one, {launch.version}"
        )
    elif what == "version" and not approval:
        again = f"have the launch checked again (`POST /v1/launches/{launch.launch_id}/validate`), then count"
        remedy = f"another version is active by now: {again}"
    return Denied("count_token_mismatch", detail, remedy, details={"what": what})
