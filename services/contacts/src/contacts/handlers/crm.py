"""`crm.contacts`: signed records of the CRM. Refusals are answered on `contacts.replies`, nothing else is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contacts.domain.commands import Asked, Hash, read_command, refused
from contacts.domain.contact import Erase, Refused
from contacts.domain.envelope import Rejection, data_hash, data_of
from contacts.handlers.authentication import Authentication, Believed
from contacts.handlers.writing import ContactWriter, Wanted
from contacts.ports import Answer, AnswerStore, Directory, SigningKey
from contracts.crm import CommandAt, CommandRejected
from contracts.words import Permission
from runtime.documents import Unreadable
from runtime.envelopes import Envelope, open_envelope
from runtime.errors import Permanent, Transient
from runtime.ids import derive
from runtime.partitions import partition_of
from runtime.records import Outgoing, Record
from runtime.transaction import Connection, Transaction

TOPIC = "contacts.replies"
CommandKey = tuple[str, str, str]
"""(project, source, command id)"""


@dataclass(frozen=True, slots=True)
class _Given:
    record: Record
    envelope: Envelope
    verdict: Believed | Rejection
    data: Any | Unreadable = None
    """Of a record that is believed; so is its `hash`."""
    hash: bytes = b""

    @property
    def key(self) -> CommandKey | None:
        """None: it uses up no id."""
        believed = self.verdict
        return (believed.project, self.envelope.source, self.envelope.id) if isinstance(believed, Believed) else None


class CrmHandlers:
    def __init__(
        self,
        directory: Callable[[Connection], Directory],
        answers: Callable[[Connection], AnswerStore],
        writer: ContactWriter,
        authentication: Authentication,
        address_hash: Hash,
    ) -> None:
        self._directory = directory
        self._answers = answers
        self._writer = writer
        self._authentication = authentication
        self._address_hash = address_hash

    async def on_crm_contacts(self, tx: Transaction, records: Sequence[Record]) -> None:
        """Raises Permanent for a record that nobody could be answered about, Transient while a key may be coming."""
        given = await self._authenticated(tx, records)
        answers = self._answers(tx.connection)
        first: dict[CommandKey, _Given] = {}
        for one in given:
            if one.key is not None:
                first.setdefault(one.key, one)
        hashes = {key: one.hash for key, one in first.items()}
        known: dict[CommandKey, Answer] = dict(await answers.claim(hashes, tx.now)) if hashes else {}
        fresh = {key: one for key, one in first.items() if key not in known}
        refusals = await self._carried_out(tx, fresh)
        await answers.refuse(refusals)
        known |= {key: Answer(hashes[key], refusals.get(key)) for key in fresh}
        for one in given:
            self._reply(tx, one, None if one.key is None else known[one.key])

    async def _authenticated(self, tx: Transaction, records: Sequence[Record]) -> list[_Given]:
        read = [(record, _envelope(record)) for record in records]
        keys = await self._directory(tx.connection).keys({envelope.key_id for _, envelope in read})
        for record, envelope in read:
            if self._authentication.is_early(record, envelope, keys, tx.now):
                raise Transient(f"key {envelope.key_id[:64]} is not known yet")
        return [self._judged(record, envelope, keys) for record, envelope in read]

    def _judged(self, record: Record, envelope: Envelope, keys: Mapping[str, SigningKey]) -> _Given:
        verdict = self._authentication.judge(record, envelope, keys)
        if isinstance(verdict, Rejection):
            return _Given(record, envelope, verdict)
        data = data_of(envelope)
        return _Given(record, envelope, verdict, data, data_hash(envelope, data))

    async def _carried_out(
        self, tx: Transaction, fresh: Mapping[CommandKey, _Given]
    ) -> dict[CommandKey, dict[str, Any]]:
        """All changes in one go; what was refused, as it is answered."""
        asked = {key: self._asked(one) for key, one in fresh.items()}
        wanted = {
            key: Wanted(key[0], ask.contact_id, ask.change, cause=key[2])
            for key, ask in asked.items()
            if isinstance(ask, Asked)
        }
        results = dict(zip(wanted, await self._writer.write(tx, list(wanted.values())), strict=True))
        refusals = {}
        for key, ask in asked.items():
            rejection = ask if isinstance(ask, Rejection) else _refused(ask, results[key])
            if rejection is not None:
                refusals[key] = _rejected(fresh[key], rejection, key[0]).model_dump()
        return refusals

    def _asked(self, one: _Given) -> Asked | Rejection:
        assert isinstance(one.verdict, Believed)
        if not one.verdict.may_write:
            return Rejection("forbidden", f"the key lacks the permission {Permission.CONTACTS_WRITE}: make one with it")
        return read_command(one.envelope, one.data, one.verdict.project, self._address_hash)

    def _reply(self, tx: Transaction, one: _Given, answer: Answer | None) -> None:
        """The same answer, byte for byte, to the same data again; a conflict to other data."""
        record = one.record
        here = derive("rejected", record.topic, record.partition, record.offset)
        if answer is None:
            assert isinstance(one.verdict, Rejection)
            _emit(tx, _rejected(one, one.verdict, None), here)
        elif answer.data_hash != one.hash:
            conflict = Rejection("conflict", "this id was used within 30 days for other data: give each event its own")
            _emit(tx, _rejected(one, conflict, one.key and one.key[0]), here)
        elif answer.refusal is not None:
            assert one.key is not None
            _emit(tx, CommandRejected.model_validate(answer.refusal), derive("rejected", *one.key))


def _envelope(record: Record) -> Envelope:
    envelope = open_envelope(record.header, record.value)
    if envelope is None:
        raise Permanent("no usable ce_id: nobody can be answered. Send CloudEvents 1.0 in binary or structured mode")
    return envelope


def _refused(asked: Asked, result: Refused | bool) -> Rejection | None:
    if isinstance(result, bool) or (isinstance(asked.change, Erase) and result is Refused.UNKNOWN):
        return None
    return refused(result)


def _rejected(one: _Given, rejection: Rejection, project: str | None) -> CommandRejected:
    record = one.record
    return CommandRejected(
        project=project,
        command_id=one.envelope.id,
        command_source=one.envelope.source,
        command_at=CommandAt(topic=record.topic, partition=record.partition, offset=record.offset),
        code=rejection.code,
        detail=rejection.detail,
    )


def _emit(tx: Transaction, event: CommandRejected, event_id: str) -> None:
    tx.emit(
        Outgoing(
            topic=TOPIC,
            partition=partition_of(event.command_id, tx.partitions),
            key=event.command_id,
            event=event,
            id=event_id,
            project=event.project,
        )
    )
