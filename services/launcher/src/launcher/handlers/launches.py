"""Launches: asked for, checked, stopped, counted."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from contracts.checks import ConsentOverridden, LaunchChecked
from contracts.crm import LaunchFigures, LaunchRequest, Reply
from contracts.words import ControlState, LaunchState
from launcher.domain.launch import Launch, Origin, controlled, drafted, listed, outcome_of_request, requested
from launcher.domain.parties import Asker
from launcher.domain.points import blocks, error
from launcher.domain.refusals import Refusal
from launcher.domain.requests import draft, judge
from launcher.domain.states import ENDED, Advance, Answer, LaunchEvent, answer, reported
from launcher.handlers.outgoing import on_launches, on_replies
from launcher.handlers.pausing import Pausing
from launcher.handlers.versions import Versions
from launcher.ports import Audit, AuditFilter, Commands, Launches
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
        commands: Commands,
        audit: Audit,
        pausing: Pausing,
    ) -> None:
        self._launches = launches
        self._versions = versions
        self._commands = commands
        self._audit = audit
        self._pausing = pausing

    async def request(
        self, tx: Transaction, request: LaunchRequest, asker: Asker, launch_id: str, origin: Origin | None = None
    ) -> Launch:
        """The one way to a launch: over HTTP and Kafka, by users and keys. It is `validating` or `rejected` then."""
        candidate = await self._versions.candidate(tx.connection, asker.project, request.scenario)
        points = judge(request, asker.grants, candidate)
        launch, selection = draft(request, asker, launch_id, origin, candidate, points, tx.now)
        await self._launches.insert(tx.connection, launch)
        details: dict[str, Any] = {"scenario": request.scenario, "state": launch.state}
        await self._note(tx, launch, asker.subject, "launch.asked", details)
        if launch.state is LaunchState.VALIDATING and candidate and candidate.version:
            if override := request.options.consent_override:
                await self._note(tx, launch, asker.subject, "consent.overridden", {"reason": override.reason})
            tx.emit(on_launches(drafted(launch, candidate.version), tx.partitions))
            tx.emit(*(on_launches(chunk, tx.partitions) for chunk in listed(launch, selection.chunks)))
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
                cancelled = error("cancelled", "launch", f"{asker.subject} stopped it before it began: launch again.")
                launch = replace(launch, state=LaunchState.REJECTED, points=(cancelled,), ended_at=tx.now)
                await self._tell(tx, launch, by=asker.subject)
            case Advance(to=to):
                launch = replace(launch, state=to, revision=launch.revision + 1)
                tx.emit(on_launches(controlled(launch, ControlState.STOPPED, asker.subject, tx.now), tx.partitions))
        await self._launches.update(tx.connection, launch)
        await self._note(tx, launch, asker.subject, "launch.stopped", {"state": launch.state})
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
            launch = held.get(figures.launch_id)
            if launch is None or figures.revision <= launch.figures_revision:
                continue
            move = _answer(launch, reported(figures.state))
            state = move.to if isinstance(move, Advance) else launch.state
            kept = figures.model_dump(mode="json", include=FIGURES)
            launch = replace(launch, state=state, figures=kept, figures_revision=figures.revision)
            if state in ENDED and launch.ended_at is None:
                launch = replace(launch, ended_at=figures.ended_at or tx.now)
            if figures.held is not None:
                launch = await self._pausing.held(tx, launch, figures.held)
            held[launch.launch_id] = launch
            await self._launches.update(tx.connection, launch)

    async def _checked(self, tx: Transaction, launch: Launch, checked: LaunchChecked) -> Launch:
        refused = blocks(checked.points)
        match _answer(launch, LaunchEvent.REFUSED if refused else LaunchEvent.CHECKED):
            case Advance(to=to):
                return await self._decided(tx, launch, checked, to)
            case Answer():
                return launch

    async def _overridden(self, tx: Transaction, launch: Launch, overridden: ConsentOverridden) -> None:
        """Noted once, however often it is told: the launch is locked."""
        known = AuditFilter(thing=f"launch/{launch.launch_id}", action=OVERRIDE_REACHED, limit=1)
        if not await self._audit.listed(tx.connection, launch.project, known):
            reached = overridden.model_dump(mode="json", include={"reason", "reached", "by_type"})
            await self._note(tx, launch, overridden.by, OVERRIDE_REACHED, reached)

    async def _decided(self, tx: Transaction, launch: Launch, checked: LaunchChecked, to: LaunchState) -> Launch:
        points = (*launch.points, *checked.points)
        launch = replace(launch, state=to, points=points, targeted_expected=checked.targeted_expected)
        if to is LaunchState.REQUESTED:
            launch = replace(launch, revision=launch.revision + 1, requested_at=tx.now)
            version = await self._versions.of_launch(tx.connection, launch)
            tx.emit(on_launches(requested(launch, version, tx.now), tx.partitions))
        else:
            launch = replace(launch, ended_at=tx.now)
        await self._launches.update(tx.connection, launch)
        await self._tell(tx, launch)
        return launch

    async def _tell(self, tx: Transaction, launch: Launch, by: str | None = None) -> None:
        """The CRM's request is answered, once: a repetition of the command gets the same answer from then on."""
        if launch.origin is None:
            return
        reply = outcome_of_request(launch, launch.origin, by)
        identity = (launch.project, launch.origin.source, launch.origin.id)
        await self._commands.answer(tx.connection, identity, kept_answer(reply))
        tx.emit(on_replies(reply, tx.partitions))

    async def _note(self, tx: Transaction, launch: Launch, by: str, action: str, details: dict[str, Any]) -> None:
        thing = f"launch/{launch.launch_id}"
        await self._audit.note(tx.connection, tx.now, launch.project, by, action, thing, details)


def kept_answer(reply: Reply) -> dict[str, Any]:
    """What is kept of a reply, so that it can be given again to another record."""
    return {"type": reply.TYPE, "data": reply.model_dump(mode="json", exclude={"command_at"})}


def _answer(launch: Launch, event: LaunchEvent) -> Advance | Answer:
    found = answer(launch.state, event)
    if found is Answer.REFUSE:
        raise Permanent(f"launch {launch.launch_id} is {launch.state}: `{event}` cannot happen to it")
    return found
