"""How a launch's waiting ends: it is requested, or rejected; and whoever asked by Kafka hears it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from contracts.crm import Reply
from contracts.launches import ScenarioVersion
from contracts.words import LaunchState
from launcher.domain.launch import Launch, Rejected
from launcher.domain.points import error
from launcher.domain.records import approval, drafted, listed, outcome_of_request, requested
from launcher.handlers.outgoing import on_launches, on_replies
from launcher.handlers.versions import Versions
from launcher.ports import Commands, Launches
from runtime.audit import Audit
from runtime.transaction import Transaction


class Deciding:
    """Every method takes a launch that this transaction has locked, and keeps what it gives back."""

    def __init__(
        self, launches: Launches, versions: Versions, commands: Commands, audit: Audit, undecided: timedelta
    ) -> None:
        """`undecided`: how long a launch may wait for people (`jobs.Expiry`)."""
        self._undecided = undecided
        self._launches = launches
        self._versions = versions
        self._commands = commands
        self._audit = audit

    async def have_checked(
        self, tx: Transaction, launch: Launch, version: ScenarioVersion, chunks: Sequence[Sequence[str]] = ()
    ) -> None:
        """contacts judges what it owns of a launch that launcher itself has nothing against. `chunks`: of its
        participants, that have not gone out before."""
        tx.emit(on_launches(drafted(launch, version, self._undecided), tx.partitions))
        tx.emit(*(on_launches(listed(launch, index, chunk), tx.partitions) for index, chunk in enumerate(chunks)))

    async def release(self, tx: Transaction, launch: Launch) -> Launch:
        """Nothing runs before this, no consent is lifted. `approved_by` says who has approved, if somebody had to."""
        waited = launch.state is LaunchState.AWAITING_APPROVAL
        launch = replace(launch, state=LaunchState.REQUESTED, revision=launch.revision + 1, requested_at=tx.now)
        version = await self._versions.of_launch(tx.connection, launch)
        tx.emit(on_launches(requested(launch, version, tx.now), tx.partitions))
        await self._launches.update(tx.connection, launch)
        if launch.lifts_consent:
            approved = {} if launch.approved_by is None else {"approved_by": launch.approved_by}
            reason = launch.options["override_reason"]
            await self.note(tx, launch, launch.requested_by, "consent.overridden", reason=reason, **approved)
        if launch.origin is None:
            return launch
        if waited:
            tx.emit(on_replies(approval(launch, launch.origin), tx.partitions))
        else:
            await self.answer(tx, launch)
        return launch

    async def reject(self, tx: Transaction, launch: Launch, why: Rejected, by: str, remedy: str) -> Launch:
        """`remedy`: what whoever asked is told, under the code that `why` is."""
        waited = launch.state is LaunchState.AWAITING_APPROVAL
        if launch.collecting and launch.participants_chunks:
            # what went out of its result set is to be forgotten with a draft, and without one never would be
            version = await self._versions.of_launch(tx.connection, launch)
            tx.emit(on_launches(drafted(launch, version), tx.partitions))
        point = error(why, "launch", remedy)
        launch = replace(launch, state=LaunchState.REJECTED, rejected=why, points=(point,), ended_at=tx.now)
        await self._launches.update(tx.connection, launch)
        if launch.origin is None:
            return launch
        if waited:
            tx.emit(on_replies(outcome_of_request(launch, launch.origin, by), tx.partitions))
        else:
            await self.answer(tx, launch, by)
        return launch

    async def answer(self, tx: Transaction, launch: Launch, by: str | None = None) -> None:
        """The CRM's request is answered, once: a repetition of the command gets the same answer from then on."""
        if launch.origin is None:
            return
        reply = outcome_of_request(launch, launch.origin, by)
        identity = (launch.project, launch.origin.source, launch.origin.id)
        await self._commands.answer(tx.connection, identity, kept_answer(reply))
        tx.emit(on_replies(reply, tx.partitions))

    async def note(self, tx: Transaction, launch: Launch, by: str, action: str, **details: Any) -> None:
        thing = f"launch/{launch.launch_id}"
        await self._audit.note(tx.connection, tx.now, launch.project, by, action, thing, details=details)


def kept_answer(reply: Reply) -> dict[str, Any]:
    """What is kept of a reply, so that it can be given again to another record."""
    return {"type": reply.TYPE, "data": reply.model_dump(mode="json", exclude={"command_at"})}
