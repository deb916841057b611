"""`launcher.launches`: drafts are checked, requests line up for the walk, control records set the gate."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from contacts.domain.checks import ADMINISTRATOR, Facts, Member, Unknown, points
from contacts.domain.segments import SegmentFacts
from contacts.ports import Directory, Draft, DraftStore, Examine, LaunchStore
from contracts.checks import LaunchChecked
from contracts.event import Event
from contracts.launches import Contacts, LaunchControlled, LaunchDrafted, LaunchRequested, ParticipantsListed
from contracts.words import Severity
from runtime.ids import derive
from runtime.partitions import partition_of
from runtime.records import Outgoing, Received
from runtime.spans import HEADER, following
from runtime.transaction import Connection, Lease, Transaction

TOPIC = "contacts.checks"
PATIENCE = timedelta(seconds=5)
"""So long a draft may wait for its creator to be known: users come on another topic, perhaps a moment later."""
COUNT_LIMIT = 100_000
"""Audiences above it are not counted when a launch is checked: it has to be quick."""
WITHIN = -1
"""Index of the list of contacts that a launch carries itself."""


class LaunchHandlers:
    def __init__(
        self,
        launches: Callable[[Connection], LaunchStore],
        drafts: Callable[[Connection], DraftStore],
        directory: Callable[[Connection], Directory],
        examine: Examine,
    ) -> None:
        self._launches = launches
        self._drafts = drafts
        self._directory = directory
        self._examine = examine

    async def on_launcher_launches(self, tx: Transaction, events: Sequence[Received[Event]]) -> None:
        store = self._launches(tx.connection)
        for received in events:
            await self._take(tx, store, received.event, received.record.header(HEADER))
        await store.line_up({received.event.launch_id for received in events})  # type: ignore[attr-defined]
        await self._check(tx)

    async def check_again(self, lease: Lease) -> bool:
        """A job: drafts whose creator was not known yet."""
        async with lease.pool.acquire() as connection:
            if not await self._drafts(connection).unchecked(lease.number):
                return False
        async with lease.transaction() as tx:
            await self._check(tx)
        return False

    async def _take(self, tx: Transaction, store: LaunchStore, event: Event, trace: str | None) -> None:
        assert tx.number is not None
        match event:
            case LaunchDrafted():
                await store.draft(event, tx.number, tx.now, trace)
                await _list_selected(tx, store, event)
            case ParticipantsListed():
                await _list(tx, store, event.project, event.launch_id, event.index, event.contact_ids)
            case LaunchRequested():
                await store.control(event.project, event.launch_id, event.revision, event.state)
                await store.request(event, tx.number, trace)
                await _list_selected(tx, store, event)
            case LaunchControlled():
                await store.control(event.project, event.launch_id, event.revision, event.state)

    async def _check(self, tx: Transaction) -> None:
        assert tx.number is not None
        launches, drafts = self._launches(tx.connection), self._drafts(tx.connection)
        for draft in await drafts.unchecked(tx.number):
            member = await self._creator(tx, draft)
            if member is None and tx.now - draft.drafted_at < PATIENCE:
                continue
            selected = await drafts.count_selected(draft) if draft.kind == "contacts" else 0
            existing = await drafts.count(draft, COUNT_LIMIT)
            facts = Facts(
                kind=draft.kind,
                mode=draft.mode,
                segment=await self._segment(tx, draft),
                creator=draft.creator,
                member=member,
                groups=draft.groups,
                known_groups=await launches.known_groups(draft.project, draft.groups),
                selected=selected,
                existing=existing,
                unknown=await drafts.unknown(draft) if existing is not None and existing < selected else Unknown(),
            )
            with following(draft.trace, "contacts check"):
                _answer(tx, draft, facts)
            await drafts.checked(draft.launch_id)

    async def _segment(self, tx: Transaction, draft: Draft) -> SegmentFacts:
        if draft.where is None:
            return SegmentFacts()
        return await self._examine(tx.connection, draft.project, draft.where)

    async def _creator(self, tx: Transaction, draft: Draft) -> Member | None:
        if draft.creator == ADMINISTRATOR:
            return Member(disabled=False)
        return await self._directory(tx.connection).member(draft.project, draft.creator)


async def _list_selected(tx: Transaction, store: LaunchStore, event: LaunchDrafted | LaunchRequested) -> None:
    if isinstance(event.participants, Contacts) and event.participants.contacts:
        await _list(tx, store, event.project, event.launch_id, WITHIN, event.participants.contacts)


async def _list(
    tx: Transaction, store: LaunchStore, project: str, launch_id: str, index: int, contact_ids: Sequence[str]
) -> None:
    partitions = [partition_of(contact_id, tx.partitions) for contact_id in contact_ids]
    await store.list_participants(project, launch_id, index, contact_ids, partitions)


def _answer(tx: Transaction, draft: Draft, facts: Facts) -> None:
    found = points(facts)
    against = any(point.severity is Severity.ERROR for point in found)
    expected = facts.selected if facts.kind == "contacts" else facts.existing
    tx.emit(
        Outgoing(
            topic=TOPIC,
            partition=partition_of(draft.launch_id, tx.partitions),
            key=draft.launch_id,
            event=LaunchChecked(
                project=draft.project,
                launch_id=draft.launch_id,
                points=found,
                targeted_expected=None if against else expected,
                check=draft.check,
            ),
            id=_checked_id(draft),
            project=draft.project,
        )
    )


def _checked_id(draft: Draft) -> str:
    rounds = () if draft.check == 1 else (draft.check,)
    return derive("checked", draft.launch_id, *rounds)
