"""`crm.commands`: every record with an id is answered on `launcher.replies`, whatever it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from contracts import crm
from contracts.access import COMMANDS
from contracts.crm import (
    CommandAccepted,
    CommandAt,
    CommandRejected,
    Input,
    LaunchCommand,
    LaunchPause,
    LaunchRemoveContact,
    LaunchRequest,
    LaunchResume,
    LaunchStop,
    Reply,
)
from contracts.words import LaunchState
from launcher.domain.envelopes import data_of, fingerprint
from launcher.domain.launch import Launch, Origin
from launcher.domain.parties import Asker
from launcher.domain.records import outcome_of_request
from launcher.domain.refusals import Denied, Refusal
from launcher.domain.shape import place
from launcher.handlers.authentication import Authentication
from launcher.handlers.deciding import kept_answer
from launcher.handlers.launches import LaunchHandlers
from launcher.handlers.ordering import Ordered, Ordering
from launcher.handlers.outgoing import on_replies
from launcher.handlers.pausing import Pausing, Turned
from launcher.handlers.quotas import Quotas
from launcher.ports import Asked, Commands, Identity, Launches
from runtime.documents import Unreadable
from runtime.envelopes import Envelope, open_envelope
from runtime.errors import Permanent
from runtime.ids import derive
from runtime.invalid import in_words
from runtime.records import Record
from runtime.transaction import Transaction

BUILT: dict[str, type[LaunchRequest] | type[LaunchCommand]] = {
    crm.LaunchRequest.TYPE: crm.LaunchRequest,
    crm.LaunchStop.TYPE: crm.LaunchStop,
    crm.LaunchPause.TYPE: crm.LaunchPause,
    crm.LaunchResume.TYPE: crm.LaunchResume,
    crm.LaunchRemoveContact.TYPE: crm.LaunchRemoveContact,
}
REPLIES: dict[str, type[Reply]] = {
    reply.TYPE: reply
    for reply in (
        crm.LaunchAccepted,
        crm.LaunchRejected,
        crm.LaunchApproved,
        crm.LaunchDeclined,
        crm.CommandAccepted,
        crm.CommandRejected,
    )
}


@dataclass(frozen=True, slots=True)
class Command:
    """An authenticated command: what is asked, or why nothing can be asked in this way."""

    envelope: Envelope
    asker: Asker
    at: CommandAt
    fingerprint: bytes
    wanted: Input | Refusal

    @property
    def identity(self) -> Identity:
        return self.asker.project, self.envelope.source, self.envelope.id


class CommandHandlers:
    def __init__(
        self,
        authentication: Authentication,
        commands: Commands,
        launches: Launches,
        decide: LaunchHandlers,
        pausing: Pausing,
        ordering: Ordering,
        quotas: Quotas,
    ) -> None:
        self._authentication = authentication
        self._commands = commands
        self._launches = launches
        self._decide = decide
        self._pausing = pausing
        self._ordering = ordering
        self._quotas = quotas

    async def on_commands(self, tx: Transaction, records: Sequence[Record]) -> None:
        """Authenticate all, claim ids and lock launches in one order for everybody, then carry them out in theirs."""
        opened = [await self._open(tx, record) for record in records]
        commands = [command for command in opened if isinstance(command, Command)]
        known = await self._claim(tx, commands)
        stops = {command.wanted.launch_id for command in commands if isinstance(command.wanted, LaunchCommand)}
        await self._launches.lock(tx.connection, stops)
        for project in sorted({each.asker.project for each in commands if isinstance(each.wanted, LaunchRequest)}):
            await self._quotas.hold(tx.connection, project)
        for command in opened:
            if isinstance(command, CommandRejected):
                tx.emit(on_replies(command, tx.partitions))
            else:
                await self._answer(tx, command, known)

    async def _open(self, tx: Transaction, record: Record) -> Command | CommandRejected:
        """Raises Permanent for a record that nothing can be answered to."""
        envelope = open_envelope(record.header, record.value)
        if envelope is None:
            raise Permanent("a command without a usable ce_id: there is nothing to answer it under")
        at = CommandAt(topic=record.topic, partition=record.partition, offset=record.offset)
        asker = await self._authentication.asker(tx.connection, envelope, record)
        if isinstance(asker, Refusal):
            return CommandRejected(
                command_id=envelope.id,
                command_source=envelope.source,
                command_at=at,
                code=asker.code,
                detail=asker.detail,
            )
        data = data_of(envelope)
        return Command(envelope, asker, at, fingerprint(envelope, data), _read(envelope.type, asker, data))

    async def _claim(self, tx: Transaction, commands: Sequence[Command]) -> dict[Identity, Asked | None]:
        """What each id was used for before; None: nothing, it is ours. Ids are claimed in their order."""
        first: dict[Identity, Command] = {}
        for command in commands:
            first.setdefault(command.identity, command)
        return {
            identity: await self._commands.claim(
                tx.connection, identity, first[identity].envelope.type, first[identity].fingerprint, tx.now
            )
            for identity in sorted(first)
        }

    async def _answer(self, tx: Transaction, command: Command, known: dict[Identity, Asked | None]) -> None:
        before = known[command.identity]
        if before is not None:
            self._repeat(tx, command, before)
            return
        reply = await self._carry_out(tx, command)
        kept = kept_answer(reply) if reply else None
        if reply and kept:
            await self._commands.answer(tx.connection, command.identity, kept)
            tx.emit(on_replies(reply, tx.partitions))
        known[command.identity] = Asked(command.envelope.type, command.fingerprint, kept)

    def _repeat(self, tx: Transaction, command: Command, before: Asked) -> None:
        """The same id again: the same answer, or the one that is still to come, if it asks the same."""
        if (before.type, before.fingerprint) != (command.envelope.type, command.fingerprint):
            detail = f"The id {command.envelope.id} was used for other data: take a new id for another command."
            tx.emit(on_replies(_rejected(command, Refusal("conflict", detail)), tx.partitions))
        elif before.answer is not None:
            again = REPLIES[before.answer["type"]].model_validate({**before.answer["data"], "command_at": command.at})
            tx.emit(on_replies(again, tx.partitions))

    async def _carry_out(self, tx: Transaction, command: Command) -> Reply | None:
        """None: contacts is asked first, the answer follows its judgement."""
        match command.wanted:
            case LaunchRequest() as request:
                origin = Origin(command.envelope.id, command.envelope.source, command.at)
                launch_id = await self._new_launch_id(tx, command)
                launch = await self._decide.request(tx, request, command.asker, launch_id, origin)
                if isinstance(launch, Denied):
                    return _rejected(command, Refusal("quota", f"{launch.detail}: {launch.remedy}, under a new id."))
                return outcome_of_request(launch, origin) if launch.state is LaunchState.REJECTED else None
            case LaunchStop(launch_id=launch_id):
                return _answered(command, await self._decide.stop(tx, command.asker, launch_id))
            case LaunchPause(launch_id=launch_id):
                return _answered(command, await self._pausing.pause(tx, command.asker, launch_id))
            case LaunchResume(launch_id=launch_id):
                return _answered(command, await self._pausing.resume(tx, command.asker, launch_id))
            case LaunchRemoveContact(launch_id=launch_id, contact_id=contact_id):
                cause = derive("command", *command.identity)
                return _answered(
                    command, await self._ordering.order(tx, command.asker, launch_id, contact_id, "remove", cause)
                )
            case Refusal() as refusal:
                return _rejected(command, refusal)
            case other:
                raise Permanent(f"{type(other).__name__} is no command")

    async def _new_launch_id(self, tx: Transaction, command: Command) -> str:
        """Derived from the command's id; if that was used more than 30 days ago, from where the record lies too."""
        launch_id = derive("launch", *command.identity)
        if await self._launches.exists(tx.connection, launch_id):
            launch_id = derive(launch_id, command.at.topic, command.at.partition, command.at.offset)
        return launch_id


