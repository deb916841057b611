"""Launches that pause and go on: because a person or a CRM says so, or because messaging holds them."""

from dataclasses import dataclass, replace
from typing import Any

from contracts.crm import Held
from contracts.words import ControlState, LaunchState
from launcher.domain.launch import Launch
from launcher.domain.parties import GUARD, SELF, Asker
from launcher.domain.records import controlled
from launcher.domain.refusals import Denied, Refusal
from launcher.domain.states import ENDED, Advance, Answer, LaunchEvent, answer
from launcher.handlers.outgoing import on_launches
from launcher.handlers.requesters import Requesters
from launcher.ports import Launches
from runtime.audit import Audit
from runtime.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Turned:
    """The launch with the state reached, and what was done to get there."""

    launch: Launch
    changed: bool
    """False: it was so already."""
    lifted: str | None = None
    """The hold that ended with it: why messaging held the launch."""


class Pausing:
    def __init__(self, launches: Launches, requesters: Requesters, audit: Audit) -> None:
        self._launches = launches
        self._requesters = requesters
        self._audit = audit

    async def pause(self, tx: Transaction, asker: Asker, launch_id: str) -> Turned | Denied | Refusal:
        """No step starts from now on; what is with the provider comes to its end. Again is harmless."""
        return await self._turn(tx, asker, launch_id, LaunchEvent.PAUSE)

    async def resume(
        self, tx: Transaction, asker: Asker, launch_id: str, *, dry_run: bool = False
    ) -> Turned | Denied | Refusal:
        """What became due meanwhile goes on, once per contact. Lifts the hold that is known. Again is harmless.

        Whoever resumes stands in for a requester who is disabled; for the creator, whose reach it has, nobody does.
        `dry_run`: only refused as it would be.
        """
        return await self._turn(tx, asker, launch_id, LaunchEvent.RESUME, dry_run=dry_run)

    async def because(self, tx: Transaction, launch: Launch, why: str) -> Launch:
        """Pauses this (locked) launch, if it runs, although nobody asked for that."""
        match answer(launch.state, LaunchEvent.PAUSE):
            case Advance(to=to):
                launch = replace(launch, state=to, revision=launch.revision + 1, paused_because=why)
                tx.emit(on_launches(controlled(launch, ControlState.PAUSED, SELF, tx.now, why), tx.partitions))
                await self._launches.update(tx.connection, launch)
                await self._note(tx, launch, SELF, "launch.paused", {"state": to, "because": why})
            case Answer():
                pass
        return launch

    async def held(self, tx: Transaction, launch: Launch, held: Held) -> Launch:
        """messaging's gate of this (locked) launch is closed already: everybody else pauses it, too."""
        if held.number <= max(launch.hold, launch.lifted):
            return launch
        launch = replace(launch, hold=held.number)
        match answer(launch.state, LaunchEvent.HELD):
            case Advance(to=to):
                launch = replace(launch, state=to, revision=launch.revision + 1)
                record = controlled(launch, ControlState.PAUSED, GUARD, tx.now, held.reason)
                tx.emit(on_launches(record, tx.partitions))
                await self._note(tx, launch, GUARD, "launch.held", {"reason": held.reason})
            case Answer():
                pass
        return launch

    async def _turn(
        self, tx: Transaction, asker: Asker, launch_id: str, event: LaunchEvent, *, dry_run: bool = False
    ) -> Turned | Denied | Refusal:
        launch = (await self._launches.lock(tx.connection, [launch_id])).get(launch_id)
        if launch is None or launch.project != asker.project:
            return Refusal("unknown_launch", f"There is no launch {launch_id} in this project.")
        match answer(launch.state, event):
            case Answer.IGNORE:
                return Turned(launch, changed=False)
            case Answer.REFUSE:
                return Refusal("wrong_state", _too_late(launch.state) or _too_early(launch.state))
            case Advance(to=to):
                if event is LaunchEvent.RESUME and (denied := await self._without_creator(tx, launch)):
                    return denied
                if dry_run:
                    return Turned(launch, changed=False)
                launch = replace(launch, state=to, revision=launch.revision + 1, paused_because=None)
                return await self._turned(tx, asker, launch, event)

    async def _without_creator(self, tx: Transaction, launch: Launch) -> Denied | None:
        creator = launch.creator or launch.requested_by
        if await self._requesters.held(tx.connection, launch.project, creator) is not None:
            return None
        detail = f"{creator}, who created scenario {launch.scenario}, is disabled or revoked"
        return Denied("user_disabled", detail, f"enable {creator} and resume, or stop the launch")

    async def _turned(self, tx: Transaction, asker: Asker, launch: Launch, event: LaunchEvent) -> Turned:
        lifted = launch.held if event is LaunchEvent.RESUME else None
        state = ControlState.PAUSED if event is LaunchEvent.PAUSE else ControlState.RUNNING
        if lifted is not None:
            launch = replace(launch, lifted=launch.hold)
        tx.emit(on_launches(controlled(launch, state, asker.subject, tx.now), tx.partitions))
        await self._launches.update(tx.connection, launch)
        details = {"state": launch.state} | ({"lifted": lifted} if lifted else {})
        await self._note(tx, launch, asker.subject, f"launch.{event}d", details)
        return Turned(launch, changed=True, lifted=lifted)

    async def _note(self, tx: Transaction, launch: Launch, by: str, action: str, details: dict[str, Any]) -> None:
        thing = f"launch/{launch.launch_id}"
        await self._audit.note(tx.connection, tx.now, launch.project, by, action, thing, details=details)


def _too_late(state: LaunchState) -> str | None:
    if state is LaunchState.STOPPING:
        return "The launch is being stopped: that is not taken back. Its scenario can be launched again."
    if state is LaunchState.REJECTED:
        return "The launch is rejected: it never runs. Its scenario can be launched again."
    if state in ENDED:
        return f"The launch is {state}: it has ended, and does not go on. Its scenario can be launched again."
    return None


def _too_early(state: LaunchState) -> str:
    return f"The launch is {state}: nothing of it runs yet."
