"""Launches: asked for, checked, stopped, counted."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from contracts.checks import ConsentOverridden, LaunchChecked, Point
from contracts.crm import LaunchFigures, LaunchRequest, ResultsGiven
from contracts.launches import ScenarioVersion
from contracts.words import ControlState, LaunchMode, LaunchState
from launcher.domain.counting import Basis
from launcher.domain.launch import PLAIN, Flow, Launch, Origin, Rejected, Way
from launcher.domain.parties import Asker
from launcher.domain.points import blocks, error
from launcher.domain.records import controlled
from launcher.domain.refusals import Denied, Refusal
from launcher.domain.requests import Candidate, amiss, draft, judge, turned_down
from launcher.domain.results import lineage
from launcher.domain.states import ENDED, Advance, Answer, LaunchEvent, answer, reported
from launcher.domain.summaries import summary
from launcher.handlers.deciding import Deciding
from launcher.handlers.outgoing import on_launches
from launcher.handlers.pausing import Pausing
from launcher.handlers.quotas import Quotas
from launcher.handlers.requesters import Requesters
from launcher.handlers.versions import Versions
from launcher.ports import CountTokens, Launches
from runtime.audit import Audit, Wanted
from runtime.cloudevents import rfc3339
from runtime.errors import Permanent
from runtime.records import Received
from runtime.transaction import Transaction

FIGURES = {
    *("targeting", "targeted", "started", "not_started", "in_progress"),
    *("success", "failure", "abandon", "other", "by_reason", "deliveries", "held"),
}
"""What is kept of a record of log.launches; the rest launcher knows itself."""

OVERRIDE_REACHED = "consent.override_reached"


class LaunchHandlers:
    def __init__(
        self,
        launches: Launches,
        versions: Versions,
        tokens: CountTokens,
        audit: Audit,
        deciding: Deciding,
        pausing: Pausing,
        requesters: Requesters,
        quotas: Quotas,
    ) -> None:
        self._launches = launches
        self._versions = versions
        self._requesters = requesters
        self._quotas = quotas
        self._tokens = tokens
        self._audit = audit
        self._deciding = deciding
        self._pausing = pausing

    async def request(
        self,
        tx: Transaction,
        request: LaunchRequest,
        asker: Asker,
        launch_id: str,
        origin: Origin | None = None,
        way: Way = PLAIN,
    ) -> Launch | Denied:
        """The one way to a launch: over HTTP and Kafka, by users and keys. `draft`, `validating` or `rejected` then.

        One for a result set is a `draft` until that is collected (`handlers.collecting`). Denied, and nothing is kept
        of it: `quota`; over HTTP also what is wrong in itself (a CRM's command is answered with the points).
        """
        if denied := await self._quotas.exceeded(tx, asker):
            return denied
        candidate = await self._candidate(tx, request, way)
        earlier = await self._earlier(tx, request)
        way = lineage(request, earlier, way)
        token = request.count_token
        counted = self._tokens.read(token, asker.project, tx.now) if token is not None else None
        points = judge(request, asker.grants, candidate, way.kind, counted, earlier)
        if origin is None and (wrong := amiss(request, candidate, counted, earlier)):
            return turned_down(points, wrong)
        launch, selection = draft(request, asker, launch_id, origin, candidate, points, tx.now, way)
        begun = launch.state is LaunchState.VALIDATING or launch.collecting
        if launch.flow is Flow.CRM and begun and candidate and candidate.version:
            launch = _as_confirmed(launch, candidate.version, counted if isinstance(counted, Basis) else None, tx.now)
        again = launch.state is not LaunchState.REJECTED and launch.flow is not Flow.DIRECT
        asked = request.model_dump(mode="json", exclude={"count_token"}) if again else None
        await self._launches.insert(tx.connection, launch, asked)
        await self._note_asked(tx, launch)
        if launch.state is LaunchState.VALIDATING and candidate and candidate.version:
            await self._deciding.have_checked(tx, launch, candidate.version, selection.chunks)
        return launch

    async def stop(self, tx: Transaction, asker: Asker, launch_id: str) -> Launch | Refusal:
        """The launch with the state reached; again is harmless. Covers what contacts has not paged yet."""
        launch = (await self._launches.lock(tx.connection, [launch_id])).get(launch_id)
        if launch is None or launch.project != asker.project:
            return Refusal("unknown_launch", f"There is no launch {launch_id} in this project.")
        match answer(launch.state, LaunchEvent.STOP):
            case Answer.IGNORE:
                return launch
            case Answer.REFUSE:
                return Refusal("wrong_state", f"The launch is {launch.state}: there is nothing left to stop.")
            case Advance(to=LaunchState.REJECTED):
                remedy = f"{asker.subject} stopped it before it began: launch again."
                launch = await self._deciding.reject(tx, launch, Rejected.CANCELLED, asker.subject, remedy)
            case Advance(to=to):
                launch = replace(launch, state=to, revision=launch.revision + 1)
                tx.emit(on_launches(controlled(launch, ControlState.STOPPED, asker.subject, tx.now), tx.partitions))
                await self._launches.update(tx.connection, launch)
        await self._deciding.note(tx, launch, asker.subject, "launch.stopped", state=launch.state)
        return launch

    async def on_checks(self, tx: Transaction, events: Sequence[Received[LaunchChecked | ConsentOverridden]]) -> None:
        """contacts' word: now the launch may run, or who asked hears why not; and whom a lifted consent reached."""
        held = await self._launches.lock(tx.connection, {received.event.launch_id for received in events})
        for event in (received.event for received in events):
            launch = held.get(event.launch_id)
            if launch is None:
                raise Permanent(f"{type(event).__name__} of launch {event.launch_id}, which there is not")
            if isinstance(event, LaunchChecked):
                held[launch.launch_id] = await self._checked(tx, launch, event)
            else:
                await self._overridden(tx, launch, event)

    async def on_figures(self, tx: Transaction, events: Sequence[Received[LaunchFigures]]) -> None:
        """log's counts: the highest revision is kept, and the end of a launch is what log says it is."""
        held = await self._launches.lock(tx.connection, {received.event.launch_id for received in events})
        for figures in (received.event for received in events):
            if (launch := held.get(figures.launch_id)) is not None:
                held[launch.launch_id] = await self._counted(tx, launch, figures)

    async def take_figures(self, tx: Transaction, figures: LaunchFigures) -> None:
        """The same of a launch that is not told of on `log.launches`."""
        for launch in (await self._launches.lock(tx.connection, [figures.launch_id])).values():
            await self._counted(tx, launch, figures)

    async def _counted(self, tx: Transaction, launch: Launch, figures: LaunchFigures) -> Launch:
        if figures.revision <= launch.figures_revision:
            return launch
        move = _answer(launch, reported(figures.state))
        state = move.to if isinstance(move, Advance) else launch.state
        kept = figures.model_dump(mode="json", include=FIGURES)
        launch = replace(launch, state=state, figures=kept, figures_revision=figures.revision)
        if state in ENDED and launch.ended_at is None:
            launch = replace(launch, ended_at=figures.ended_at or tx.now)
        if figures.held is not None:
            launch = await self._pausing.held(tx, launch, figures.held)
        await self._launches.update(tx.connection, launch)
        return launch

    async def _checked(self, tx: Transaction, launch: Launch, checked: LaunchChecked) -> Launch:
        if checked.check < launch.check_round:
            return launch
        found = [*checked.points, *await self._people(tx, launch)]
        refused = blocks(found)
        move = _answer(launch, _judged(launch.flow, refused))
        if not isinstance(move, Advance):
            return launch
        points = (*launch.points, *found)
        launch = replace(launch, points=points, targeted_expected=checked.targeted_expected)
        match move.to:
            case LaunchState.REQUESTED:
                return await self._deciding.release(tx, launch)
            case LaunchState.REJECTED:
                launch = replace(launch, state=move.to, rejected=Rejected.POINTS, ended_at=tx.now)
            case to:
                launch = replace(launch, state=to)
        await self._launches.update(tx.connection, launch)
        await self._deciding.answer(tx, launch)
        return launch

    async def _people(self, tx: Transaction, launch: Launch) -> list[Point]:
        """Nothing begins of who is disabled, or may not launch any more. Where somebody has to approve, that looks at
        it."""
        if launch.flow is not Flow.DIRECT or launch.state is not LaunchState.VALIDATING:
            return []
        people = (launch.requested_by, launch.creator or launch.requested_by)
        gone = await self._requesters.gone(tx.connection, launch.project, people)
        if gone is not None:
            place = "requested_by" if gone == launch.requested_by else "scenario.creator"
            return [error("user_disabled", place, f"{gone} is disabled or revoked: enable them, and launch again.")]
        if lacked := await self._requesters.lacks(tx.connection, launch):
            remedy = f"{launch.requested_by} has the permission {lacked} no more: have it granted, and launch again."
            return [error("forbidden", "requested_by", remedy)]
        return []

    async def _overridden(self, tx: Transaction, launch: Launch, overridden: ConsentOverridden) -> None:
        """Noted once, however often it is told: the launch is locked."""
        known = Wanted(thing=f"launch/{launch.launch_id}", action=OVERRIDE_REACHED, limit=1)
        if not await self._audit.listed(tx.connection, launch.project, known):
            reached = overridden.model_dump(mode="json", include={"reason", "reached", "by_type"})
            await self._deciding.note(tx, launch, overridden.by, OVERRIDE_REACHED, **reached)

    async def _candidate(self, tx: Transaction, request: LaunchRequest, way: Way) -> Candidate | None:
        if way.mode is LaunchMode.TEST:
            return await self._versions.to_try(tx.connection, request.project, request.scenario, way.version)
        return await self._versions.candidate(tx.connection, request.project, request.scenario)

    async def _earlier(self, tx: Transaction, request: LaunchRequest) -> Launch | None:
        """The launch that a result set is of, if there is one."""
        wanted = request.participants
        if not isinstance(wanted, ResultsGiven):
            return None
        return await self._launches.load(tx.connection, request.project, wanted.launch_id)

    async def _note_asked(self, tx: Transaction, launch: Launch) -> None:
        lineage = {"retry_of": launch.retry_of, "relaunch_of": launch.relaunch_of}
        lifted = {"consent_override": launch.options.get("override_reason")}
        said = {"scenario": launch.scenario, "state": launch.state, "kind": launch.kind, **lineage, **lifted}
        said = {name: value for name, value in said.items() if value is not None}
        await self._deciding.note(tx, launch, launch.requested_by, "launch.asked", **said)


def _as_confirmed(launch: Launch, version: ScenarioVersion, counted: Basis | None, now: datetime) -> Launch:
    """A program's request counts as confirmed, with the figures of its token if it has one."""
    by = launch.requested_by
    frozen = summary(launch, version, counted, by, rfc3339(now))
    return replace(launch, summary=frozen, confirmed_by=by, confirmed_at=now)


def _judged(flow: Flow, refused: bool) -> LaunchEvent:
    """What contacts' word is to a launch that goes this way."""
    match flow:
        case Flow.PERSON:
            return LaunchEvent.FAULTED if refused else LaunchEvent.TO_CONFIRM
        case Flow.CRM:
            return LaunchEvent.REFUSED if refused else LaunchEvent.TO_APPROVE
        case Flow.DIRECT:
            return LaunchEvent.REFUSED if refused else LaunchEvent.CHECKED


def _answer(launch: Launch, event: LaunchEvent) -> Advance | Answer:
    found = answer(launch.state, event)
    if found is Answer.REFUSE:
        raise Permanent(f"launch {launch.launch_id} is {launch.state}: `{event}` cannot happen to it")
    return found