def _read(kind: str, asker: Asker, data: Any | Unreadable) -> Input | Refusal:
    """What an authenticated command asks for."""
    if kind not in COMMANDS:
        known = ", ".join(COMMANDS)
        return Refusal("unsupported", f"The type {kind[:128]} is not known here: send one of {known}.")
    if kind not in BUILT:
        return Refusal("unsupported", f"{kind} is not available yet.")
    if COMMANDS[kind] not in asker.grants:
        return Refusal("forbidden", f"The key {asker.subject} lacks the permission {COMMANDS[kind]}.")
    if isinstance(data, Unreadable):
        return Refusal("malformed", f"The data cannot be read: {data}.")
    try:
        wanted = BUILT[kind].model_validate(data)
    except ValidationError as error:
        return Refusal("malformed", malformed(error))
    if wanted.project != asker.project:
        return Refusal("project_mismatch", f"The key {asker.subject} is of another project than {wanted.project}.")
    return wanted


def malformed(error: ValidationError) -> str:
    """`participants.kind: Input should be …`, at most five of them."""
    return "; ".join(f"{_place(problem['loc'])}: {in_words(problem)}" for problem in error.errors()[:5])


def _place(loc: tuple[int | str, ...]) -> str:
    """Without the tag of the union that participants are."""
    if loc[:1] == ("participants",) and len(loc) > 2:
        loc = (loc[0], *loc[2:])
    return place(loc) or "data"


def _answered(command: Command, found: Launch | Turned | Ordered | Denied | Refusal) -> Reply:
    if isinstance(found, Denied):  # what a launch's people are keeps it as it is
        return _rejected(command, Refusal("wrong_state", f"{found.detail}: {found.remedy}."))
    if isinstance(found, Refusal):
        return _rejected(command, found)
    launch = found if isinstance(found, Launch) else found.launch
    return CommandAccepted(**_about(command), launch_id=launch.launch_id, state=launch.state)


def _rejected(command: Command, refusal: Refusal) -> CommandRejected:
    return CommandRejected(**_about(command), code=refusal.code, detail=refusal.detail)


def _about(command: Command) -> dict[str, Any]:
    return {
        "project": command.asker.project,
        "command_id": command.envelope.id,
        "command_source": command.envelope.source,
        "command_at": command.at,
    }
